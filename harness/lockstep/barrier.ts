/**
 * Where the sides of a lockstep run wait for each other: the n-th arrival of a side goes on when every other side that
 * is still running has arrived n times. A side that is over leaves; once one has not come within the patience of
 * the others, nobody is waited for any more.
 */
export class Barrier {
  readonly #patience: number;
  readonly #meet: () => Promise<void>;
  /** Arrivals of each side; infinite once it has left. */
  readonly #arrivals: number[];
  /** Who waits, by number of arrival. */
  readonly #waiting = new Map<number, (() => void)[]>();
  #meetings: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #dissolved = false;

  /** `meet` runs when all are there, before they go on. `patience`: milliseconds. */
  constructor(sides: number, patience: number, meet: () => Promise<void>) {
    this.#arrivals = Array.from({ length: sides }, () => 0);
    this.#patience = patience;
    this.#meet = meet;
  }

  /** Side `index` has come to its next exchange. One that has left waits for nobody. */
  arrive(index: number): Promise<void> {
    const number = this.#arrivals[index]!;
    if (this.#dissolved || number === Number.POSITIVE_INFINITY) return Promise.resolve();
    this.#arrivals[index] = number + 1;
    return new Promise((resolve) => {
      const there = this.#waiting.get(number) ?? [];
      this.#waiting.set(number, [...there, resolve]);
      this.#goOn();
    });
  }

  leave(index: number): void {
    this.#arrivals[index] = Number.POSITIVE_INFINITY;
    this.#goOn();
  }

  #goOn(): void {
    const all = Math.min(...this.#arrivals);
    for (const [number, waiting] of this.#waiting) {
      if (number >= all) continue;
      this.#waiting.delete(number);
      this.#meetings = this.#meetings.then(this.#meet).then(() => {
        for (const resolve of waiting) resolve();
      });
    }
    clearTimeout(this.#timer);
    this.#timer = this.#waiting.size > 0 ? setTimeout(() => this.#dissolve(), this.#patience) : undefined;
  }

  #dissolve(): void {
    this.#dissolved = true;
    for (const waiting of this.#waiting.values()) for (const resolve of waiting) resolve();
    this.#waiting.clear();
  }
}
