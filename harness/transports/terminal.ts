/**
 * Writing to a terminal. Node's own streams for terminals block the whole process while the terminal is full; this
 * one tries again later.
 */
import { write } from 'node:fs';
import { Writable } from 'node:stream';

/** Milliseconds until a full terminal is tried again. */
const RETRY_INTERVAL = 2;

/** Writes to `fd`, which must have been opened with O_NONBLOCK. Who made it closes `fd`, after `close` came. */
export class TerminalWriter extends Writable {
  readonly #fd: number;
  /** Takes back a retry that has not begun. */
  #stop: (() => void) | null = null;
  #writing = false;
  #afterwards: (() => void) | null = null;

  constructor(fd: number) {
    super({ decodeStrings: true });
    this.#fd = fd;
  }

  override _write(chunk: Buffer, encoding: string, done: (error?: Error | null) => void): void {
    this.#writing = true;
    write(this.#fd, chunk, (error, written) => {
      this.#writing = false;
      if (this.#afterwards !== null) this.#afterwards();
      else if (error && error.code !== 'EAGAIN') done(error);
      else if (!error && written === chunk.length) done();
      else {
        const rest = error ? chunk : chunk.subarray(written);
        const timer = setTimeout(() => this._write(rest, encoding, done), RETRY_INTERVAL);
        this.#stop = () => clearTimeout(timer);
      }
    });
  }

  /** Waits for a write that is under way: `fd` may be closed, and its number used again, only after that. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stop?.();
    if (this.#writing) this.#afterwards = () => done(error);
    else done(error);
  }
}
