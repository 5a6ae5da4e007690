/**
 * Executes planned cases on so many `workers`. Cases of equal topology come one after another, so that they can share an
 * endpoint. Results come in the order of the plan, each when its worker has done the next, too: an endpoint that ends between
 * two cases is a crash of the earlier one.
 */
import type { CaseRecord, Outcome } from '../../reports/record.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { EndpointLost, type EndpointPool } from './endpoint-pool.ts';
import type { Session } from './endpoint-session.ts';
import { inOrder } from './in-order.ts';
import { skipReason } from './needs.ts';
import { runCase } from './run-case.ts';
import { EndpointAway, endedIdle, goneAfter, runOnPool, topologyOf, unrun } from './run-on-pool.ts';
import type { RunSetting } from './run-setting.ts';

/** Cases, and how they are executed. */
export interface ExecuteRequest extends RunSetting {
  readonly cases: readonly CaseDefinition[];
  /** Endpoints at a time. */
  readonly workers: number;
  /** Further tries for a case that did not pass, and one more on an endpoint started for it. */
  readonly retries: number;
  /** Gives up when `isFailure` was true so many times. Default: never. */
  readonly maxFailures?: number | undefined;
  readonly isFailure?: ((record: CaseRecord) => boolean) | undefined;
  readonly pool: EndpointPool;
  /** Called in the order of the plan. */
  readonly done: (record: CaseRecord) => void;
}

/** Outcomes that another try may change. */
const RETRIED: ReadonlySet<Outcome> = new Set(['fail', 'crash', 'timeout', 'error']);

/** Reason of the cases that are left when an attached endpoint is. */
export const GONE = 'endpoint gone';

