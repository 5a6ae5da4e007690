/** The options for known deviations, which `run`, `fuzz` and `diff` have in common. */
import { Option } from 'commander';
import type { Expectation } from '../expectations/expectation.ts';
import type { StaleEntry } from '../expectations/known-deviations.ts';
import { readExpectations } from '../expectations/read-expectations.ts';
import { shippedExpectations } from '../expectations/shipped-expectations.ts';
import { readText } from './files.ts';
import { collect } from './options.ts';

/** What the options say. */
export interface ExpectationOptions {
  /** Files; false: not even those shipped. */
  readonly expect: readonly string[] | false;
  readonly strictExpectations?: true;
}

/** `run`, `fuzz` and `diff` each take these three. */
export const EXPECT_OPTION = new Option(
  '--expect <file>',
  'known deviations (YAML); repeatable, besides those shipped',
)
  .argParser(collect)
  .default([]);
export const NO_EXPECT_OPTION = new Option('--no-expect', 'not even the known deviations that are shipped');
export const STRICT_OPTION = new Option(
  '--strict-expectations',
  'fail when a known deviation no longer shows',
);

/**
 * The user's, then those that the config file names for the targets, then those that the project ships. Throws
 * `UsageError` for a file that cannot be read, `InputError` for what it says.
 */
export function loadExpectations(
  files: ExpectationOptions['expect'],
  ...ofTargets: readonly (string | undefined)[]
): Expectation[] {
  if (files === false) return [];
  const own = [...files, ...ofTargets.filter((file) => file !== undefined)];
  return [...own.flatMap((file) => readExpectations(readText(file), file)), ...shippedExpectations()];
}

/** What `fuzz` and `diff` print of an entry that nothing bore out. */
export function staleLine({ file, line, why }: StaleEntry): string {
  return `stale: ${file}:${line}: ${why}`;
}
