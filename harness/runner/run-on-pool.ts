/** One case on an endpoint of the pool, and the records of cases that could not run. */
import type { CaseRecord, Outcome, ProcessState } from '../../reports/record.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { ClosedError, ProtocolError, QmpError, TimeoutError } from '../qmp/errors.ts';
import { StartError, type Topology, UnsupportedTopology } from '../targets/target.ts';
import { type AcquireOptions, EndpointLost, type EndpointPool } from './endpoint-pool.ts';
import type { Session } from './endpoint-session.ts';
import type { CaseResult } from './run-case.ts';

/** No images, no options, one monitor. */
export const EMPTY_TOPOLOGY: Topology = { name: 'empty', images: [], options: [], monitors: 1 };

/** What a case starts from: nothing, unless it says so, and no second monitor where the target has none and the case can do without. */
export function topologyOf(
  { topology = EMPTY_TOPOLOGY, freshSession = false }: CaseDefinition,
  monitors = Number.POSITIVE_INFINITY,
): Topology {
  return freshSession && topology.monitors > monitors ? EMPTY_TOPOLOGY : topology;
}

/** What came of a case, and on which session it ran; null: on none. */
export interface PoolRun {
  readonly record: CaseRecord;
  readonly session: Session | null;
}

/** The endpoint is not ours to start, and cannot be reached any more. */
export class EndpointAway extends Error {
  override readonly name = 'EndpointAway';
}

/** As the pool's `acquire`; rejects with `EndpointAway` where the pool cannot start another. */
export async function acquireOn(
  pool: EndpointPool,
  topology: Topology,
  options: AcquireOptions,
): Promise<Session> {
  try {
    return await pool.acquire(topology, options);
  } catch (error) {
    if (pool.owned || !isAbsence(error)) throw error;
    throw new EndpointAway((error as Error).message, { cause: error });
  }
}

/**
 * Runs a case on an endpoint of the pool. The record also tells why no endpoint could be had, but for two reasons that are
 * not about this case: rejects with `EndpointLost` and `EndpointAway`.
 */
export async function runOnPool(
  definition: CaseDefinition,
  pool: EndpointPool,
  options: AcquireOptions,
  run: (session: Session) => Promise<CaseResult>,
): Promise<PoolRun> {
  let session: Session;
  try {
    session = await acquireOn(pool, topologyOf(definition, pool.monitors), options);
  } catch (error) {
    if (error instanceof EndpointLost || error instanceof EndpointAway) throw error;
    return { record: notStarted(definition, error), session: null };
  }
  try {
    const { record, reusable } = await run(session);
    await pool.release(session, reusable ? 'clean' : 'dirty');
    return { record, session };
  } catch (error) {
    await pool.release(session, 'broken');
    return { record: notStarted(definition, error), session };
  }
}

/** Nobody is there, or nobody who answers. */
function isAbsence(error: unknown): boolean {
  if (error instanceof ProtocolError) return error.kind === 'greeting-timeout' || error.kind === 'truncated';
  if (error instanceof UnsupportedTopology) return false;
  return error instanceof StartError || error instanceof ClosedError || error instanceof TimeoutError;
}

/** The record of a case, `when` its endpoint was seen to have ended while nobody used it. */
export function endedIdle(record: CaseRecord, { exit, session }: EndpointLost, when: string): CaseRecord {
  if (record.outcome === 'crash' || record.outcome === 'timeout') return record;
  const how = exit === null ? 'hung up' : `ended with ${exit.signal ?? `exit status ${exit.code}`}`;
  return idleCrash(record, `the endpoint ${how} ${when}, and nothing was asked of it`, {
    ...(exit && { exitCode: exit.code, signal: exit.signal }),
    lastWords: session.endpoint.lastWords(),
    unanswered: [],
  });
}

/** The record of a case after which the endpoint could not be reached any more. */
export function goneAfter(record: CaseRecord, { message }: EndpointAway): CaseRecord {
  if (record.outcome === 'crash' || record.outcome === 'timeout') return record;
  return idleCrash(record, `the endpoint could not be reached any more when the case was over: ${message}`, {
    lastWords: [],
    unanswered: [],
  });
}

function idleCrash(record: CaseRecord, message: string, process: ProcessState): CaseRecord {
  return {
    ...record,
    outcome: 'crash',
    severity: 'must',
    reason: message,
    process,
    deviations: [...record.deviations, { check: 'crash', severity: 'must', message }],
  };
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
