/** `qmpcheck fuzz`: a campaign on a target, or the status of one. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import type { GenerationConfig } from '../../generators/sequences/generate.ts';
import { abortOnSignals } from '../cleanup.ts';
import type { Expectation } from '../expectations/expectation.ts';
import { MATCH_RULES, type MatchRule } from '../fuzz/buckets.ts';
import { type CampaignResult, LOG, runCampaign } from '../fuzz/campaign.ts';
import { lockCampaign } from '../fuzz/campaign-lock.ts';
import { campaignOf, readLog } from '../fuzz/campaign-log.ts';
import { watcher } from '../fuzz/campaign-progress.ts';
import { NoCampaign } from '../fuzz/campaign-status.ts';
import { stackTaker } from '../fuzz/crash-stack.ts';
import { CI_COMMANDS, CI_SEED } from '../fuzz/fuzz-defaults.ts';
import type { FuzzWorker } from '../fuzz/fuzz-worker.ts';
import { localWorker } from '../fuzz/fuzz-worker.ts';
import { KnownFindings } from '../fuzz/known-findings.ts';
import { PointCoverage } from '../fuzz/point-coverage.ts';
import { type PreparedCampaign, prepareCampaign } from '../fuzz/prepare-campaign.ts';
import { startStatesFor } from '../fuzz/start-states.ts';
import { COUNTED_BUDGET, DEFAULT_BUDGET, GRACE_MS, type TriageBudget } from '../fuzz/triage.ts';
import type { IdentifiedTarget } from '../lockstep/lockstep-side.ts';
import { makeFolder, OutputError } from '../output-file.ts';
import { workersOn } from '../runner/endpoint-pool.ts';
import type { Session } from '../runner/endpoint-session.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { toolVersion } from '../tool-version.ts';
import { onTarget } from './call-faults.ts';
import { executorFor, identifyDiffTarget } from './diff-target.ts';
import { EXIT, type ExitCode, exitCodesHelp, interruptedBy, UsageError } from './exit.ts';
import {
  EXPECT_OPTION,
  type ExpectationOptions,
  loadExpectations,
  NO_EXPECT_OPTION,
  STRICT_OPTION,
  staleLine,
  UPDATE_OPTION,
} from './expectation-options.ts';
import { type CampaignOutput, type CampaignOutputOptions, openCampaignOutput } from './fuzz-report.ts';
import { threadWorker } from './fuzz-thread-worker.ts';
import { invocation } from './invocation.ts';
import { CHECK_NAMES, checkEntries } from './known-names.ts';
import { duration, ratio, wholeNumber } from './options.ts';
import { reporterOption } from './reporters.ts';
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

interface Options extends ExpectationOptions, TargetOptions, CampaignOutputOptions {
  readonly target: string;
  readonly time?: number;
  readonly commands?: number;
  readonly seed?: string;
  readonly workers: number;
  readonly out?: string;
  readonly invalid: number;
  readonly raw: number;
  readonly match: MatchRule;
  readonly diff?: string;
  readonly ci?: true;
  readonly status?: string;
}

const DEFAULT_MS = 10 * 60_000;
/** The width of a terminal that does not say it. */
const DEFAULT_COLUMNS = 80;

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .option('--target <target>', 'what to fuzz', 'reference')
      .addOption(CONFIG_OPTION)
      .addOption(IMPLEMENTATION_OPTION)
      .addOption(SCHEMA_OPTION)
      .addOption(DIRECTORY_OPTION)
      .addOption(WAIT_OPTION)
      .addOption(
        new Option(
          '--time <duration>',
          `how long, e.g. 90s, 10m, 8h (default: 10m); what it has seen by then may take ${GRACE_MS / 1000} s more`,
        )
          .argParser(duration)
          .conflicts('commands'),
      )
      .option('--commands <n>', 'commands to send in all, instead of a time', wholeNumber(1))
      .option('--seed <seed>', 'of everything random (default: from the clock)')
      .option('--workers <n>', 'endpoints at a time', wholeNumber(1), 1)
      .option('--out <dir>', 'folder of the campaign; one that is there goes on (default: a new one)')
      .option('--invalid <ratio>', 'part of commands whose arguments have a fault', ratio, 0.05)
      .option('--raw <ratio>', 'part of commands sent as damaged bytes', ratio, 0.01)
      .addOption(
        new Option('--match <rule>', 'what a smaller program must show again')
          .choices(MATCH_RULES)
          .default('bucket'),
      )
      .option('--diff <target>', 'run each program on this target too: what they do differently is a finding')
      .addOption(EXPECT_OPTION)
      .addOption(NO_EXPECT_OPTION)
      .addOption(STRICT_OPTION)
      .addOption(UPDATE_OPTION)
      .option('--ci', 'a fixed budget and seed; only new buckets fail')
      .option('--status <dir>', 'tell what a campaign has found, and do nothing')
      .option(
        '--reporter <name[=file]>',
        'tell of the findings as `run` tells of cases: sarif, junit, html …; repeatable',
        reporterOption,
        [],
      )
      .addHelpText('after', exitCodesHelp('findings (with --ci: new ones)'))
      .action(async (options: Options) => done(await fuzz(options))),
};

