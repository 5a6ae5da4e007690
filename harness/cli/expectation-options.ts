/** The options for known deviations, which `run`, `fuzz` and `diff` have in common. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Expectation } from '../expectations/expectation.ts';
import type { StaleEntry } from '../expectations/known-deviations.ts';
import { readExpectations } from '../expectations/read-expectations.ts';
import { shippedExpectations } from '../expectations/shipped-expectations.ts';
import { type OutputFile, openOutput } from '../output-file.ts';
import { readText } from './files.ts';
import { collect } from './options.ts';

/** What the options say. */
export interface ExpectationOptions {
  /** Files. */
  readonly expect: readonly string[];
  /** False: without those that the project ships. */
  readonly shipped?: false;
  readonly strictExpectations?: true;
}

/** `run`, `fuzz` and `diff` each take these three. */
export const EXPECT_OPTION = new Option(
  '--expect <file>',
  'known deviations (YAML); repeatable, besides those shipped',
)
  .argParser(collect)
  .default([]);
export const NO_EXPECT_OPTION = new Option('--no-expect', 'without the known deviations that are shipped');
// It takes nothing from --expect, which would be its opposite by its name.
NO_EXPECT_OPTION.attributeName = () => 'shipped';
export const STRICT_OPTION = new Option(
  '--strict-expectations',
  'fail when a known deviation no longer shows; refuse entries that can match nothing',
);

export const UPDATE_OPTION = new Option(
  '--update-expectations <file>',
  'write down in this file what fails, and take out what does not show any more; the rest of it stays',
);

/**
 * The user's, then those that the config file names for the targets, then those that the project ships. Throws
 * `UsageError` for a file that cannot be read, `InputError` for what it says.
 */
export function loadExpectations(
  { expect, shipped }: Pick<ExpectationOptions, 'expect' | 'shipped'>,
  ofTargets: readonly (string | undefined)[],
  update?: ExpectationsUpdate,
): Expectation[] {
  const named = [...expect, ...ofTargets.filter((file) => file !== undefined)];
  const own = named.filter((file) => update === undefined || resolve(file) !== resolve(update.file));
  return [
    ...(update === undefined ? [] : update.before),
    ...own.flatMap((file) => readExpectations(readText(file), file)),
    ...(shipped === false ? [] : shippedExpectations()),
  ];
}

/** A file of expectations that is to be updated. */
export interface ExpectationsUpdate {
  readonly file: string;
  /** As it is; empty for one that is not there yet. */
  readonly text: string;
  readonly before: readonly Expectation[];
  readonly output: OutputFile;
}

/** Reads it, and sees that it can be written. Throws `OutputError`, `UsageError` and `InputError`. */
export function openUpdate(file: string | undefined): ExpectationsUpdate | undefined {
  if (file === undefined) return undefined;
  const output = openOutput(file);
  const text = statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readText(file) : '';
  return { file, text, before: readExpectations(text, file), output };
}

/** What is given to those who update it. `expectations`: all that were loaded. */
export function updateFrom({ file, text }: ExpectationsUpdate, expectations: readonly Expectation[]) {
  const elsewhere = expectations.filter((one) => one.shipped || resolve(one.file) !== resolve(file));
  return { file, text, elsewhere };
}

/** What `fuzz` and `diff` print of an entry that nothing bore out. */
export function staleLine({ file, line, why }: StaleEntry): string {
  return `stale: ${file}:${line}: ${why}`;
}
