/**
 * What a command line asks of the process rather than of the endpoint in it: to go into the background, to be given
 * descriptors, or only to tell something and end.
 */
import { VERSION_TEXT } from './commands/query-version.ts';
import { MACHINES } from './devices/machine-model.ts';
import { deviceModels } from './devices/models/index.ts';
import { chardevBackends } from './monitor/chardev.ts';
import { objectTypes } from './objects/create-object.ts';
import { type Dialect, dialectOf, type Option, parseArgv } from './options/argv.ts';
import { QEMU_OPTIONS, STORAGE_DAEMON_OPTIONS } from './options/option-table.ts';
import { driverNames } from './reference-endpoint.ts';

/** See above. */
export interface ProcessOptions {
  /** Text to print instead of starting anything. */
  readonly answer: string | undefined;
  readonly daemonize: boolean;
  /** Descriptors that options name, which a process in the background must be given too. */
  readonly descriptors: readonly number[];
}

/** Reads a command line. Throws `OptionError` for an option that is not known. */
export function processOptions(
  argv: readonly string[],
  dialect: Dialect | undefined = dialectOf(argv),
): ProcessOptions {
  const options = parseArgv(argv, dialect);
  const values = options.map(({ value }) => value);
  const found = values.flatMap((value) =>
    [...value.matchAll(/(?:^|,)fd=(\d+)/g)].map(([, fd]) => Number(fd)),
  );
  return {
    answer: firstAnswer(options, dialect),
    daemonize: options.some(({ step }) => step === 'daemonize'),
    descriptors: [...new Set(found)].filter((fd) => fd > 2),
  };
}

function firstAnswer(options: readonly Option[], dialect: Dialect): string | undefined {
  for (const option of options) {
    const answer = answerTo(option, dialect);
    if (answer !== undefined) return `${answer}\n`;
  }
  return undefined;
}

function answerTo({ step, value }: Option, dialect: Dialect): string | undefined {
  if (step === 'version') return version(dialect);
  if (step === 'help') return help(dialect);
  if (step === 'drive' && /(^|,)format=(help|\?)(,|$)/.test(value))
    return `Supported formats: ${driverNames.toSorted().join(' ')}`;
  if (value !== 'help' && value !== '?') return undefined;
  switch (step) {
    case 'machine':
      return list('Supported machines are:', MACHINES);
    case 'device':
      return list(
        'Devices:',
        Object.keys(deviceModels).map((name) => `name "${name}"`),
      );
    case 'object':
      return list(
        'List of user creatable objects:',
        objectTypes.map((name) => `  ${name}`),
      );
    case 'chardev':
      return list(
        'Available chardev backend types: ',
        chardevBackends.map((name) => `  ${name}`),
      );
    default:
      return undefined;
  }
}

function list(title: string, lines: readonly string[]): string {
  return [title, ...lines].join('\n');
}

function version(dialect: Dialect): string {
  const what = dialect === 'qemu' ? 'QEMU emulator' : 'qemu-storage-daemon';
  return `${what} version ${VERSION_TEXT} (qmpcheck: block devices only)`;
}

function help(dialect: Dialect): string {
  const isQemu = dialect === 'qemu';
  const table = isQemu ? QEMU_OPTIONS : STORAGE_DAEMON_OPTIONS;
  const dashes = isQemu ? '-' : '--';
  const usage = isQemu ? 'usage: [options] [disk_image]' : 'Usage: [options]';
  const entries = Object.entries(table);
  const done = entries.filter(([, { step }]) => step !== 'nothing');
  const taken = entries.filter(([, { step }]) => step === 'nothing');
  return [
    version(dialect),
    usage,
    '',
    ...done.map(([name, { help: text }]) => `${dashes}${name}`.padEnd(16) + text),
    '',
    'Taken, and without effect here:',
    ...taken.map(([name]) => dashes + name),
  ].join('\n');
}
