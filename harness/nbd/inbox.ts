/** Bytes that came, for one who asks for so many at a time. For either side of a connection. */
export class Inbox {
  /** Came before somebody asked for them. */
  #early = Buffer.alloc(0);
  #wanted: { left: Buffer; readonly settle: (ended: Error | null) => void } | null = null;
  #ended: Error | null = null;

  /** Keeps nothing of `bytes` but copies. */
  put(bytes: Buffer): void {
    const rest = this.#wanted === null ? bytes : bytes.subarray(this.#pour(bytes));
    if (rest.length > 0) this.#early = Buffer.concat([this.#early, rest]);
  }

  /** The connection has ended: who waits is told why, and who asks for more than came. */
  end(reason: Error): void {
    this.#ended ??= reason;
    this.#wanted?.settle(this.#ended);
  }

  /** Rejects with the reason if the connection ends first. */
  async take(length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.fill(bytes);
    return bytes;
  }

  /** As `take`, into these bytes. */
  fill(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (ended: Error | null): void => {
        this.#wanted = null;
        if (ended === null) resolve();
        else reject(ended);
      };
      this.#wanted = { left: bytes, settle };
      this.#early = this.#early.subarray(this.#pour(this.#early));
      if (this.#ended !== null) this.#wanted?.settle(this.#ended);
    });
  }

  /** How many went to who waits. */
  #pour(bytes: Buffer): number {
    const wanted = this.#wanted!;
    const count = bytes.copy(wanted.left);
    wanted.left = wanted.left.subarray(count);
    if (wanted.left.length === 0) wanted.settle(null);
    return count;
  }
}
