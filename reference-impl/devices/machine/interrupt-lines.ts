/** The interrupt lines of the machine, as they reach its interrupt controller. */

/** Lines by number, low at first. */
export class InterruptLines {
  readonly #high = new Set<number>();
  readonly #listeners = new Set<(line: number, high: boolean) => void>();

  /** Listeners hear of changes only. */
  set(line: number, high: boolean): void {
    if (high === this.#high.has(line)) return;
    if (high) this.#high.add(line);
    else this.#high.delete(line);
    for (const listener of this.#listeners) listener(line, high);
  }

  /** The result takes it back. */
  listen(listener: (line: number, high: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
