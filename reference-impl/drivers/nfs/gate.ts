/** Who may go on at the same time: many that share, or one alone. */
export class Gate {
  /** Ends with the last one alone. */
  #alone: Promise<void> = Promise.resolve();
  #sharing = new Set<Promise<unknown>>();

  /** Runs beside others that share. */
  async share<T>(work: () => Promise<T>): Promise<T> {
    for (let before: Promise<void> | undefined; before !== this.#alone; ) {
      before = this.#alone;
      await before;
    }
    const running = work();
    const ended = running.then(
      () => {},
      () => {},
    );
    this.#sharing.add(ended);
    try {
      return await running;
    } finally {
      this.#sharing.delete(ended);
    }
  }

  /** Runs when nothing else does; what comes later waits. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#alone.then(() => Promise.all(this.#sharing)).then(work);
    this.#alone = running.then(
      () => {},
      () => {},
    );
    return running;
  }
}
