/**
 * A connection read by counts of bytes instead of by what happens to arrive. No more is taken from the peer than
 * `HIGH_WATER` beyond what is being waited for, so that a peer that only sends costs little memory.
 */
import type { Duplex } from 'node:stream';

const HIGH_WATER = 1 << 20;

/** The peer has gone, or the connection was closed from this side. */
export class StreamEnded extends Error {
  override readonly name = 'StreamEnded';
}

/** Reads a given number of bytes at a time from a connection, and writes to it. */
export class ByteStream {
  readonly #socket: Duplex;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #ended: Error | undefined;
  #wake: (() => void) | undefined;
  #draining: Promise<void> | undefined;
  /** Bytes that have arrived so far. */
  received = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
    socket.on('error', this.#onError);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    this.received += chunk.length;
    if (this.#buffered >= HIGH_WATER) this.#socket.pause();
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#finish(new StreamEnded('Unexpected end-of-file before all data were read'));
  };

  readonly #onError = (error: Error): void => {
    this.#finish(new StreamEnded(`Unable to read from socket: ${error.message}`, { cause: error }));
  };

  #finish(reason: Error): void {
    this.#ended ??= reason;
    this.#wake?.();
  }

  /** Exactly `length` bytes; throws `StreamEnded`. One reader at a time. */
  async read(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    await this.readInto(bytes);
    return bytes;
  }

  /** Fills `target`; throws `StreamEnded`. */
  async readInto(target: Uint8Array): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const part = await this.#next(target.length - done);
      target.set(part, done);
      done += part.length;
    }
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) left -= (await this.#next(left)).length;
  }

  /** What has arrived, `most` bytes of it at most; waits if nothing has. */
  async #next(most: number): Promise<Buffer> {
    while (this.#chunks.length === 0) {
      if (this.#ended !== undefined) throw this.#ended;
      await this.#arrival();
    }
    const first = this.#chunks[0]!;
    return this.#take(first, Math.min(most, first.length));
  }

  async #arrival(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#socket.resume();
    });
    this.#wake = undefined;
  }

  #take(first: Buffer, length: number): Buffer {
    if (length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(length);
    this.#buffered -= length;
    return first.subarray(0, length);
  }

  /** Sends the parts back to back. Drops them when the connection has ended: reading tells of that. */
  write(...parts: readonly Uint8Array[]): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  /** Resolves when what was written is with the host or lost. */
  drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return Promise.resolve();
    this.#draining ??= new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        this.#draining = undefined;
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
    return this.#draining;
  }

  /** Gives the socket to another layer, such as TLS. Throws if the peer has sent something for it too early. */
  detach(): Duplex {
    if (this.#buffered > 0) throw new StreamEnded('Data arrived ahead of the TLS handshake');
    this.#socket.off('data', this.#onData);
    return this.#socket;
  }

  /** Sends what is left to send, then closes. */
  end(): void {
    this.#finish(new StreamEnded('Connection closed'));
    this.#socket.end(() => this.#socket.destroy());
  }

  destroy(): void {
    this.#finish(new StreamEnded('Connection closed'));
    this.#socket.destroy();
  }
}
