/** `qmpcheck run`: the conformance suite on a target. */
import { InvalidArgumentError, Option } from 'commander';
import { LEVELS, type Level, type RunRecord } from '../../reports/record.ts';
import { count, printable } from '../../reports/text.ts';
import { isUnexpected } from '../../reports/unexpected.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { derivedCases } from '../cases/derived/index.ts';
import { cases } from '../cases/index.ts';
import { checks } from '../checks/index.ts';
import { abortOnSignals } from '../cleanup.ts';
import { finishAll, OutputError } from '../output-file.ts';
import { NoSuchCase, type Shard } from '../runner/plan.ts';
import { recordCases } from '../runner/recorded-cases.ts';
import { dryRun, type PlannedCase, type RunOptions, run } from '../runner/run.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { toolVersion } from '../tool-version.ts';
import { onTarget } from './call-faults.ts';
import { EXIT, type ExitCode, exitCodeOf, exitCodesHelp, interruptedBy, UsageError } from './exit.ts';
import {
  EXPECT_OPTION,
  type ExpectationOptions,
  loadExpectations,
  NO_EXPECT_OPTION,
  openUpdate,
  STRICT_OPTION,
  UPDATE_OPTION,
  updateFrom,
} from './expectation-options.ts';
import { invocation } from './invocation.ts';
import { CHECK_NAMES, checkEntries } from './known-names.ts';
import { collect, orderOption, shardOption, wholeNumber, workersOption } from './options.ts';
import { readRecord } from './records.ts';
import { openReporters, REPORTER_OPTION, type ReporterSpec } from './reporters.ts';
import { executeInThreads } from './run-thread-worker.ts';
import type { Subcommand } from './subcommand.ts';
import {
  CONFIG_OPTION,
  DIRECTORY_OPTION,
  IMPLEMENTATION_OPTION,
  SCHEMA_OPTION,
  type TargetOptions,
  targetOptions,
  usableTarget,
  WAIT_OPTION,
} from './target-option.ts';

interface Options extends ExpectationOptions, TargetOptions {
  readonly target: string;
  readonly reporter: readonly ReporterSpec[];
  readonly updateExpectations?: string;
  readonly baseline?: string;
  readonly shard?: Shard;
  /** The seed of a random order. */
  readonly order?: string;
  readonly workers: number;
  readonly seed: string;
  readonly retries: number;
  readonly caseTimeout: number;
  readonly level: Level;
  readonly exclude: readonly string[];
  readonly excludeCheck: readonly string[];
  readonly from?: string;
  readonly name?: string;
  readonly maxFailures?: number;
  readonly failOnFlaky?: true;
  readonly dryRun?: true;
}

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument('[pattern...]', 'globs on case ids, e.g. block_resize or "derived/*/missing"')
      .option(
        '--target <target>',
        'what to test: reference, qemu-system, unix:PATH … (see README)',
        'reference',
      )
      .addOption(CONFIG_OPTION)
      .addOption(IMPLEMENTATION_OPTION)
      .addOption(SCHEMA_OPTION)
      .addOption(DIRECTORY_OPTION)
      .addOption(WAIT_OPTION)
      .option('--name <name>', 'what reports call the endpoint (default: the target)')
      .option('--exclude <glob>', 'cases that do not run; repeatable', collect, [])
      .option('--from <result.json>', 'only the cases that failed in this earlier result')
      .option('--shard <i/n>', 'run part I of N', shardOption)
      .option(
        '--order <order>',
        'in which order cases run: defined or random:SEED (default: defined)',
        orderOption,
      )
      .option('--dry-run', 'list what would run, what would be skipped and why; no case is sent')
      .addOption(REPORTER_OPTION)
      .addOption(EXPECT_OPTION)
      .addOption(NO_EXPECT_OPTION)
      .addOption(STRICT_OPTION)
      .addOption(UPDATE_OPTION)
      .option('--baseline <result.json>', 'only deviations that this earlier result lacks fail the run')
      .option(
        '--exclude-check <id>',
        `a check that does not look: ${Object.keys(checks).join(', ')}; repeatable`,
        checkOption,
        [],
      )
      .addOption(workersOption('endpoints'))
      .option('--seed <seed>', 'for everything random', 'qmpcheck')
      .option(
        '--retries <n>',
        'run a failing case again so many times, and once in a fresh process; a different outcome is flaky',
        wholeNumber(0),
        0,
      )
      .option('--fail-on-flaky', 'a flaky case fails the run')
      .option('--max-failures <n>', 'give up after so many unexpected cases (default: never)', wholeNumber(1))
      .option('--case-timeout <ms>', 'time limit of a case', wholeNumber(1), DEFAULT_TIME_LIMITS.caseTimeout)
      .addOption(
        new Option('--level <level>', 'the lowest level whose breach fails the run')
          .choices(LEVELS)
          .default('must'),
      )
      .addHelpText('after', exitCodesHelp('a case failed unexpectedly, or the run was given up'))
      .action(async (patterns: string[], options: Options) => done(await runSuite(patterns, options))),
};

