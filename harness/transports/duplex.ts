/**
 * The common part of every transport that is a pair of Node streams: sockets, a child's stdio, pipes, terminals.
 * What differs between them (how it is opened, what is freed at the end) stays in their own files.
 */
import type { Readable, Writable } from 'node:stream';
import type { Transport, TransportSink } from './transport.ts';

export interface DuplexParts {
  readonly name: string;
  /** Its end is the end of the connection. */
  readonly readable: Readable;
  /** May be the same stream. If it is another, it may fail first: what was received is still delivered. */
  readonly writable: Writable;
  /** False where the medium cannot end one direction alone: then `end` only stops writing. Default true. */
  readonly halfClose?: boolean;
  /** Frees what the streams do not free themselves. Called once. */
  readonly release?: () => Promise<void> | void;
}

export class DuplexTransport implements Transport {
  readonly name: string;
  readonly #parts: DuplexParts;
  #sink: TransportSink | null = null;
  #error: Error | undefined;
  /** True once no more can be sent. */
  #ended = false;
  #closing: Promise<void> | null = null;

  constructor(parts: DuplexParts) {
    this.name = parts.name;
    this.#parts = parts;
    const { readable, writable } = parts;
    readable.on('error', (error: Error) => this.#finish(error));
    readable.once('close', () => this.#finish());
    readable.once('end', () => this.#finish());
    if ((writable as unknown) === readable) return;
    writable.on('error', (error: Error) => {
      this.#error ??= error;
    });
    writable.once('close', () => {
      this.#ended = true;
    });
  }

  open(sink: TransportSink): void {
    if (this.#sink !== null) throw new Error(`${this.name}: open was called before`);
    this.#sink = sink;
    if (this.#closing !== null) setImmediate(() => sink.closed(this.#error));
    else this.#parts.readable.on('data', (chunk: Uint8Array) => sink.data(chunk));
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    const { writable } = this.#parts;
    if (this.#closing !== null || this.#ended) return Promise.reject(this.#gone());
    if (writable.write(bytes)) return undefined;
    return new Promise((resolve, reject) => {
      const drained = () => {
        writable.off('close', gone);
        resolve();
      };
      const gone = () => {
        writable.off('drain', drained);
        reject(this.#gone());
      };
      writable.once('drain', drained);
      writable.once('close', gone);
    });
  }

  end(): void {
    if (this.#closing !== null || this.#ended) return;
    this.#ended = true;
    if (this.#parts.halfClose ?? true) this.#parts.writable.end();
  }

  close(): Promise<void> {
    this.#finish();
    return this.#closing!;
  }

  #gone(): Error {
    return new Error(`${this.name}: the connection is closed`, this.#error && { cause: this.#error });
  }

  #finish(error?: Error): void {
    if (this.#closing !== null) return;
    this.#error = error;
    this.#closing = this.#free();
    if (this.#sink !== null) setImmediate(() => this.#sink!.closed(error));
  }

  async #free(): Promise<void> {
    const { readable, writable, release } = this.#parts;
    const closed = [readable, writable].map(untilClosed);
    readable.removeAllListeners('data');
    readable.destroy();
    writable.destroy();
    await Promise.all(closed);
    await release?.();
  }
}

function untilClosed(stream: Readable | Writable): Promise<void> {
  return stream.closed ? Promise.resolve() : new Promise((resolve) => stream.once('close', () => resolve()));
}
