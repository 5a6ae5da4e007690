/** `qmpcheck run`: the conformance suite on a target. */
import { readdirSync, readFileSync } from 'node:fs';
import { Option } from 'commander';
import { reporters } from '../../reports/index.ts';
import { LEVELS, type Level } from '../../reports/record.ts';
import { printable } from '../../reports/text.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { derivedCases } from '../cases/derived/index.ts';
import { cases } from '../cases/index.ts';
import { abortOnSignals } from '../cleanup.ts';
import {
  Expectations,
  ExpectationsError,
  readExpectations,
  writeExpectations,
} from '../runner/expectations.ts';
import { NoSuchCase, type Shard } from '../runner/plan.ts';
import { run } from '../runner/run.ts';
import { StartError } from '../targets/target.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { EXIT, type ExitCode, exitCodeOf, UsageError } from './exit.ts';
import { readText, writeText } from './files.ts';
import { collect, shardOption, targetOption, wholeNumber, workersOption } from './options.ts';
import { readRecord } from './records.ts';
import { openReporters, type ReporterSpec, reporterOption } from './reporters.ts';
import type { Subcommand } from './subcommand.ts';

interface Options {
  readonly target: string;
  readonly reporter: readonly ReporterSpec[];
  readonly expect: readonly string[] | false;
  readonly strictExpectations?: true;
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
      .option(
        '--expect <file>',
        'known deviations (YAML); repeatable, in addition to those shipped',
        collect,
        [],
      )
      .option('--no-expect', 'not even the known deviations that are shipped')
      .option('--strict-expectations', 'fail when a known deviation no longer shows')
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

  const output = openReporters(options.reporter, process.stdout);
  const interruption = abortOnSignals();
  try {
    if (baseline !== undefined && baseline.endpoint.target !== target.name) {
      process.stderr.write(
        `qmpcheck: the baseline is of another target: ${printable(baseline.endpoint.target)}\n`,
      );
    }
    const record = await run({
      target,
      spec: loadBlockSchema(),
      cases: (schema) => [...cases, ...derivedCases(schema)],
      patterns,
      reporters: output.reporters,
      expectations,
      policy: { level: options.level, strictExpectations: options.strictExpectations ?? false },
      baseline,
      shard: options.shard,
      workers: options.workers,
      seed: options.seed,
      retries: options.retries,
      limits: { caseTimeout: options.caseTimeout },
      signal: interruption.signal,
    });
    if (options.updateExpectations !== undefined) {
      writeText(options.updateExpectations, writeExpectations(record));
    }
    return exitCodeOf(record);
  } catch (error) {
    if (interruption.signal.aborted) return EXIT.interrupted;
    if (error instanceof NoSuchCase) throw new UsageError(`${error.message} (qmpcheck list shows them)`);
    if (error instanceof StartError) throw new UsageError(startFault(target.name, error));
    throw error;
  } finally {
    interruption.dispose();
    output.close();
  }
}

function startFault(target: string, error: StartError): string {
  const words = error.lastWords.filter((line) => line.trim() !== '' && !error.message.includes(line));
  return [`${target}: ${error.message}`, ...words.map((line) => `  ${line}`)].join('\n');
}

/** Those that the project ships, for the endpoints that they name, the user's, and the config file's. */
function loadExpectations(files: readonly string[] | false, ofTarget: string | undefined): Expectations {
  if (files === false) return Expectations.none();
  const folder = new URL('harness/expectations/', packageRoot());
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const shipped = names.map((name) => ({
    name,
    text: readFileSync(new URL(name, folder), 'utf8'),
  }));
  const own = [...files, ...(ofTarget === undefined ? [] : [ofTarget])].map((name) => ({
    name,
    text: readText(name),
  }));
  try {
    return new Expectations([...own, ...shipped].flatMap(({ name, text }) => readExpectations(text, name)));
  } catch (error) {
    if (error instanceof ExpectationsError) throw new UsageError(error.message);
    throw error;
  }
}
