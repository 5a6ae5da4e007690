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
): Promise<(R | undefined)[]> {
  const { items, workers, work, emit, compare, signal, expired } = options;
  const waiting = items.map((item, index) => ({ item, index }));
  if (compare !== undefined) waiting.sort((a, b) => compare(a.item, b.item));
  const results = items.map((): R | undefined => undefined);
  const errors: unknown[] = [];
  let emitted = 0;
  const isOver = (): boolean => errors.length > 0 || signal?.aborted === true || expired?.() === true;
  const take = () => (isOver() ? undefined : waiting.shift());
  const run = async (worker: W): Promise<void> => {
    for (let next = take(); next !== undefined; next = take()) {
      results[next.index] = await work(worker, next.item).catch((error: unknown) => {
        if (signal?.aborted !== true) throw error;
        return undefined;
      });
      for (; results[emitted] !== undefined; emitted += 1) emit?.(results[emitted]!);
    }
  };
  await Promise.all(workers.map((worker) => run(worker).catch((error: unknown) => errors.push(error))));
  if (errors.length > 0) throw errors[0];
  for (const result of results.slice(emitted)) if (result !== undefined) emit?.(result);
  return results;
}
