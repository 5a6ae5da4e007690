/**
 * Counts what is being worked on (commands, host I/O), so that someone outside can wait until the endpoint is idle.
 * Timers of the clock do not count: whoever holds the clock decides when they fire.
 */
export class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Runs asynchronous work counted as in flight. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    this.begin();
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** Inside tracked work: waits for a timer of the clock, which is no work. */
  async pause(timer: Promise<void>): Promise<void> {
    this.end();
    try {
      await timer;
    } finally {
      this.begin();
    }
  }

  /** Resolves when nothing is in flight, also not in the reactions to what ended last. */
  async idle(): Promise<void> {
    do {
      if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#count > 0);
  }
}
