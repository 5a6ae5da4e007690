/** Waiting for endpoints to call: the common part of all listening transports. */
import { once } from 'node:events';
import type { Server } from 'node:net';
import { ConnectError, type ConnectOptions } from './address-kind.ts';
import type { Transport } from './transport.ts';

export interface Listener {
  /** What an endpoint must connect to, in the form of a target address: with the real port. */
  readonly address: string;
  /** The next endpoint that calls. Rejects with `ConnectError` once `signal` aborts or the listener is closed. */
  accept(options?: ConnectOptions): Promise<Transport>;
  /** Stops listening and drops who called but was not accepted. Idempotent; accepted connections stay. */
  close(): Promise<void>;
}

export interface ListenRequest {
  /** For messages. */
  readonly name: string;
  readonly server: Server;
  /** Calls the server's `listen`. */
  start(): void;
  /** Its address, once it listens. */
  address(): string;
}

/** Callers that wait for `accept`, or the other way round. */
export class CallQueue {
  readonly #name: string;
  readonly #callers: Transport[] = [];
  readonly #waiting: ((caller: Transport) => void)[] = [];
  readonly #closed = new AbortController();

  constructor(name: string) {
    this.#name = name;
  }

  call(caller: Transport): void {
    const accept = this.#waiting.shift();
    if (this.#closed.signal.aborted) void caller.close();
    else if (accept) accept(caller);
    else this.#callers.push(caller);
  }

  accept(options: ConnectOptions = {}): Promise<Transport> {
    const caller = this.#callers.shift();
    if (caller !== undefined) return Promise.resolve(caller);
    const closed = this.#closed.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, closed]) : closed;
    return new Promise((resolve, reject) => {
      const take = (next: Transport) => {
        signal.removeEventListener('abort', giveUp);
        resolve(next);
      };
      const giveUp = () => {
        const index = this.#waiting.indexOf(take);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(new ConnectError(this.#name, 'nobody called', signal.reason));
      };
      if (signal.aborted) {
        giveUp();
        return;
      }
      this.#waiting.push(take);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the listener was closed'));
    await Promise.all(this.#callers.splice(0).map((caller) => caller.close()));
  }
}

/** Starts a server whose callers come through `calls`. Rejects with `ConnectError`. */
export async function listen(request: ListenRequest, calls: CallQueue): Promise<Listener> {
  const { server, name } = request;
  request.start();
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ConnectError(name, 'cannot listen', error);
  }
  return {
    address: request.address(),
    accept: (options) => calls.accept(options),
    close: async () => {
      // The address is free at once; the server object ends when the connections that it accepted do.
      if (server.listening) server.close();
      await calls.close();
    },
  };
}
