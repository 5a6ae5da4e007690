/** One at a time: callers get the lock in the order in which they asked. */
export class Lock {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `work` when every earlier holder is done. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
