/** Writes that a server has taken and may yet lose: what they wrote is kept until it says that all is stored. */

export interface UnsavedWrite {
  readonly offset: number;
  readonly data: Uint8Array;
  /** Of the server when it took the write. */
  readonly verifier: bigint;
}

/** In the order in which they were taken. */
export class UnsavedWrites {
  #writes: UnsavedWrite[] = [];
  /** Of all of them. */
  bytes = 0;

  add(write: UnsavedWrite): void {
    this.#writes.push({ ...write, data: write.data.slice() });
    this.bytes += write.data.length;
  }

  /** All, if a server of this verifier may have lost one: one written again hides what came after it. */
  lostBy(verifier: bigint): readonly UnsavedWrite[] {
    return this.#writes.some((write) => write.verifier !== verifier) ? this.#writes : [];
  }

  clear(): void {
    this.#writes = [];
    this.bytes = 0;
  }
}
