/**
 * Averages over the last seconds, in constant room: two windows, each of four thirds of the period, begin in turn half a
 * window apart. The older one is told, so that it covers two to four thirds of the period, and on average the whole.
 */

const NS = 1_000_000_000n;

interface Window {
  expires: bigint;
  count: bigint;
  sum: bigint;
  min: bigint;
  max: bigint;
}

/** What happened in a window, of values in nanoseconds. */
export interface WindowSummary {
  readonly min: bigint;
  readonly max: bigint;
  readonly average: bigint;
  readonly sum: bigint;
  /** Since the window began. */
  readonly elapsed: bigint;
}

/** Times are nanoseconds of the clock. */
export class TimedAverage {
  readonly #length: bigint;
  readonly #windows: readonly [Window, Window];

  constructor(seconds: number, now: bigint) {
    this.#length = (BigInt(seconds) * NS * 4n) / 3n;
    this.#windows = [emptyWindow(now + this.#length / 2n), emptyWindow(now + this.#length)];
  }

  add(value: bigint, now: bigint): void {
    this.#expire(now);
    for (const window of this.#windows) {
      window.min = window.count === 0n || value < window.min ? value : window.min;
      window.max = value > window.max ? value : window.max;
      window.count += 1n;
      window.sum += value;
    }
  }

  summary(now: bigint): WindowSummary {
    this.#expire(now);
    const [first, second] = this.#windows;
    const { expires, count, sum, min, max } = first.expires < second.expires ? first : second;
    const average = count === 0n ? 0n : sum / count;
    return { min, max, average, sum, elapsed: this.#length - (expires - now) };
  }

  /** Windows that have ended begin anew, where they would be had each begun when the one before it ended. */
  #expire(now: bigint): void {
    for (const window of this.#windows) {
      if (window.expires > now) continue;
      const missed = (now - window.expires) / this.#length;
      Object.assign(window, emptyWindow(window.expires + (missed + 1n) * this.#length));
    }
  }
}

function emptyWindow(expires: bigint): Window {
  return { expires, count: 0n, sum: 0n, min: 0n, max: 0n };
}
