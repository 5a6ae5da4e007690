/** How far a job has come, in bytes: `offset` of `len`, as queries and events tell them. */
export class JobProgress {
  readonly #onStep: (from: number, to: number) => void;
  #len = 0;
  #offset = 0;

  /** `onStep`: told of the offsets before and after each step. */
  constructor(onStep: (from: number, to: number) => void = () => {}) {
    this.#onStep = onStep;
  }

  get len(): number {
    return this.#len;
  }

  get offset(): number {
    return this.#offset;
  }

  setLength(bytes: number): void {
    this.#len = bytes;
  }

  /** So much more is done, or need not be. */
  advance(bytes: number): void {
    this.#offset += bytes;
    this.#onStep(this.#offset - bytes, this.#offset);
  }

  /** So much is still to be done, whatever the length was before. */
  setRemaining(bytes: number): void {
    this.#len = this.#offset + bytes;
  }
}