async function fuzz(options: Options): Promise<ExitCode> {
  const output = openCampaignOutput(options, invocation(options));
  if (options.status !== undefined) return status(options.status, output);
  const { target, expectations: ofTarget } = await usableTarget(options.target, options);
  const expectations = loadExpectations(options, [ofTarget], output.update);
  checkEntries(expectations, { checks: CHECK_NAMES }, options.strictExpectations);
  const interruption = abortOnSignals();
  const area = await ScratchArea.for(target);
  const sessions: (Session | undefined)[] = [];
  try {
    const { invalid, raw } = options;
    const { signal } = interruption;
    const { diff } = options;
    const prepared = await onTarget(target, () => prepareCampaign({ target, area, invalid, raw, signal }));
    sessions.push(prepared.config.first);
    const diffTarget = diff === undefined ? null : await identifyDiffTarget(diff, options, area);
    sessions.push(diffTarget?.session);
    return await campaign(options, { prepared, diffTarget, expectations, output }, area, signal);
  } catch (error) {
    if (error instanceof OutputError) throw error;
    if (interruption.signal.aborted) return interruptedBy(interruption.signal);
    throw error;
  } finally {
    for (const session of sessions) await session?.stop();
    await area.close();
    interruption.dispose();
  }
}

/** What a campaign is about, when all that it needs is there. */
interface Ready {
  readonly prepared: PreparedCampaign;
  readonly diffTarget: IdentifiedTarget | null;
  readonly expectations: readonly Expectation[];
  readonly output: CampaignOutput;
}

/** Of one campaign at a time in its folder. */
async function campaign(
  options: Options,
  ready: Ready,
  area: ScratchArea,
  signal: AbortSignal,
): Promise<ExitCode> {
  const out = options.out ?? mkdtempSync(join(tmpdir(), 'qmpcheck-fuzz-'));
  makeFolder(out);
  const unlock = lockCampaign(out);
  try {
    return await campaignIn(out, options, ready, area, signal);
  } finally {
    unlock();
  }
}

