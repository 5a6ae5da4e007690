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
import type { Schema } from '../../spec/model.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import type { CaseDefinition } from '../cases/case.ts';
import type { Expectation } from '../expectations/expectation.ts';
import type { Updated } from '../expectations/update-expectations.ts';
import type { Target } from '../targets/target.ts';
import { type TimeLimits, timeLimits } from '../time-limits.ts';
import { toolVersion } from '../tool-version.ts';
import { noTotals } from './case-outcome.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { ExpectedCases } from './expected-cases.ts';
import { intersect } from './intersect.ts';
import { meet } from './meet-endpoint.ts';
import { plan, type Shard } from './plan.ts';
import { asRecorded, withUpdate } from './recorded-cases.ts';
import { EMPTY_TOPOLOGY, execute } from './run-cases.ts';
import { ScratchArea } from './scratch.ts';

/** What a run is given. */
export interface RunOptions {
  readonly target: Target;
  /** The cases for what spec and endpoint both offer. */
  readonly cases: (schema: Schema) => readonly CaseDefinition[];
  readonly spec: Schema;
  readonly reporters?: readonly Reporter[];
  readonly patterns?: readonly string[];
  readonly shard?: Shard | undefined;
  /** Endpoints at a time. Default 1. */
  readonly workers?: number;
  readonly seed?: string;
  readonly retries?: number;
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
}

/**
 * Rejects with `StartError` if the endpoint never came up, `NoSuchCase` for a pattern that matches nothing, and the
 * client's errors if the endpoint does not introduce itself. Whatever happens, nothing of the run is left behind.
 */
export async function run(options: RunOptions): Promise<RunRecord> {
  const { target, workers = 1, reporters = [], signal } = options;
  const limits = timeLimits(options.limits);
  const area = await ScratchArea.for(target);
  try {
    const pool = new EndpointPool({ target, area, limits, signal, most: workers });
    const ran = await runOn(pool, { ...options, limits }).finally(() => pool.stop());
    const record = options.update === undefined ? ran : withUpdate(ran, options.update(ran));
    for (const reporter of reporters) reporter.end(record);
    return record;
  } finally {
    await area.close();
  }
}

async function runOn(
  pool: EndpointPool,
  options: RunOptions & { readonly limits: TimeLimits },
): Promise<RunRecord> {
  const { target, spec, reporters = [], signal, shard, policy, invocation, patterns = [] } = options;
  const { limits, workers = 1, retries = 0, seed = 'qmpcheck' } = options;
  const startedAt = new Date();
  const started = performance.now();

  const first = await pool.acquire(EMPTY_TOPOLOGY);
  const { identity, endpointSchema, undecided } = await meet(target, first);
  await pool.release(first, first.usable ? 'clean' : 'broken');
  const schema = intersect(spec, endpointSchema);
  const cases = plan(options.cases(schema), { patterns, shard });

  const expected = new ExpectedCases(options.expectations ?? [], identity);
  for (const reporter of reporters)
    reporter.start?.({ endpoint: identity, seed, planned: cases.length, policy, invocation });
  const records: CaseRecord[] = [];
  const done = (bare: CaseRecord): void => {
    const known = asInBaseline(expected.apply(bare), options.baseline, policy);
    const record = options.update === undefined ? known : asRecorded(known, policy);
    records.push(record);
    for (const reporter of reporters) reporter.caseEnd?.(record);
  };
  const setting = { target, schema, endpointSchema, undecided, seed, limits, signal };
  await execute({ ...setting, cases, workers, retries, pool, done });

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
    ...(policy && { policy }),
    interrupted: signal?.aborted ?? false,
    cases: records,
    requirements: usedRequirements(records),
    staleExpectations: expected.stale(records, patterns.length === 0 && shard === undefined),
    totals,
  };
}

function usedRequirements(records: readonly CaseRecord[]): RequirementRecord[] {
  const used = new Set(records.flatMap((record) => record.requirements));
  return (Object.entries(requirements) as [string, Requirement][])
    .filter(([id]) => used.has(id))
    .map(([id, { level, definition, text }]) => ({ id, level, definition, text }));
}