async function runSuite(patterns: readonly string[], options: Options): Promise<ExitCode> {
  const { target, expectations: ofTarget } = await usableTarget(options.target, options);
  const update = openUpdate(options.updateExpectations);
  const expectations = loadExpectations(options, [ofTarget], update);
  const baseline = options.baseline === undefined ? undefined : readRecord(options.baseline);
  const spec = loadBlockSchema();
  const output = openReporters(options.dryRun ? [] : options.reporter, process.stdout);
  const interruption = abortOnSignals();
  try {
    if (baseline !== undefined) warnOfBaseline(baseline, options.baseline!, target.name);
    const suite: RunOptions = {
      target,
      spec,
      cases: (schema) => {
        const here = [...cases, ...derivedCases(schema)];
        // Entries may be about cases that only other endpoints get.
        const all = () => [...here, ...derivedCases(spec)].map(({ id }) => id);
        checkEntries(expectations, { cases: all, checks: CHECK_NAMES }, options.strictExpectations);
        return here;
      },
      patterns,
      reporters: output.reporters,
      expectations,
      invocation: invocation(options, options.shipped === false ? ['--no-expect'] : []),
      exclude: options.exclude,
      only: options.from === undefined ? undefined : failedIn(options.from),
      endpointName: options.name,
      policy: {
        level: options.level,
        strictExpectations: options.strictExpectations ?? false,
        ...(options.failOnFlaky && { failOnFlaky: true }),
        ...(options.excludeCheck.length > 0 && { excludedChecks: options.excludeCheck }),
      },
      baseline,
      shard: options.shard,
      shuffle: options.order,
      workers: options.workers,
      execute: executeInThreads(options.target, targetOptions(options)),
      seed: options.seed,
      retries: options.retries,
      maxFailures: options.maxFailures,
      limits: { caseTimeout: options.caseTimeout },
      signal: interruption.signal,
      ...(update && {
        update: (ran) => {
          const updated = recordCases(ran, updateFrom(update, expectations));
          update.output.write(updated.text);
          return updated;
        },
      }),
      onLeft: (folders) => process.stderr.write(`qmpcheck: warning: ${leftText(target.name, folders)}\n`),
    };
    if (options.dryRun) {
      process.stdout.write(dryRunText(await onTarget(target, () => dryRun(suite))));
      return EXIT.ok;
    }
    const record = await onTarget(target, () => run(suite));
    finishAll([output, ...(update === undefined ? [] : [update.output])]);
    return record.interrupted ? interruptedBy(interruption.signal) : exitCodeOf(record);
  } catch (error) {
    if (error instanceof OutputError) throw error;
    if (interruption.signal.aborted) return interruptedBy(interruption.signal);
    if (error instanceof NoSuchCase) throw new UsageError(`${error.message} (qmpcheck list shows them)`);
    throw error;
  } finally {
    interruption.dispose();
    output.discard();
  }
}

/** Adds the id of a check. */
function checkOption(id: string, before: readonly string[]): readonly string[] {
  if (!Object.hasOwn(checks, id))
    throw new InvalidArgumentError(`There is no check '${id}', only ${Object.keys(checks).join(', ')}.`);
  return [...before, id];
}

/** Ids of the cases that failed the earlier run. */
function failedIn(file: string): ReadonlySet<string> {
  const { cases: earlier, policy } = readRecord(file);
  const failed = earlier.filter((one) => isUnexpected(one, policy));
  if (failed.length === 0) process.stderr.write(`qmpcheck: nothing failed in ${file}\n`);
  return new Set(failed.map(({ id }) => id));
}

function dryRunText(planned: readonly PlannedCase[]): string {
  const lines = planned.map(({ definition: { id }, skip }) =>
    skip === null ? `run   ${id}` : `skip  ${id}: ${skip}`,
  );
  const skipped = planned.filter(({ skip }) => skip !== null).length;
  const totals = `${count(planned.length - skipped, 'case')} would run, ${skipped} would be skipped`;
  return `${[...lines.map(printable), totals].join('\n')}\n`;
}

/** What makes a baseline foresee less than it should. */
function warnOfBaseline({ endpoint, tool }: RunRecord, file: string, target: string): void {
  const warn = (text: string) => process.stderr.write(`qmpcheck: warning: ${file} ${printable(text)}\n`);
  if (endpoint.target !== target) warn(`is of another target: ${endpoint.target}`);
  if (tool.version !== toolVersion())
    warn(
      `was made by qmpcheck ${tool.version}, whose messages may be others: make it anew if more fails than should`,
    );
}

function leftText(target: string, folders: readonly string[]): string {
  return `${target}: not all that was made could be taken back; files that it still uses stay in ${folders.join(', ')}`;
}
