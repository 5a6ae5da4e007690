/** Work on several items at a time whose results come out in the order of the items. */

export interface InOrderOptions<T, W, R extends object | null> {
  readonly items: readonly T[];
  /** Each works on one item at a time and takes the next when it is done. */
  readonly workers: readonly W[];
  readonly work: (worker: W, item: T) => Promise<R>;
  /** Called once per result, in the order of the items, as soon as all results before it are there. */
  readonly emit?: ((result: R) => void) | undefined;
  /** Sorts the items for the workers: less than 0 where `a` is begun before `b`. Default: as they stand. */
  readonly compare?: (a: T, b: T) => number;
  /** After its abort nothing is begun, and work that rejects counts as not done. */
  readonly signal?: AbortSignal | undefined;
  /** Asked before each item; once true, nothing more is begun. */
  readonly expired?: (() => boolean) | undefined;
}

/**
 * Returns the results by index of item, undefined for items that were not done. After an interruption `emit` also gets
 * the results behind a gap. Rejects with the first error of `work` or `emit` once no worker is busy; nothing is begun
 * after an error.
 */
export async function inOrder<T, W, R extends object | null>(
  options: InOrderOptions<T, W, R>,
): Promise<readonly (R | undefined)[]> {
  const { items, workers, work, emit, compare, signal, expired } = options;
  const waiting = items.map((item, index) => ({ item, index }));
  if (compare !== undefined) waiting.sort((a, b) => compare(a.item, b.item));
  const ordered = new Ordered<R>(items.length, emit);
  const errors: unknown[] = [];
  const isOver = (): boolean => errors.length > 0 || signal?.aborted === true || expired?.() === true;
  const take = () => (isOver() ? undefined : waiting.shift());
  const run = async (worker: W): Promise<void> => {
    for (let next = take(); next !== undefined; next = take()) {
      const result = await work(worker, next.item).catch((error: unknown) => {
        if (signal?.aborted !== true) throw error;
        return undefined;
      });
      if (result !== undefined) ordered.put(next.index, result);
    }
  };
  await Promise.all(workers.map((worker) => run(worker).catch((error: unknown) => errors.push(error))));
  if (errors.length > 0) throw errors[0];
  ordered.end();
  return ordered.results;
}

/** Results that come in any order and are passed on in that of their places. */
export class Ordered<R extends object | null> {
  readonly #results: (R | undefined)[];
  readonly #emit: (result: R) => void;
  #emitted = 0;

  constructor(places: number, emit: (result: R) => void = () => {}) {
    this.#results = Array.from({ length: places }, () => undefined);
    this.#emit = emit;
  }

  /** By place; undefined: not there. */
  get results(): readonly (R | undefined)[] {
    return this.#results;
  }

  /** Passes the result on, and what has waited for it, as soon as all before it are there. */
  put(place: number, result: R): void {
    this.#results[place] = result;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#emitted += 1;
      this.#emit(next);
    }
  }

  /** No more come: what stands behind a gap is passed on. */
  end(): void {
    const rest = this.#results.slice(this.#emitted);
    this.#emitted = this.#results.length;
    for (const result of rest) if (result !== undefined) this.#emit(result);
  }

  #next(): R | undefined {
    return this.#results[this.#emitted];
  }
}
