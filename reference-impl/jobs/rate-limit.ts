/**
 * Holds a job to its `speed`: time is cut into slices, each with its share of bytes. What was already copied counts
 * against slices to come.
 */
import type { Clock } from '../host/clock.ts';

const SLICE_NS = 100_000_000n;
const SLICES_A_SECOND = 10n;

export class RateLimit {
  readonly #clock: Clock;
  #quota = 0n;
  #start = 0n;
  #end = 0n;
  #dispatched = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes a second; 0 for no limit. */
  set speed(bytes: bigint) {
    const share = bytes / SLICES_A_SECOND;
    this.#quota = bytes === 0n ? 0n : share > 0n ? share : 1n;
  }

  /** Accounts for bytes just copied; the nanoseconds to wait before any more. */
  account(bytes: number): bigint {
    if (this.#quota === 0n) return 0n;
    const now = this.#clock.now();
    if (this.#end <= now) {
      this.#start = now;
      this.#end = now + SLICE_NS;
      this.#dispatched = 0n;
    }
    this.#dispatched += BigInt(bytes);
    if (this.#dispatched < this.#quota) return 0n;
    const slices = (this.#dispatched + this.#quota - 1n) / this.#quota;
    this.#end = this.#start + slices * SLICE_NS;
    return this.#end - now;
  }
}
