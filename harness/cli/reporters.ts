/** From `--reporter NAME[=FILE]` to reporters: each writes to its file, or to stdout. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { type ReporterName, reporters } from '../../reports/index.ts';
import type { Reporter } from '../../reports/reporter.ts';
import { finishAll, type OutputFile, openOutput } from '../output-file.ts';

interface OpenReporters {
  readonly reporters: readonly Reporter[];
  /** Puts the files in place. Throws `OutputError`, when all that can be written is. */
  finish(): void;
  /** Leaves the files as they were, unless they are finished. */
  discard(): void;
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
    const same = before.find((one) => one.file !== undefined && resolve(one.file) === resolve(file));
    if (same !== undefined)
      throw new InvalidArgumentError(`${same.name} and ${name} would both write to ${file}.`);
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

/** `--reporter` of `run`. */
export const REPORTER_OPTION = new Option(
  '--reporter <name[=file]>',
  `${Object.keys(reporters).join(', ')}; repeatable (default: spec on a terminal, else tap)`,
)
  .argParser(reporterOption)
  .default([]);

/**
 * Without any, `spec` on a terminal and `tap` elsewhere. Files stay as they are until `finish`. Throws `OutputError` for
 * a file that cannot be written.
 */
export function openReporters(specs: readonly ReporterSpec[], stdout: NodeJS.WriteStream): OpenReporters {
  const wanted = specs.length > 0 ? specs : [{ name: stdout.isTTY ? 'spec' : 'tap' } as const];
  const files: OutputFile[] = [];
  const discard = (): void => {
    for (const file of files) file.discard();
  };
  try {
    return {
      reporters: wanted.map(({ name, file }: ReporterSpec) => {
        if (file === undefined) return toStdout(name, stdout);
        const output = openOutput(file);
        files.push(output);
        return reporters[name]({ out: output.write, color: false, columns: 0 });
      }),
      finish: () => finishAll(files),
      discard,
    };
  } catch (error) {
    discard();
    throw error;
  }
}

function toStdout(name: ReporterName, stdout: NodeJS.WriteStream): Reporter {
  return reporters[name]({
    out: (text) => stdout.write(text),
    color: stdout.isTTY === true && process.env.NO_COLOR === undefined,
    columns: stdout.isTTY ? stdout.columns : 0,
  });
}
