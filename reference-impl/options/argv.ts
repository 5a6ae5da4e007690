/**
 * Command line words to options. The words are QEMU's (`-drive VALUE`, one dash or two, a bare word is the first disk)
 * or the storage daemon's (`--blockdev VALUE`, `--blockdev=VALUE`).
 */
import { type OptionKind, QEMU_OPTIONS, STORAGE_DAEMON_OPTIONS, type Step } from './option-table.ts';

/** An option was refused. `message` is what QEMU would print after its own name. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

/** An option, from the command line or a file of them. */
export interface Option {
  readonly step: Step;
  /** Empty for an option that takes none. */
  readonly value: string;
  /** Where it stands, as messages begin: the words, or file and line. */
  readonly where: string;
}

/** Whose command line it is. */
export type Dialect = 'qemu' | 'storage-daemon';

/** The options, in order. Throws `OptionError` for what is not known. */
export function parseArgv(argv: readonly string[], dialect: Dialect = 'qemu'): Option[] {
  const words = argv[Symbol.iterator]();
  const options: Option[] = [];
  for (const word of words)
    options.push(dialect === 'qemu' ? qemuOption(word, words) : storageDaemonOption(word, words));
  return options;
}

/** Those that belong to the storage daemon alone tell its command line from QEMU's. */
export function dialectOf(argv: readonly string[]): Dialect {
  const isDaemons = argv.some((word, at) =>
    /^--(export|nbd-server|monitor)=|^--(export|nbd-server) |^--monitor (.*,)?chardev=/s.test(
      `${word} ${argv[at + 1]}`,
    ),
  );
  return isDaemons ? 'storage-daemon' : 'qemu';
}

function qemuOption(word: string, words: Iterator<string>): Option {
  if (!word.startsWith('-')) return driveOption(QEMU_OPTIONS.hda!, word, word);
  const kind = kindOf(QEMU_OPTIONS, word.replace(/^--?/, ''));
  if (kind === undefined) throw new OptionError(`${word}: invalid option`);
  if (kind.alone) return { step: kind.step, value: '', where: word };
  const { value, done } = words.next();
  if (done) throw new OptionError(`${word}: requires an argument`);
  return driveOption(kind, value, `${word} ${value}`);
}

/** A file that an option of its own names is a drive like any other. */
function driveOption({ step, drive }: OptionKind, value: string, where: string): Option {
  if (drive === undefined) return { step, value, where };
  const file = value === '' ? '' : `,file=${value.replaceAll(',', ',,')}`;
  return { step, value: drive + file, where };
}

const SHORT: Readonly<Record<string, string>> = { h: 'help', V: 'version', T: 'trace' };

function storageDaemonOption(word: string, words: Iterator<string>): Option {
  if (!word.startsWith('-')) throw new OptionError(`${word}: Unexpected argument`);
  if (!word.startsWith('--') && SHORT[word[1]!] === undefined)
    throw new OptionError(`invalid option -- '${word[1] ?? '-'}'`);
  const [, long, , given] = /^--([^=]*)(=(.*))?$/s.exec(word) ?? [];
  const name = long ?? SHORT[word[1]!]!;
  const kind = kindOf(STORAGE_DAEMON_OPTIONS, name);
  if (kind === undefined) throw new OptionError(`unrecognized option '--${name}'`);
  if (kind.alone) return { step: kind.step, value: '', where: word };
  if (given !== undefined) return { step: kind.step, value: given, where: word };
  const { value, done } = words.next();
  if (done) throw new OptionError(`option '--${name}' requires an argument`);
  return { step: kind.step, value, where: `${word} ${value}` };
}

function kindOf(table: Readonly<Record<string, OptionKind>>, name: string): OptionKind | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
