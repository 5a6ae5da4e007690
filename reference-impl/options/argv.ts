/** Command line words to options: which exist here, and which of them take a value. */

/** An option was refused. `message` is what QEMU would print after its own name. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

/** An option of the command line, as it was given. */
export interface Option {
  /** Without dashes. */
  readonly name: string;
  /** Empty for an option that takes none. */
  readonly value: string;
}

/** Options that are carried out, without a value and with one. */
const CARRIED_OUT_ALONE = ['S'];
const CARRIED_OUT = ['blockdev', 'drive', 'object', 'device', 'chardev', 'mon', 'qmp'];

/** Options of starts that concern what this endpoint does not have: accepted with a value, without one. */
const ACCEPTED_WITH_VALUE = [
  'machine',
  'M',
  'accel',
  'display',
  'L',
  'name',
  'm',
  'vga',
  'net',
  'serial',
  'parallel',
  'monitor',
  'qtest',
  'qtest-log',
  'msg',
];
const ACCEPTED_ALONE = ['nodefaults', 'nographic', 'no-user-config', 'no-reboot'];

/** The options to carry out, in order. Throws `OptionError` for what is not known. */
export function parseArgv(argv: readonly string[]): Option[] {
  const options: Option[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at]!;
    const name = word.replace(/^--?/, '');
    const isAlone = CARRIED_OUT_ALONE.includes(name);
    if (name !== word && (isAlone || ACCEPTED_ALONE.includes(name))) {
      if (isAlone) options.push({ name, value: '' });
      continue;
    }
    const isCarriedOut = CARRIED_OUT.includes(name);
    if (name === word || !(isCarriedOut || ACCEPTED_WITH_VALUE.includes(name)))
      throw new OptionError(`${word}: invalid option`);
    at += 1;
    const value = argv[at];
    if (value === undefined) throw new OptionError(`${word}: requires an argument`);
    if (isCarriedOut) options.push({ name, value });
  }
  return options;
}
