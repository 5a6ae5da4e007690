/** `qmpcheck diff`: the same cases and programs on two targets in lockstep, and what differs. */
import { existsSync } from 'node:fs';
import { textNormaliser, vocabulary } from '../../reports/normalise-text.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { derivedCases } from '../cases/derived/index.ts';
import { cases } from '../cases/index.ts';
import { abortOnSignals } from '../cleanup.ts';
import { KnownDeviations, type PlannedCase } from '../expectations/known-deviations.ts';
import {
  caseInputs,
  commonSchema,
  type DiffInput,
  fileInputs,
  randomInputs,
} from '../lockstep/diff-inputs.ts';
import { DiffReport } from '../lockstep/diff-report.ts';
import { explainer } from '../lockstep/explain-difference.ts';
import { type IdentifiedTarget, identifyTarget } from '../lockstep/lockstep-side.ts';
import { diff } from '../lockstep/run-diff.ts';
import { workersOn } from '../runner/endpoint-pool.ts';
import { NoSuchCase } from '../runner/plan.ts';
import { ScratchArea } from '../runner/scratch.ts';
import type { Target } from '../targets/target.ts';
import { DEFAULT_TIME_LIMITS, type TimeLimits, timeLimits } from '../time-limits.ts';
import { onTarget } from './call-faults.ts';
import { diffJson, diffLines } from './diff-output.ts';
import { EXIT, type ExitCode, exitCodesHelp, interruptedBy, UsageError } from './exit.ts';
import {
  EXPECT_OPTION,
  type ExpectationOptions,
  loadExpectations,
  NO_EXPECT_OPTION,
  STRICT_OPTION,
} from './expectation-options.ts';
import { CHECK_NAMES, checkEntries, subjectNames } from './known-names.ts';
import { wholeNumber, workersOption } from './options.ts';
import type { Subcommand } from './subcommand.ts';
import {
  CONFIG_OPTION,
  DIRECTORY_OPTION,
  type NamedTarget,
  SCHEMA_OPTION,
  type TargetOptions,
  usableTarget,
  WAIT_OPTION,
} from './target-option.ts';

interface Options extends ExpectationOptions, TargetOptions {
  readonly left: string;
  readonly right: string;
  readonly judge?: string | false;
  readonly programs?: number;
  readonly seed: string;
  readonly workers: number;
  readonly caseTimeout: number;
  readonly all?: true;
  readonly json?: true;
}

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument(
        '[pattern...]',
        'globs on case ids; files of programs or transcripts, or folders of them or of findings',
      )
      .requiredOption('--left <target>', 'one target')
      .requiredOption('--right <target>', 'the other')
      .addOption(CONFIG_OPTION)
      .option('--schema <schema>', `${SCHEMA_OPTION.description}; for sides that have none of their own`)
      .addOption(DIRECTORY_OPTION)
      .addOption(WAIT_OPTION)
      .option(
        '--judge <target>',
        'a third, which says who is wrong (default: reference, where it is neither side)',
      )
      .option('--no-judge', 'no third')
      .option(
        '--programs <n>',
        'that many random programs; cases then only if a pattern names some',
        wholeNumber(1),
      )
      .option('--seed <seed>', 'for everything random', 'qmpcheck')
      .addOption(EXPECT_OPTION)
      .addOption(NO_EXPECT_OPTION)
      .addOption(STRICT_OPTION)
      .option('--all', 'list also what is explained')
      .addOption(workersOption('pairs of endpoints'))
      .option('--case-timeout <ms>', 'time limit of a case', wholeNumber(1), DEFAULT_TIME_LIMITS.caseTimeout)
      .option('--json', 'differences as one JSON document')
      .addHelpText('after', exitCodesHelp('differences that nothing explains'))
      .action(async (patterns: string[], options: Options) => done(await diffTargets(patterns, options))),
};

