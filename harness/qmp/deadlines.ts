/**
 * Time limits of many waits on one timer: starting and ending a wait costs no timer of its own. The timer keeps the
 * process alive only while something waits.
 */

export interface Deadline {
  /** In the milliseconds of `performance.now()`. */
  readonly at: number;
  expire(): void;
}

export class Deadlines {
  readonly #waiting = new Set<Deadline>();
  #timer: NodeJS.Timeout | null = null;
  /** When the timer fires. */
  #due = Number.POSITIVE_INFINITY;

  /** Calls `expire` once, unless the result is given to `cancel` before. */
  start(milliseconds: number, expire: () => void): Deadline {
    const deadline = { at: performance.now() + milliseconds, expire };
    if (this.#waiting.size === 0) this.#timer?.ref();
    this.#waiting.add(deadline);
    if (deadline.at < this.#due) this.#arm(deadline.at);
    return deadline;
  }

  cancel(deadline: Deadline): void {
    if (this.#waiting.delete(deadline) && this.#waiting.size === 0) this.#timer?.unref();
  }

  #arm(at: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = at;
    this.#timer = setTimeout(() => this.#fire(), Math.ceil(at - performance.now()));
  }

  #fire(): void {
    this.#timer = null;
    this.#due = Number.POSITIVE_INFINITY;
    const now = performance.now();
    const over = [...this.#waiting].filter((deadline) => deadline.at <= now);
    for (const deadline of over) this.#waiting.delete(deadline);
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#waiting) next = Math.min(next, at);
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
    for (const deadline of over) deadline.expire();
  }
}
