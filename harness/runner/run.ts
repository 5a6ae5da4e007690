/**
 * A conformance run, from a target to a record:
 *
 *   1. start the target once, bare: who is it, what does it offer;
 *   2. make the cases from what spec and endpoint both offer, and plan;
 *   3. execute, telling the reporters as results come in the order of the plan;
 *   4. compare with what was expected, and write the record.
 */
import { asInBaseline } from '../../reports/baseline.ts';
import type { CaseRecord, Invocation, Policy, RequirementRecord, RunRecord } from '../../reports/record.ts';
import { RECORD_VERSION } from '../../reports/record.ts';
import type { Reporter } from '../../reports/reporter.ts';
import { isUnexpected } from '../../reports/unexpected.ts';
import type { Schema } from '../../spec/model.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import type { CaseDefinition } from '../cases/case.ts';
import type { Expectation } from '../expectations/expectation.ts';
import type { Updated } from '../expectations/update-expectations.ts';
import type { Target } from '../targets/target.ts';
import { type TimeLimits, timeLimits } from '../time-limits.ts';
import { toolVersion } from '../tool-version.ts';
import { noTotals } from './case-outcome.ts';
import { EndpointPool, workersOn } from './endpoint-pool.ts';
import { ExpectedCases } from './expected-cases.ts';
import { intersect } from './intersect.ts';
import { meetOn } from './meet-endpoint.ts';
import { skipReason } from './needs.ts';
import { plan, type Shard } from './plan.ts';
import { asRecorded, withUpdate } from './recorded-cases.ts';
import { execute } from './run-cases.ts';
import { ScratchArea } from './scratch.ts';

/** What a run is given. */
export interface RunOptions {
  readonly target: Target;
  /** The cases for what spec and endpoint both offer. */
  readonly cases: (schema: Schema) => readonly CaseDefinition[];
  readonly spec: Schema;
  readonly reporters?: readonly Reporter[];
  readonly patterns?: readonly string[];
  /** Globs on ids that do not run. */
  readonly exclude?: readonly string[];
  /** Only these ids run. */
  readonly only?: ReadonlySet<string> | undefined;
  readonly shard?: Shard | undefined;
  /** The seed of the order in which cases run. Absent: the order in which they are given. */
  readonly shuffle?: string | undefined;
  /** What people call the endpoint, for the record. */
  readonly endpointName?: string | undefined;
  /** Endpoints at a time. Default 1; never more where the endpoint is not ours to start. */
  readonly workers?: number;
  /** Executes the planned cases. Default: `execute`, in this thread. */
  readonly execute?: typeof execute | undefined;
  readonly seed?: string;
  readonly retries?: number;
  /** Unexpected cases after which the rest is given up. Default: none is. */
  readonly maxFailures?: number | undefined;
  /** Default: as `timeLimits` gives them. */
  readonly limits?: Partial<TimeLimits>;
  readonly expectations?: readonly Expectation[];
  /** For the record, and for what reports say of showing something again. */
  readonly invocation?: Invocation | undefined;
  /** What fails the run, for the record. */
  readonly policy?: Policy;
  /** An earlier run: what fails as it did there is foreseen. */
  readonly baseline?: RunRecord | undefined;
  /** Writes down what failed, so that it is known; gives what became of the file. */
  readonly update?: (record: RunRecord) => Updated;
  /** Ends the run early; the record says so. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of folders that stay, since an endpoint that goes on without us has files there in use. */
  readonly onLeft?: ((folders: readonly string[]) => void) | undefined;
}

/**
 * Rejects with `StartError` if the endpoint never came up, `NoSuchCase` for a pattern that matches nothing, and the
 * client's errors if the endpoint does not introduce itself. Whatever happens, nothing of the run is left behind.
 */
export async function run(options: RunOptions): Promise<RunRecord> {
  const { reporters = [], update } = options;
  return onPool(options, async (pool, request) => {
    const ran = await runOn(pool, request);
    const record = update === undefined ? ran : withUpdate(ran, update(ran));
    for (const reporter of reporters) reporter.end(record);
    return record;
  });
}

/** A case of the plan. */
export interface PlannedCase {
  readonly definition: CaseDefinition;
  /** Why it would not run; null: it would. */
  readonly skip: string | null;
}

