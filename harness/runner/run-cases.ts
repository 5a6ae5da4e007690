/**
 * Executes planned cases on so many `workers`. Cases of equal topology come one after another, so that they can share an
 * endpoint. Results come in the order of the plan.
 */
import type { CaseRecord, Outcome } from '../../reports/record.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { ClosedError, ProtocolError, QmpError, TimeoutError } from '../qmp/errors.ts';
import { StartError, type Topology, UnsupportedTopology } from '../targets/target.ts';
import type { AcquireOptions, EndpointPool } from './endpoint-pool.ts';
import type { Session } from './endpoint-session.ts';
import { inOrder } from './in-order.ts';
import { skipReason } from './needs.ts';
import { type CaseResult, runCase } from './run-case.ts';
import type { RunSetting } from './run-setting.ts';

/** No images, no options, one monitor. */
export const EMPTY_TOPOLOGY: Topology = { name: 'empty', images: [], options: [], monitors: 1 };

export interface ExecuteRequest extends RunSetting {
  readonly cases: readonly CaseDefinition[];
  /** Endpoints at a time. */
  readonly workers: number;
  /** Further tries for a case that did not pass. */
  readonly retries: number;
  readonly pool: EndpointPool;
  /** Called in the order of the plan. */
  readonly done: (record: CaseRecord) => void;
}

/** Outcomes that another try may change. */
const RETRIED: ReadonlySet<Outcome> = new Set(['fail', 'crash', 'timeout', 'error']);

/** Resolves when all cases are done, or `signal` has ended it: then what was not begun gets no record. */
export async function execute(request: ExecuteRequest): Promise<void> {
  const { cases, workers, done, signal } = request;
  await inOrder({
    items: cases,
    workers: Array.from({ length: Math.max(1, workers) }, (_, index) => index),
    work: async (_, definition) => {
      const record = await withRetries(definition, request);
      signal?.throwIfAborted();
      return record;
    },
    emit: done,
    compare: byTopology,
    signal,
  });
}

/** Cases of equal topology next to each other, so that they can share an endpoint. */
export function byTopology(a: CaseDefinition, b: CaseDefinition): number {
  const [left, right] = [topologyOf(a).name, topologyOf(b).name];
  return left < right ? -1 : left > right ? 1 : 0;
}

export function topologyOf({ topology = EMPTY_TOPOLOGY }: CaseDefinition): Topology {
  return topology;
}

/** A case whose tries end differently is flaky. */
async function withRetries(definition: CaseDefinition, request: ExecuteRequest): Promise<CaseRecord> {
  const { endpointSchema, undecided, target, pool, retries } = request;
  const reason = skipReason(definition, endpointSchema, target.capabilities, undecided);
  if (reason !== null) return unrun(definition, 'skip', reason);
  const fresh = definition.fresh === true;
  const runOnce = (): Promise<CaseRecord> =>
    runOnPool(definition, pool, { fresh }, (session) => runCase(definition, session, request));
  const record = await runOnce();
  const earlier: Outcome[] = [];
  let last = record;
  while (RETRIED.has(last.outcome) && earlier.length < retries && !request.signal?.aborted) {
    earlier.push(last.outcome);
    last = await runOnce();
  }
  if (earlier.length === 0) return record;
  return earlier.every((outcome) => outcome === last.outcome)
    ? { ...last, earlier }
    : { ...record, outcome: 'flaky', earlier: [...earlier, last.outcome] };
}

/** Runs a case on an endpoint of the pool, as `run` does it. The record also tells why no endpoint could be had. */
export async function runOnPool(
  definition: CaseDefinition,
  pool: EndpointPool,
  options: AcquireOptions,
  run: (session: Session) => Promise<CaseResult>,
): Promise<CaseRecord> {
  let session: Session | undefined;
  try {
    session = await pool.acquire(topologyOf(definition), options);
    const { record, reusable } = await run(session);
    await pool.release(session, reusable ? 'clean' : 'dirty');
    return record;
  } catch (error) {
    if (session !== undefined) await pool.release(session, 'broken');
    return notStarted(definition, error);
  }
}

/** Options that an endpoint refuses are a reason to skip; dying by a signal over them is a crash. */
function notStarted(definition: CaseDefinition, error: unknown): CaseRecord {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TimeoutError) return unrun(definition, 'timeout', message);
  if (error instanceof ClosedError) return unrun(definition, 'crash', message);
  if (error instanceof ProtocolError || error instanceof QmpError)
    return {
      ...unrun(definition, 'fail', message),
      severity: 'must',
      deviations: [{ check: 'envelope', severity: 'must', message }],
    };
  if (!(error instanceof StartError)) return unrun(definition, 'error', message);
  if (error instanceof UnsupportedTopology) return unrun(definition, 'skip', message);
  const signal = error.exit?.signal ?? null;
  if (signal !== null) {
    const process = { exitCode: null, signal, lastWords: error.lastWords };
    return { ...unrun(definition, 'crash', message), process };
  }
  const refused = error.exit !== null && topologyOf(definition).options.length > 0;
  return unrun(
    definition,
    refused ? 'skip' : 'error',
    refused ? `the topology cannot be made: ${message}` : message,
  );
}

/** The record of a case that did not run. */
export function unrun(
  { id, title, requirements }: CaseDefinition,
  outcome: Outcome,
  reason: string,
): CaseRecord {
  return { id, title, requirements, outcome, reason, durationMs: 0, deviations: [] };
}
