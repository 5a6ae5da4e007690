/** Cases that run in several threads, each with an endpoint of its own, so that all processors have work. */
import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { CaseRecord } from '../../reports/record.ts';
import { atProcessEnd } from '../cleanup.ts';
import { Ordered } from '../runner/in-order.ts';
import { skipReason } from '../runner/needs.ts';
import { byTopology, type ExecuteRequest, execute, tooManyFailures } from '../runner/run-cases.ts';
import { unrun } from '../runner/run-on-pool.ts';
import type { TimeLimits } from '../time-limits.ts';
import type { TargetOptions } from './target-option.ts';

/** A thread costs a second before its first case: with fewer cases each it does not pay. */
const LEAST_CASES = 64;

/** What a thread is started with. */
export interface RunThreadData extends TargetOptions {
  readonly target: string;
  /** Ids of all cases, in the order in which they are begun. */
  readonly cases: readonly string[];
  /** How many of them were begun, by whichever thread; holds one whole number. */
  readonly begun: SharedArrayBuffer;
  readonly seed: string;
  readonly retries: number;
  readonly limits: TimeLimits;
  readonly excludedChecks: readonly string[] | undefined;
}

/** What a thread tells: the folder that is to be removed if it cannot do so itself, records, the end. */
export type RunThreadMessage =
  | { readonly scratch: string }
  | { readonly record: CaseRecord }
  | { readonly over: true }
  | { readonly error: string };

/** As `execute`, in as many threads as workers where the cases are many, else in this one. */
export function executeInThreads(
  target: string,
  options: TargetOptions,
): (request: ExecuteRequest) => Promise<{ readonly incomplete: boolean }> {
  return async (request) => {
    const threads = Math.min(request.workers, Math.floor(request.cases.length / LEAST_CASES));
    if (threads < 2) return execute(request);
    // The endpoint that told who it is serves nobody any more.
    await request.pool.stop();
    return new Threads(request, { target, ...options }).run(threads);
  };
}

class Threads {
  readonly #request: ExecuteRequest;
  readonly #data: RunThreadData;
  readonly #places: ReadonlyMap<string, number>;
  readonly #records: Ordered<CaseRecord>;
  readonly #begun: Int32Array;
  #failures = 0;
  #givenUp: string | null = null;

  constructor(request: ExecuteRequest, named: TargetOptions & { readonly target: string }) {
    const { cases, seed, retries, limits, excludedChecks, done } = request;
    this.#request = request;
    this.#places = new Map(cases.map(({ id }, place) => [id, place]));
    this.#records = new Ordered(cases.length, done);
    const begun = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#begun = new Int32Array(begun);
    const ids = cases.toSorted(byTopology).map(({ id }) => id);
    this.#data = { ...named, cases: ids, begun, seed, retries, limits, excludedChecks };
  }

  async run(threads: number): Promise<{ readonly incomplete: boolean }> {
    const { signal } = this.#request;
    const failed = new AbortController();
    const stop = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
    const ends = await Promise.allSettled(
      Array.from({ length: threads }, () =>
        this.#thread(stop).catch((error: unknown) => {
          failed.abort();
          throw error;
        }),
      ),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    if (this.#givenUp !== null) this.#skipRest(this.#givenUp);
    this.#records.end();
    return { incomplete: this.#givenUp !== null };
  }

  #skipRest(why: string): void {
    const { cases, endpointSchema, target, undecided } = this.#request;
    for (const [place, definition] of cases.entries()) {
      if (this.#records.results[place] !== undefined) continue;
      const reason = skipReason(definition, endpointSchema, target.capabilities, undecided) ?? why;
      this.#records.put(place, unrun(definition, 'skip', reason));
    }
  }

  /** Resolves when the thread has left nothing behind; rejects with what went wrong in it. */
  async #thread(stop: AbortSignal): Promise<void> {
    const worker = new Worker(new URL('./run-thread.js', import.meta.url), { workerData: this.#data });
    // All that a thread is ever told: nothing more is wanted.
    const halt = () => worker.postMessage('stop');
    stop.addEventListener('abort', halt);
    if (stop.aborted) halt();
    let withdraw = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        worker.on('message', (message: RunThreadMessage) => {
          if ('scratch' in message)
            withdraw = atProcessEnd(() => rmSync(message.scratch, { recursive: true, force: true }));
          else if ('record' in message) this.#take(message.record);
          else if ('error' in message) reject(new Error(message.error));
          else resolve();
        });
        worker.once('error', reject);
        worker.once('exit', () => reject(new Error('a thread that runs cases has ended')));
      });
    } finally {
      stop.removeEventListener('abort', halt);
      await worker.terminate();
      withdraw();
    }
  }

  #take(record: CaseRecord): void {
    const { isFailure, maxFailures = Number.POSITIVE_INFINITY } = this.#request;
    this.#records.put(this.#places.get(record.id)!, record);
    if (isFailure?.(record) === true) this.#failures += 1;
    if (this.#failures < maxFailures || this.#givenUp !== null) return;
    this.#givenUp = tooManyFailures(this.#failures);
    Atomics.store(this.#begun, 0, this.#places.size);
  }
}