/** What a run would do. Asks the endpoint who it is, and sends no case. Rejects as `run` does. */
export async function dryRun(options: RunOptions): Promise<readonly PlannedCase[]> {
  const { capabilities } = options.target;
  return onPool(options, async (pool, request) => {
    const { cases, endpointSchema, undecided } = await prepare(pool, request);
    return cases.map((definition) => ({
      definition,
      skip: skipReason(definition, endpointSchema, capabilities, undecided),
    }));
  });
}

interface Request extends RunOptions {
  readonly limits: TimeLimits;
  readonly workers: number;
}

/** With a pool of its own, of which nothing is left. */
async function onPool<T>(
  options: RunOptions,
  work: (pool: EndpointPool, request: Request) => Promise<T>,
): Promise<T> {
  const { target, signal, onLeft } = options;
  const limits = timeLimits(options.limits);
  const workers = workersOn([target], options.workers);
  const area = await ScratchArea.for(target);
  try {
    const pool = new EndpointPool({ target, area, limits, signal, most: workers });
    return await work(pool, { ...options, limits, workers }).finally(() => pool.stop());
  } finally {
    await area.close();
    if (area.kept.length > 0) onLeft?.(area.kept);
  }
}

/** Who the endpoint is, and which cases are for it. */
async function prepare(
  pool: EndpointPool,
  { target: given, endpointName, spec, cases, patterns = [], exclude = [], only, shard, shuffle }: Request,
) {
  const { target, identity, endpointSchema, undecided } = await meetOn(pool, given);
  const schema = intersect(spec, endpointSchema);
  // What nobody knew of must be told, whichever cases were asked for.
  const also = given.quirks === undefined ? (identity.quirks ?? []).map((quirk) => quirk.case) : [];
  return {
    target,
    identity: { ...identity, ...(endpointName !== undefined && { name: endpointName }) },
    endpointSchema,
    undecided,
    schema,
    cases: plan(cases(schema), { patterns, exclude, also, only, shard, shuffle }),
  };
}

async function runOn(pool: EndpointPool, options: Request): Promise<RunRecord> {
  const { reporters = [], signal, shard, shuffle, policy, invocation, patterns = [] } = options;
  const { limits, workers, retries = 0, maxFailures, seed = 'qmpcheck', exclude = [], only } = options;
  const startedAt = new Date();
  const started = performance.now();
  const { target, identity, endpointSchema, undecided, schema, cases } = await prepare(pool, options);

  const expected = new ExpectedCases(options.expectations ?? [], identity);
  for (const reporter of reporters)
    reporter.start?.({ endpoint: identity, seed, planned: cases.length, policy, invocation });
  const records: CaseRecord[] = [];
  const judge = (bare: CaseRecord): CaseRecord =>
    asInBaseline(expected.apply(bare), options.baseline, policy);
  const isFailure = (bare: CaseRecord): boolean => isUnexpected(judge(bare), policy);
  const done = (bare: CaseRecord): void => {
    const known = judge(bare);
    const record = options.update === undefined ? known : asRecorded(known, policy);
    records.push(record);
    for (const reporter of reporters) reporter.caseEnd?.(record);
  };
  const { excludedChecks } = policy ?? {};
  const { quirks } = identity;
  const setting = { target, schema, endpointSchema, undecided, quirks, seed, limits, signal, excludedChecks };
  const trying = { workers, retries, maxFailures, isFailure };
  const { incomplete } = await (options.execute ?? execute)({ ...setting, ...trying, cases, pool, done });
  const isWhole = patterns.length + exclude.length === 0 && only === undefined && shard === undefined;

  const totals = noTotals();
  for (const { outcome } of records) totals[outcome] += 1;
  return {
    recordVersion: RECORD_VERSION,
    tool: { name: 'qmpcheck', version: toolVersion() },
    ...(invocation && { invocation }),
    endpoint: identity,
    seed,
    startedAt: startedAt.toISOString(),
    durationMs: performance.now() - started,
    ...(shard && { shard }),
    ...(shuffle !== undefined && { order: `random:${shuffle}` }),
    ...(policy && { policy }),
    interrupted: signal?.aborted ?? false,
    ...(incomplete && { incomplete }),
    cases: records,
    requirements: usedRequirements(records),
    staleExpectations: expected.stale(records, isWhole && !incomplete && signal?.aborted !== true),
    totals,
  };
}

function usedRequirements(records: readonly CaseRecord[]): RequirementRecord[] {
  const used = new Set(records.flatMap((record) => record.requirements));
  return (Object.entries(requirements) as [string, Requirement][])
    .filter(([id]) => used.has(id))
    .map(([id, requirement]) => ({ id, ...requirement }));
}
