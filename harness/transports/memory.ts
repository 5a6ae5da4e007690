/** A connection inside the process, to an embedded endpoint or a test's own peer. */
import type { Transport, TransportSink } from './transport.ts';

/** What an embedded endpoint is given to talk to its client. May be called at any time, even during `connect`. */
export interface MemoryClient {
  data(bytes: Uint8Array): void;
  end(): void;
}

/** The endpoint's side of one connection. */
export interface MemoryPeer {
  /** Bytes from the client. */
  write(bytes: Uint8Array): void;
  /** The client has ended its side. Called at most once. */
  end(): void;
}

/** Connects to an embedded endpoint at once. What it sends is kept until `open`. */
export function memoryTransport(name: string, connect: (client: MemoryClient) => MemoryPeer): Transport {
  return new MemoryTransport(name, connect);
}

/** Two transports, each the peer of the other. */
export function memoryPair(name = 'memory'): [Transport, Transport] {
  let left: MemoryClient;
  let right: MemoryClient;
  return [
    memoryTransport(name, (client) => {
      left = client;
      return { write: (bytes) => right.data(bytes), end: () => right.end() };
    }),
    memoryTransport(name, (client) => {
      right = client;
      return { write: (bytes) => left.data(bytes), end: () => left.end() };
    }),
  ];
}

/**
 * Bytes cross at the next turn of the event loop, never inside the call that sends them. There is no window:
 * `write` never asks to wait, since both sides share one memory.
 */
class MemoryTransport implements Transport {
  readonly name: string;
  readonly #peer: MemoryPeer;
  #sink: TransportSink | null = null;
  #outgoing: Uint8Array[] = [];
  #incoming: Uint8Array[] = [];
  #scheduled = false;
  #sending: 'open' | 'ending' | 'ended' = 'open';
  #receiving: 'open' | 'ending' | 'ended' = 'open';

  constructor(name: string, connect: (client: MemoryClient) => MemoryPeer) {
    this.name = name;
    this.#peer = connect({
      data: (bytes) => {
        if (this.#receiving !== 'open') return;
        this.#incoming.push(bytes);
        this.#schedule();
      },
      end: () => {
        if (this.#receiving === 'open') this.#receiving = 'ending';
        this.#schedule();
      },
    });
  }

  open(sink: TransportSink): void {
    if (this.#sink !== null) throw new Error(`${this.name}: open was called before`);
    this.#sink = sink;
    this.#schedule();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#sending !== 'open') return Promise.reject(new Error(`${this.name}: the connection is closed`));
    this.#outgoing.push(bytes);
    this.#schedule();
    return undefined;
  }

  end(): void {
    if (this.#sending === 'open') this.#sending = 'ending';
    this.#schedule();
  }

  close(): Promise<void> {
    this.end();
    this.#incoming = [];
    if (this.#receiving === 'open') this.#receiving = 'ending';
    return Promise.resolve();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#cross();
    });
  }

  #cross(): void {
    for (const bytes of this.#outgoing.splice(0)) this.#peer.write(bytes);
    if (this.#sending === 'ending') {
      this.#sending = 'ended';
      this.#peer.end();
    }
    if (this.#sink === null) return;
    for (let next = this.#incoming.shift(); next; next = this.#incoming.shift()) this.#sink.data(next);
    if (this.#receiving === 'ending') {
      this.#receiving = 'ended';
      this.end();
      this.#sink.closed();
    }
  }
}
