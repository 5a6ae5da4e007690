/** `qmpcheck run`: the conformance suite on a target. */
import { Option } from 'commander';
import { reporters } from '../../reports/index.ts';
import { LEVELS, type Level, type RunRecord } from '../../reports/record.ts';
import { printable } from '../../reports/text.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { derivedCases } from '../cases/derived/index.ts';
import { cases } from '../cases/index.ts';
import { abortOnSignals } from '../cleanup.ts';
import { finishAll, OutputError } from '../output-file.ts';
import { NoSuchCase, type Shard } from '../runner/plan.ts';
import { recordCases } from '../runner/recorded-cases.ts';
import { type RunOptions, run } from '../runner/run.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { toolVersion } from '../tool-version.ts';
import { onTarget } from './call-faults.ts';
import { type ExitCode, exitCodeOf, interruptedBy, UsageError } from './exit.ts';
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
import { shardOption, wholeNumber, workersOption } from './options.ts';
import { readRecord } from './records.ts';
import { openReporters, type ReporterSpec, reporterOption } from './reporters.ts';
import type { Subcommand } from './subcommand.ts';
import {
  CONFIG_OPTION,
  DIRECTORY_OPTION,
  IMPLEMENTATION_OPTION,
  SCHEMA_OPTION,
  type TargetOptions,
  usableTarget,
  WAIT_OPTION,
} from './target-option.ts';

interface Options extends ExpectationOptions, TargetOptions {
  readonly target: string;
  readonly reporter: readonly ReporterSpec[];
  readonly updateExpectations?: string;
  readonly baseline?: string;
  readonly shard?: Shard;
  readonly workers: number;
  readonly seed: string;
  readonly retries: number;
  readonly caseTimeout: number;
  readonly level: Level;
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
      .option(
        '--reporter <name[=file]>',
        `${Object.keys(reporters).join(', ')}; repeatable`,
        reporterOption,
        [],
      )
      .addOption(EXPECT_OPTION)
      .addOption(NO_EXPECT_OPTION)
      .addOption(STRICT_OPTION)
      .addOption(UPDATE_OPTION)
      .option('--baseline <result.json>', 'only deviations that this earlier result lacks fail the run')
      .option('--shard <i/n>', 'run part I of N', shardOption)
      .addOption(workersOption('endpoints'))
      .option('--seed <seed>', 'for everything random', 'qmpcheck')
      .option('--retries <n>', 'run a failing case again; a different outcome is flaky', wholeNumber(0), 0)
      .option('--case-timeout <ms>', 'time limit of a case', wholeNumber(1), DEFAULT_TIME_LIMITS.caseTimeout)
      .addOption(
        new Option('--level <level>', 'the lowest level whose breach fails the run')
          .choices(LEVELS)
          .default('must'),
      )
      .action(async (patterns: string[], options: Options) => done(await runSuite(patterns, options))),
};

async function runSuite(patterns: readonly string[], options: Options): Promise<ExitCode> {
  const { target, expectations: ofTarget } = await usableTarget(options.target, options);
  const update = openUpdate(options.updateExpectations);
  const expectations = loadExpectations(options.expect, [ofTarget], update);
  const baseline = options.baseline === undefined ? undefined : readRecord(options.baseline);
  const spec = loadBlockSchema();
  const output = openReporters(options.reporter, process.stdout);
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
      invocation: invocation(options),
      policy: { level: options.level, strictExpectations: options.strictExpectations ?? false },
      baseline,
      shard: options.shard,
      workers: options.workers,
      seed: options.seed,
      retries: options.retries,
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