async function campaignIn(
  out: string,
  options: Options,
  ready: Ready,
  area: ScratchArea,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { prepared, diffTarget, expectations, output } = ready;
  const { identity, config, notes } = prepared;
  const generation = diffTarget === null ? prepared.generation : sharedWorld(prepared, diffTarget);
  const afresh = options.ci === true;
  const commands = options.commands ?? (afresh && options.time === undefined ? CI_COMMANDS : undefined);
  const time = options.time ?? DEFAULT_MS;
  const seed = seedFor(options, out, identity.target);
  const log = (text: string): void => void process.stderr.write(text);
  log(`campaign in ${out}, seed ${seed}\n`);
  for (const note of notes) log(`${note}\n`);
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const left = (): number | null => (commands === undefined ? time - elapsed() : null);
  const watch = watcher({
    write: log,
    columns: () => (process.stderr.isTTY ? process.stderr.columns || DEFAULT_COLUMNS : null),
    elapsed,
    left,
    commands,
  });
  const known = new KnownFindings(expectations, identity);
  const budget =
    commands === undefined ? { ...DEFAULT_BUDGET, until: Date.now() + time + GRACE_MS } : COUNTED_BUDGET;
  let gone: string | null = null;
  const onAway = (message: string): void => {
    gone = message;
  };
  const workers = makeWorkers(options, ready, area, budget, onAway);
  let result: CampaignResult;
  try {
    result = await runCampaign({
      generation,
      workers,
      out,
      head: {
        target: identity.target,
        version: identity.version,
        seed,
        startStates: config.startStates,
        ...(diffTarget && { diff: diffTarget.target.name }),
      },
      seed,
      afresh,
      coverage: new PointCoverage(config.endpointSchema, generation.commands),
      version: toolVersion(),
      commands,
      expired: () => gone !== null || (left() ?? 1) <= 0,
      isKnown: (bucket) => known.isKnown(bucket),
      signal,
      onRound: watch.round,
      onFinding: watch.finding,
    });
  } finally {
    watch.close();
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  output.tell(out, expectations);
  if (signal.aborted) {
    log(`interrupted; with --out ${out} it goes on from here\n`);
    return interruptedBy(signal);
  }
  if (gone !== null) {
    log(`the endpoint is gone: ${gone}; with --out ${out} the campaign goes on from here\n`);
    return EXIT.unexpected;
  }
  const { programs, errors, lastError } = result.progress;
  if (programs > 0 && errors === programs) throw new UsageError(`no program could be run: ${lastError}`);
  if (errors > 0) log(`${errors} programs could not be run; the last: ${lastError}\n`);
  const repeats = commands !== undefined && (afresh || options.seed !== undefined);
  // Most of what is known of a release comes up in a long campaign only: those that are shipped are never stale.
  const stale = known.stale(readLog(join(out, LOG)), repeats).filter(({ shipped }) => !shipped);
  for (const entry of stale) log(`${staleLine(entry)}\n`);
  if (options.strictExpectations && stale.length > 0) return EXIT.unexpected;
  const { unfinished } = result;
  if (unfinished.length > 0)
    log(`no time to look into ${unfinished.length} more; with --out ${out} the next run begins with them\n`);
  if (unfinished.some(({ kind }) => kind !== 'deviation')) return EXIT.unexpected;
  const counting = (afresh ? result.fresh : result.findings).filter(
    () => output.update === undefined || diffTarget !== null,
  );
  return counting.length > 0 ? EXIT.unexpected : EXIT.ok;
}

function makeWorkers(
  { target, config, schema, directory, wait, workers, match, diff, expect, shipped }: Options,
  { prepared, diffTarget, expectations }: Ready,
  area: ScratchArea,
  budget: TriageBudget,
  onAway: (message: string) => void,
): FuzzWorker[] {
  const count = workersOn([prepared.config.target, ...(diffTarget ? [diffTarget.target] : [])], workers);
  if (count > 1)
    return Array.from({ length: count }, (_, index) =>
      threadWorker({
        target,
        config,
        schema,
        directory,
        wait,
        match,
        budget,
        ...(diff && { diff }),
        expect,
        ...(shipped === false && { shipped }),
        quirks: prepared.config.target.quirks,
        share: { index, of: count },
      }),
    );
  const { normaliseText } = prepared;
  return [
    localWorker({
      executor: executorFor(prepared, diffTarget, area, expectations),
      config: prepared.config,
      onAway,
      normaliseText,
      rule: match,
      budget,
      stackOf: stackTaker(prepared.config, area),
    }),
  ];
}

/** What both can do: commands that only one has would differ each time. */
function sharedWorld(
  { generation }: PreparedCampaign,
  { target, endpointSchema }: IdentifiedTarget,
): GenerationConfig {
  const startStates = new Set(startStatesFor(target).map(({ name }) => name));
  return {
    ...generation,
    startStates: generation.startStates.filter(({ name }) => startStates.has(name)),
    commands: new Set([...generation.commands].filter((name) => endpointSchema.commands.has(name))),
  };
}

/** The given one; that of the campaign that goes on; else from the clock. Throws `UsageError` if they do not agree. */
function seedFor({ seed, ci }: Options, out: string, target: string): string {
  if (ci) return seed ?? CI_SEED;
  const earlier = campaignOf(join(out, LOG));
  if (earlier === null) return seed ?? String(Date.now());
  if (earlier.target !== target)
    throw new UsageError(`${out}: a campaign on ${earlier.target}, which cannot go on on ${target}`);
  if (seed !== undefined && seed !== earlier.seed)
    throw new UsageError(`${out}: a campaign with seed ${earlier.seed}, which cannot go on with another`);
  return earlier.seed;
}

function status(folder: string, output: CampaignOutput): ExitCode {
  try {
    output.tell(folder, []);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof NoCampaign) throw new UsageError(error.message);
    throw error;
  }
}