/** Cases of equal topology next to each other, so that they can share an endpoint. */
export function byTopology(a: CaseDefinition, b: CaseDefinition): number {
  const [left, right] = [topologyOf(a).name, topologyOf(b).name];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Resolves when all cases are done, or `signal` has ended it: then what was not begun gets no record. Tells whether cases
 * were given up, which are skips.
 */
export async function execute(request: ExecuteRequest): Promise<{ readonly incomplete: boolean }> {
  const { cases, workers, signal } = request;
  const suite = new Suite(request);
  await inOrder({
    items: cases,
    workers: Array.from({ length: Math.max(1, workers) }, (_, index) => index),
    work: async (worker, definition) => {
      const ran = await suite.run(worker, definition);
      signal?.throwIfAborted();
      return ran;
    },
    emit: (ran) => suite.emit(ran),
    compare: byTopology,
    signal,
  });
  await suite.end();
  return { incomplete: suite.isGivenUp };
}

/**
 * Executes those cases that `take` names by their places, until it names one behind the last, one after another on one
 * endpoint at a time. Results come in the order in which they are taken. Resolves when they are done, or `signal` has ended
 * it; then what was not done gets no record.
 */
export async function executeTaken(
  request: Omit<ExecuteRequest, 'workers' | 'maxFailures' | 'isFailure'>,
  take: () => number,
): Promise<void> {
  const { cases, signal } = request;
  const suite = new Suite(request);
  const isOver = (): boolean => signal?.aborted === true;
  for (let place = take(); place < cases.length && !isOver(); place = take()) {
    const ran = await suite.run(0, cases[place]!).catch((error: unknown) => {
      if (!isOver()) throw error;
      return null;
    });
    if (ran !== null && !isOver()) suite.emit(ran);
  }
  await suite.end();
}

/** Why cases are left that others' failures have used up. */
export function tooManyFailures(failures: number): string {
  return `not run: ${failures} failed (--max-failures)`;
}

/** A case that ran, whose record may still change. */
interface Ran {
  record: CaseRecord;
  /** Where it ran last; null: nowhere. */
  readonly session: Session | null;
  /** Its record does not change any more. */
  isSettled: boolean;
}

class Suite {
  readonly #request: Omit<ExecuteRequest, 'workers'>;
  /** In the order of the plan; the first is not settled yet. */
  #waiting: Ran[] = [];
  /** What each worker ran last. */
  readonly #last = new Map<number, Ran>();
  #failures = 0;
  /** Why the cases that are left do not run. */
  #givenUp: string | null = null;

  constructor(request: Omit<ExecuteRequest, 'workers'>) {
    this.#request = request;
  }

  get isGivenUp(): boolean {
    return this.#givenUp !== null;
  }

  async run(worker: number, definition: CaseDefinition): Promise<Ran> {
    const { endpointSchema, undecided, target, maxFailures = Number.POSITIVE_INFINITY } = this.#request;
    const reason = skipReason(definition, endpointSchema, target.capabilities, undecided) ?? this.#givenUp;
    if (reason !== null) return skipped(definition, reason);
    const ran = await this.#withRetries(worker, definition);
    if (this.#request.isFailure?.(ran.record) === true) this.#failures += 1;
    if (this.#failures >= maxFailures) this.#givenUp ??= tooManyFailures(this.#failures);
    return ran;
  }

  /** Called in the order of the plan. */
  emit(ran: Ran): void {
    this.#waiting.push(ran);
    this.#flush();
  }

  /** All that ran is emitted. */
  async end(): Promise<void> {
    if (this.#request.signal?.aborted !== true)
      for (const lost of await this.#request.pool.takeLost()) this.#blame(lost);
    for (const ran of this.#waiting) ran.isSettled = true;
    this.#flush();
  }

  /** A case whose tries end differently is flaky. */
  async #withRetries(worker: number, definition: CaseDefinition): Promise<Ran> {
    const { target, retries, signal } = this.#request;
    const fresh = definition.fresh === true;
    const tries: Ran[] = [];
    for (let more = retries + (retries > 0 && target.capabilities.owned ? 1 : 0); ; more -= 1) {
      const ran = await this.#try(worker, definition, fresh || tries.length > retries);
      if (ran === null) break;
      tries.push(ran);
      if (!RETRIED.has(ran.record.outcome) || more === 0 || signal?.aborted === true) break;
    }
    const [first] = tries;
    if (first === undefined) return skipped(definition, this.#givenUp!);
    const last = tries.at(-1)!;
    last.record = recordOf(tries.map(({ record }) => record));
    return last;
  }

  /** Null: the endpoint is gone, and the case did not run. */
  async #try(worker: number, definition: CaseDefinition, fresh: boolean): Promise<Ran | null> {
    let before: EndpointLost | null = null;
    for (;;) {
      try {
        const { record, session } = await runOnPool(definition, this.#request.pool, { fresh }, (own) =>
          runCase(definition, own, this.#request),
        );
        const last = this.#last.get(worker);
        if (session !== null && last?.session === session && isUntouched(record))
          throw lostBefore(record, session);
        this.#settle(worker);
        const told = before === null ? record : endedIdle(record, before, 'before the case');
        const ran: Ran = { record: told, session, isSettled: false };
        this.#last.set(worker, ran);
        return ran;
      } catch (error) {
        if (error instanceof EndpointLost) {
          if (!this.#blame(error)) before = error;
        } else if (error instanceof EndpointAway) {
          const last = this.#last.get(worker);
          if (last?.isSettled === false) last.record = goneAfter(last.record, error);
          this.#givenUp ??= GONE;
          return null;
        } else throw error;
      }
    }
  }

  /** Tells it of what ran last on an endpoint that ended idle. False: that cannot be told of it any more. */
  #blame(lost: EndpointLost): boolean {
    const ran = [...this.#last.values()].find(({ session }) => session === lost.session);
    if (ran === undefined || ran.isSettled) return false;
    ran.record = endedIdle(ran.record, lost, 'when the case was over');
    return true;
  }

  /** The worker's last case was outlived by its endpoint. */
  #settle(worker: number): void {
    const ran = this.#last.get(worker);
    if (ran === undefined) return;
    ran.isSettled = true;
    this.#flush();
  }

  #flush(): void {
    while (this.#waiting[0]?.isSettled === true) this.#request.done(this.#waiting.shift()!.record);
  }
}

/** It crashed before anything was asked of the endpoint. */
function isUntouched({ outcome, transcript, process }: CaseRecord): boolean {
  return outcome === 'crash' && transcript?.steps.length === 0 && process?.unanswered?.length === 0;
}

function lostBefore({ process }: CaseRecord, session: Session): EndpointLost {
  const { exitCode: code = null, signal = null } = process ?? {};
  return new EndpointLost(session, code === null && signal === null ? null : { code, signal });
}

function skipped(definition: CaseDefinition, reason: string): Ran {
  return { record: unrun(definition, 'skip', reason), session: null, isSettled: true };
}

/** Of all tries, in their order. */
function recordOf(tries: readonly CaseRecord[]): CaseRecord {
  const [first] = tries;
  const last = tries.at(-1)!;
  if (tries.length === 1) return last;
  const earlier = tries.slice(0, -1).map(({ outcome }) => outcome);
  return earlier.every((outcome) => outcome === last.outcome)
    ? { ...last, earlier }
    : { ...first!, outcome: 'flaky', earlier: [...earlier, last.outcome] };
}
