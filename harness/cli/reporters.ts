/** From `--reporter NAME[=FILE]` to reporters: each writes to its file, or to stdout. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type ReporterName, reporters } from '../../reports/index.ts';
import type { Reporter } from '../../reports/reporter.ts';
import { UsageError } from './exit.ts';

interface OpenReporters {
  readonly reporters: readonly Reporter[];
  close(): void;
}

/**
 * Without any, `spec` on a terminal and `tap` elsewhere. Throws `UsageError` for an unknown name, for two that want
 * stdout, or for a file that cannot be written.
 */
export function openReporters(specs: readonly string[], stdout: NodeJS.WriteStream): OpenReporters {
  const parsed = parseReporters(specs.length > 0 ? specs : [stdout.isTTY ? 'spec' : 'tap']);
  const files: number[] = [];
  const close = () => {
    for (const file of files.splice(0)) closeSync(file);
  };
  try {
    return { reporters: parsed.map(({ name, file }) => open(name, file, stdout, files)), close };
  } catch (error) {
    close();
    throw error;
  }
}

interface ReporterSpec {
  readonly name: ReporterName;
  /** Absent: stdout. */
  readonly file: string | undefined;
}

/** Throws `UsageError` for an unknown name or for two that want stdout. Opens nothing. */
export function parseReporters(specs: readonly string[]): ReporterSpec[] {
  const parsed = specs.map(parse);
  const onStdout = parsed.filter(({ file }) => file === undefined);
  if (onStdout.length > 1) {
    const names = onStdout.map(({ name }) => name).join(' and ');
    throw new UsageError(
      `${names} would both write to stdout: give all but one a file (--reporter NAME=FILE)`,
    );
  }
  return parsed;
}

function parse(text: string): ReporterSpec {
  const [name, ...rest] = text.split('=');
  if (!Object.hasOwn(reporters, name!)) {
    throw new UsageError(`no reporter '${name}'; known are ${Object.keys(reporters).join(', ')}`);
  }
  const file = rest.length === 0 ? undefined : rest.join('=');
  if (file === '') throw new UsageError(`--reporter ${text}: the file's name is missing`);
  return { name: name as ReporterName, file };
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