async function diffTargets(patterns: readonly string[], options: Options): Promise<ExitCode> {
  const { seed } = options;
  const limits = timeLimits({ caseTimeout: options.caseTimeout });
  const judgeName = options.judge ?? judgeFor(options);
  const named = await Promise.all(
    [options.left, options.right, ...(judgeName === false ? [] : [judgeName])].map((name) =>
      sideOption(name, options),
    ),
  );
  // one area for all sides: their scratch folders hold the same
  const { target: sharing } = named.find(({ target }) => target.folder !== undefined) ?? named[0]!;
  const interruption = abortOnSignals();
  const area = await ScratchArea.for(sharing);
  const met: MetTarget[] = [];
  try {
    const { signal } = interruption;
    for (const side of named) met.push(await meet(side, area, limits));
    const [left, right, judge = null] = met as [MetTarget, MetTarget, MetTarget?];
    const expectations = loadExpectations(options, [left.expectations, right.expectations]);
    const commands = subjectNames([loadBlockSchema(), left.endpointSchema, right.endpointSchema]);
    checkEntries(expectations, { checks: CHECK_NAMES, commands }, options.strictExpectations);
    const sides = { endpoint: right.identity, left: left.identity };
    const known = new KnownDeviations(expectations, { about: 'difference', ...sides });
    const planned: PlannedCase[] = [];
    const inputs = inputsOf(patterns, options, left, right);
    const report = new DiffReport();
    await diff({
      left,
      right,
      judge,
      explain: explainer(known, textNormaliser(vocabulary(commonSchema(left, right)))),
      area,
      inputs,
      seed,
      workers: workersOn([left.target, right.target, ...(judge ? [judge.target] : [])], options.workers),
      limits,
      signal,
      onOutcome: (outcome) => {
        report.add(outcome);
        const { input, skipped } = outcome;
        if (input.program === undefined)
          planned.push({ id: input.where, outcome: skipped === undefined ? 'pass' : 'skip' });
      },
    });
    const whole = patterns.length === 0 && options.programs === undefined && !signal.aborted;
    const result = {
      left: left.identity,
      right: right.identity,
      judge: judge?.identity ?? null,
      entries: report.entries(),
      totals: report.totals,
      stale: known.stale(planned, whole),
    };
    const output = options.json ? diffJson(result) : diffLines(result, options.all === true).join('\n');
    process.stdout.write(`${output}\n`);
    if (signal.aborted) return interruptedBy(signal);
    if (report.fault !== null) {
      process.stderr.write(`${report.totals.faults} could not be compared; the last: ${report.fault}\n`);
      return EXIT.fault;
    }
    if (options.strictExpectations && result.stale.length > 0) return EXIT.unexpected;
    return result.entries.some(({ reason }) => reason === undefined) ? EXIT.unexpected : EXIT.ok;
  } catch (error) {
    if (interruption.signal.aborted) return interruptedBy(interruption.signal);
    if (error instanceof NoSuchCase) throw new UsageError(`${error.message} (qmpcheck list shows them)`);
    throw error;
  } finally {
    for (const { session } of met) await session?.stop();
    await area.close();
    interruption.dispose();
  }
}

type MetTarget = IdentifiedTarget & { readonly expectations?: string };

/** A schema that the call gives is for sides without their own. */
async function sideOption(name: string, options: TargetOptions): Promise<NamedTarget> {
  const named = await usableTarget(name, options);
  const { schema } = named.target;
  if (schema === undefined || options.schema === undefined) return named;
  return { ...named, target: { ...named.target, schema: { ...schema, onlyWithoutOwn: true } } };
}

async function meet(
  { target, expectations }: NamedTarget,
  area: ScratchArea,
  limits: TimeLimits,
): Promise<MetTarget> {
  const identified = await onTarget(target, () => identifyTarget(target, area, limits));
  return { ...identified, ...(expectations !== undefined && { expectations }) };
}

function judgeFor({ left, right }: Options): string | false {
  return [left, right].some((name) => name.split(':')[0] === 'reference') ? false : 'reference';
}

function inputsOf(
  words: readonly string[],
  { programs, seed }: Options,
  left: IdentifiedTarget,
  right: IdentifiedTarget,
): DiffInput[] {
  const schema = commonSchema(left, right);
  const targets = [left.target, right.target];
  const files = words.filter((word) => existsSync(word));
  const patterns = words.filter((word) => !existsSync(word));
  const wantsCases = patterns.length > 0 || (files.length === 0 && programs === undefined);
  return [
    ...(wantsCases ? caseInputs([...cases, ...derivedCases(schema)], patterns) : []),
    ...readFiles(files, targets),
    ...(programs === undefined ? [] : randomInputs(programs, seed, schema, targets)),
  ];
}

function readFiles(files: readonly string[], targets: readonly Target[]): DiffInput[] {
  try {
    return fileInputs(files, targets);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
