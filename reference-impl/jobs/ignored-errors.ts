/** How often a job tries again what fails. */

/** Errors that a job ignores at one place before it tries again more slowly, and how slowly. */
const FREE_RETRIES = 2;
const RETRY_NS = 1_000_000n;

/** Errors ignored in a row without progress: what fails again and again lets time pass, or nobody could end it. */
export class IgnoredErrors {
  #count = 0;
  #offset = -1;

  /** One more, where the job has come to `offset`. */
  count(offset: number): void {
    this.#count = offset === this.#offset ? this.#count + 1 : 1;
    this.#offset = offset;
  }

  /** Nanoseconds to wait before the next try. */
  retryNs(offset: number): bigint {
    return this.#count > FREE_RETRIES && offset === this.#offset ? RETRY_NS : 0n;
  }
}
