/**
 * Waits for the first bytes on a transport without taking them from whoever opens it next: the greeting shows that
 * an endpoint has come up, and is still the client's to read.
 */
import type { Transport, TransportSink } from '../transports/transport.ts';

/** A transport that was opened early and holds what came until its own `open`. */
export class GreetedTransport implements Transport {
  readonly name: string;
  /** Resolves with true at the first bytes, with false if the stream ended before. Never rejects. */
  readonly greeted: Promise<boolean>;
  readonly #inner: Transport;
  readonly #held: Uint8Array[] = [];
  #sink: TransportSink | null = null;
  #closed: { error?: Error } | null = null;

  constructor(inner: Transport) {
    this.name = inner.name;
    this.#inner = inner;
    this.greeted = new Promise((resolve) => {
      inner.open({
        data: (chunk) => {
          resolve(true);
          if (this.#sink === null) this.#held.push(chunk);
          else this.#sink.data(chunk);
        },
        closed: (error) => {
          resolve(false);
          if (this.#sink !== null) this.#sink.closed(error);
          else this.#closed = error === undefined ? {} : { error };
        },
      });
    });
  }

  open(sink: TransportSink): void {
    setImmediate(() => {
      for (const chunk of this.#held.splice(0)) sink.data(chunk);
      this.#sink = sink;
      if (this.#closed !== null) sink.closed(this.#closed.error);
    });
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#inner.write(bytes);
  }

  end(): void {
    this.#inner.end();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
