/**
 * Executes planned cases on `jobs` workers. Each worker has one endpoint at a time and keeps it while the next case
 * wants the same topology and the last one left it as it was. Results come in the order of the plan.
 */
import type { CaseRecord, Outcome } from '../../reports/record.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { StartError, type Topology, UnsupportedTopology } from '../targets/target.ts';
import { Session } from './endpoint-session.ts';
import { inOrder } from './in-order.ts';
import { skipReason } from './needs.ts';
import { type CaseSetting, runCase } from './run-case.ts';
import type { ScratchArea } from './scratch.ts';

export const EMPTY_TOPOLOGY: Topology = { name: 'empty', images: [], options: [], monitors: 1 };

export interface ExecuteRequest extends CaseSetting {
  readonly cases: readonly CaseDefinition[];
  readonly jobs: number;
  /** Further tries for a case that did not pass. */
  readonly retries: number;
  readonly area: ScratchArea;
  /** A live endpoint of the empty topology, for the first worker; it ends it. */
  readonly first: Session;
  /** Called in the order of the plan. */
  readonly done: (record: CaseRecord) => void;
}

/** Outcomes that another try may change. */
const RETRIED: ReadonlySet<Outcome> = new Set(['fail', 'crash', 'timeout', 'error']);

/** Resolves when all cases are done, or `signal` has ended it: then what was not begun gets no record. */
export async function execute(request: ExecuteRequest): Promise<void> {
  const { cases, jobs, done, signal } = request;
  const workers = Array.from(
    { length: Math.max(1, jobs) },
    (_, i) => new Worker(request, i === 0 ? request.first : null),
  );
  try {
    await inOrder({
      items: cases,
      workers,
      work: async (worker, definition) => {
        const record = await worker.run(definition);
        signal?.throwIfAborted();
        return record;
      },
      emit: done,
      compare: byTopology,
      signal,
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

/** Cases of equal topology next to each other, so that they can share an endpoint. */
export function byTopology(a: CaseDefinition, b: CaseDefinition): number {
  const [left, right] = [topologyOf(a).name, topologyOf(b).name];
  return left < right ? -1 : left > right ? 1 : 0;
}

export function topologyOf({ topology = EMPTY_TOPOLOGY }: CaseDefinition): Topology {
  return topology;
}

class Worker {
  readonly #request: ExecuteRequest;
  #session: Session | null;

  constructor(request: ExecuteRequest, session: Session | null) {
    this.#request = request;
    this.#session = session;
  }

  /** With its retries: a case whose tries end differently is flaky. */
  async run(definition: CaseDefinition): Promise<CaseRecord> {
    const reason = skipReason(definition, this.#request.endpointSchema, this.#request.target.capabilities);
    if (reason !== null) return unrun(definition, 'skip', reason);
    const record = await this.#try(definition);
    const earlier: Outcome[] = [];
    let last = record;
    while (
      RETRIED.has(last.outcome) &&
      earlier.length < this.#request.retries &&
      !this.#request.signal?.aborted
    ) {
      earlier.push(last.outcome);
      last = await this.#try(definition);
    }
    if (earlier.length === 0) return record;
    return earlier.every((outcome) => outcome === last.outcome)
      ? { ...last, earlier }
      : { ...record, outcome: 'flaky', earlier: [...earlier, last.outcome] };
  }

  async #try(definition: CaseDefinition): Promise<CaseRecord> {
    const topology = topologyOf(definition);
    try {
      if (this.#session === null || definition.fresh || !sameTopology(this.#session.topology, topology)) {
        await this.stop();
        const { target, area, caseTimeout, signal } = this.#request;
        const timeout = caseTimeout;
        this.#session = await Session.start({ target, topology, area, timeout, ...(signal && { signal }) });
      }
      const { record, reusable } = await runCase(definition, this.#session, this.#request);
      const { owned, reconnects } = this.#request.target.capabilities;
      if (!reusable && (owned || reconnects)) await this.stop();
      return record;
    } catch (error) {
      await this.stop();
      return notStarted(definition, error);
    }
  }

  async stop(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.stop();
  }
}

export function sameTopology(a: Topology, b: Topology): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Options that an endpoint refuses are a reason to skip; dying by a signal over them is a crash. */
export function notStarted(definition: CaseDefinition, error: unknown): CaseRecord {
  const message = error instanceof Error ? error.message : String(error);
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
