/** The common part of unix, TCP and TLS sockets: waiting for a connection and turning it into a transport. */
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { ConnectError } from './connect-error.ts';
import { DuplexTransport } from './duplex.ts';
import type { Transport } from './transport.ts';

export interface ConnectOptions {
  readonly signal?: AbortSignal;
}

/** Waits for endpoints to call. */
export interface Listener {
  /** What an endpoint must connect to, in the form of a target address: with the real port. */
  readonly address: string;
  /** The next endpoint that calls. Rejects with `ConnectError` once the listener is closed. */
  accept(options?: ConnectOptions): Promise<Transport>;
  /** Idempotent; connections that were accepted stay. */
  close(): Promise<void>;
}

export function socketTransport(name: string, socket: Socket): Transport {
  return new DuplexTransport({ name, readable: socket, writable: socket });
}

/** Resolves when `socket` emits `ready`; on failure it is destroyed. */
export async function connected(
  address: string,
  socket: Socket,
  ready: string,
  options: ConnectOptions,
): Promise<Transport> {
  try {
    await once(socket, ready, options.signal ? { signal: options.signal } : {});
  } catch (error) {
    socket.destroy();
    throw new ConnectError(address, `cannot connect: ${reason(error)}`, error);
  }
  return socketTransport(address, socket);
}

/** Starts `server`. `address` tells its name once it listens, `ready` is its event for a usable connection. */
export async function listening(
  server: Server,
  start: () => void,
  name: string,
  address: () => string,
  ready = 'connection',
): Promise<Listener> {
  const arrived: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const closed = new AbortController();
  server.on(ready, (socket: Socket) => {
    const next = waiting.shift();
    if (next) next(socket);
    else arrived.push(socket.on('error', () => {}));
  });
  start();
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ConnectError(name, `cannot listen: ${reason(error)}`, error);
  }
  return {
    address: address(),
    accept: (options = {}) =>
      new Promise((resolve, reject) => {
        const early = arrived.shift();
        if (early) {
          resolve(socketTransport(name, early));
          return;
        }
        const signal = options.signal ? AbortSignal.any([options.signal, closed.signal]) : closed.signal;
        const take = (socket: Socket) => {
          signal.removeEventListener('abort', giveUp);
          resolve(socketTransport(name, socket));
        };
        const giveUp = () => {
          if (waiting.includes(take)) waiting.splice(waiting.indexOf(take), 1);
          const why = closed.signal.aborted ? 'the listener was closed' : reason(signal.reason);
          reject(new ConnectError(name, `nobody called: ${why}`, signal.reason));
        };
        if (signal.aborted) giveUp();
        else {
          waiting.push(take);
          signal.addEventListener('abort', giveUp, { once: true });
        }
      }),
    close: async () => {
      closed.abort();
      // The address is free at once; the server itself ends when the connections that it accepted do.
      if (server.listening) server.close();
      for (const socket of arrived.splice(0)) socket.destroy();
      await new Promise(setImmediate);
    },
  };
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
