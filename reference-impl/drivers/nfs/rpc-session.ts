/**
 * Calls to one service over connections that may be lost: the next connection is asked again what the last one has not answered. So
 * only what may be done twice is asked for here.
 *
 * A lost connection is made again at once, and each second after a few losses in a row. A service that gives no answer for
 * `PATIENCE` is given up: calls fail, and each later one tries once, until one is answered.
 */
import { afterPatience, type Waiting } from '../../host/patience.ts';
import { type Call, ConnectionLost, RpcConnection } from './rpc-connection.ts';
import type { XdrReader } from './xdr.ts';

/** In nanoseconds. */
const PATIENCE = 60_000_000_000n;
const PAUSE = 1_000_000_000n;
/** Losses in a row that are made good without a pause. */
const AT_ONCE = 8;

export interface Service extends Waiting {
  /** An address, no name. */
  readonly host: string;
  readonly port: number;
  /** Tells the people behind the endpoint. */
  readonly log: (line: string) => void;
}

/** What lives from the first call to `close`. */
export class RpcSession {
  readonly #service: Service;
  readonly #closing = new AbortController();
  #connection: Promise<RpcConnection> | undefined;
  /** In a row, with no answer between them. */
  #losses = 0;
  /** When the first of them was, in nanoseconds. */
  #lostAt = 0n;
  #givenUp = false;

  /** The first connection comes about or not: it is not tried again. Throws `ConnectionLost`. */
  static async open(service: Service): Promise<RpcSession> {
    const session = new RpcSession(service);
    session.#connection = session.#connect();
    await session.#connection;
    return session;
  }

  private constructor(service: Service) {
    this.#service = service;
  }

  /** Throws `CallRefused` or `BadMessage` by the answer, `ConnectionLost` where the service is given up. */
  async call(call: Call): Promise<XdrReader> {
    for (;;) {
      this.#connection ??= this.#connect();
      const connecting = this.#connection;
      try {
        return await (await connecting).call(call);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (this.#connection === connecting) this.#lost(error);
        if (this.#closing.signal.aborted || this.#givenUp) throw error;
      } finally {
        if (this.#connection === connecting) this.#answered();
      }
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort();
    void this.#connection?.then(
      (connection) => connection.close(),
      () => {},
    );
    this.#connection = undefined;
  }

  #answered(): void {
    this.#losses = 0;
    this.#givenUp = false;
  }

  #lost({ message }: Error): void {
    const { clock, hostWork, log } = this.#service;
    this.#connection = undefined;
    if (this.#losses === 0) this.#lostAt = clock.now();
    this.#losses += 1;
    this.#givenUp = hostWork.isEnding || clock.now() - this.#lostAt >= PATIENCE;
    if (!this.#closing.signal.aborted) log(`${message}${this.#givenUp ? '; given up' : ''}`);
  }

  async #connect(): Promise<RpcConnection> {
    const { host, port, clock, hostWork } = this.#service;
    const { signal } = this.#closing;
    if (this.#losses > AT_ONCE && !this.#givenUp) await pause(this.#service, signal);
    return RpcConnection.open({ host, port, clock, hostWork, signal });
  }
}

/** Ends early when the signal says so. */
function pause(waiting: Waiting, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = afterPatience(waiting, PAUSE, end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
