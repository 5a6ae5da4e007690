/** `qmpcheck run`: the conformance suite on a target. */
import { Option } from 'commander';
import { reporters } from '../../reports/index.ts';
import { LEVELS, type Level, type RunRecord } from '../../reports/record.ts';
import { printable } from '../../reports/text.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { derivedCases } from '../cases/derived/index.ts';
import { cases } from '../cases/index.ts';
import { abortOnSignals } from '../cleanup.ts';
import { finishAll, OutputError, openOutput } from '../output-file.ts';
import { writeExpectations } from '../runner/expected-cases.ts';
import { NoSuchCase, type Shard } from '../runner/plan.ts';
import { run } from '../runner/run.ts';
import { StartError } from '../targets/target.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { toolVersion } from '../tool-version.ts';
import { EXIT, type ExitCode, exitCodeOf, UsageError } from './exit.ts';
import {
  EXPECT_OPTION,
  type ExpectationOptions,
  loadExpectations,
  NO_EXPECT_OPTION,
  STRICT_OPTION,
} from './expectation-options.ts';
import { invocation } from './invocation.ts';
import { shardOption, targetOption, wholeNumber, workersOption } from './options.ts';
import { readRecord } from './records.ts';
import { openReporters, type ReporterSpec, reporterOption } from './reporters.ts';
import type { Subcommand } from './subcommand.ts';

interface Options extends ExpectationOptions {
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
      .option(
        '--reporter <name[=file]>',
        `${Object.keys(reporters).join(', ')}; repeatable`,
        reporterOption,
        [],
      )
      .addOption(EXPECT_OPTION)
      .addOption(NO_EXPECT_OPTION)
      .addOption(STRICT_OPTION)
      .option('--update-expectations <file>', 'write the deviations of this run as expectations')
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
  const { target, expectations: ofTarget } = await targetOption(options.target);
  const expectations = loadExpectations(options.expect, ofTarget);
  const baseline = options.baseline === undefined ? undefined : readRecord(options.baseline);
  const unavailable = await target.unavailable();
  if (unavailable !== null) throw new UsageError(`${target.name}: ${unavailable}`);

  const spec = loadBlockSchema();
  const updated = options.updateExpectations === undefined ? null : openOutput(options.updateExpectations);
  const output = openReporters(options.reporter, process.stdout);
  const interruption = abortOnSignals();
  try {
    if (baseline !== undefined) warnOfBaseline(baseline, options.baseline!, target.name);
    const record = await run({
      target,
      spec,
      cases: (schema) => [...cases, ...derivedCases(schema)],
      patterns,
      reporters: output.reporters,
      expectations,
      invocation: invocation(),
      policy: { level: options.level, strictExpectations: options.strictExpectations ?? false },
      baseline,
      shard: options.shard,
      workers: options.workers,
      seed: options.seed,
      retries: options.retries,
      limits: { caseTimeout: options.caseTimeout },
      signal: interruption.signal,
    });
    updated?.write(writeExpectations(record));
    finishAll([output, ...(updated === null ? [] : [updated])]);
    return exitCodeOf(record);
  } catch (error) {
    if (error instanceof OutputError) throw error;
    if (interruption.signal.aborted) return EXIT.interrupted;
    if (error instanceof NoSuchCase) throw new UsageError(`${error.message} (qmpcheck list shows them)`);
    if (error instanceof StartError) throw new UsageError(startFault(target.name, error));
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

function startFault(target: string, error: StartError): string {
  const words = error.lastWords.filter((line) => line.trim() !== '' && !error.message.includes(line));
  return [`${target}: ${error.message}`, ...words.map((line) => `  ${line}`)].join('\n');
}
