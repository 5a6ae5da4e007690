/** From `--reporter NAME[=FILE]` to reporters: each writes to its file, or to stdout. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { type ReporterName, reporters } from '../../reports/index.ts';
import type { Reporter } from '../../reports/reporter.ts';
import { UsageError } from './exit.ts';

interface OpenReporters {
  readonly reporters: readonly Reporter[];
  close(): void;
}

export interface ReporterSpec {
  readonly name: ReporterName;
  /** Absent: stdout. */
  readonly file?: string;
}

/** Reads one `--reporter` and appends it to those before. Opens nothing. */
export function reporterOption(text: string, before: readonly ReporterSpec[]): readonly ReporterSpec[] {
  const [name, ...rest] = text.split('=');
  if (!Object.hasOwn(reporters, name!)) {
    throw new InvalidArgumentError(
      `There is no reporter '${name}', only ${Object.keys(reporters).join(', ')}.`,
    );
  }
  const spec = { name: name as ReporterName };
  if (rest.length > 0) {
    const file = rest.join('=');
    if (file === '') throw new InvalidArgumentError("The file's name is missing.");
    return [...before, { ...spec, file }];
  }
  const other = before.find(({ file }) => file === undefined);
  if (other !== undefined) {
    throw new InvalidArgumentError(
      `${other.name} and ${name} would both write to stdout: give all but one a file (--reporter NAME=FILE).`,
    );
  }
  return [...before, spec];
}

/** Without any, `spec` on a terminal and `tap` elsewhere. Throws `UsageError` for a file that cannot be written. */
export function openReporters(specs: readonly ReporterSpec[], stdout: NodeJS.WriteStream): OpenReporters {
  const wanted = specs.length > 0 ? specs : [{ name: stdout.isTTY ? 'spec' : 'tap' } as const];
  const files: number[] = [];
  const close = () => {
    for (const file of files.splice(0)) closeSync(file);
  };
  try {
    return {
      reporters: wanted.map(({ name, file }: ReporterSpec) => open(name, file, stdout, files)),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function open(
  name: ReporterName,
  file: string | undefined,
  stdout: NodeJS.WriteStream,
  files: number[],
): Reporter {
  if (file === undefined) {
    const color = stdout.isTTY === true && process.env.NO_COLOR === undefined;
    return reporters[name]({
      out: (text) => stdout.write(text),
      color,
      columns: stdout.isTTY ? stdout.columns : 0,
    });
  }
  let descriptor: number;
  try {
    descriptor = openSync(file, 'w');
  } catch (error) {
    throw new UsageError(`--reporter ${name}=${file}: ${(error as Error).message}`);
  }
  files.push(descriptor);
  return reporters[name]({ out: (text) => writeSync(descriptor, text), color: false, columns: 0 });
}
