/** Unix domain sockets. */
import { createConnection, createServer } from 'node:net';
import { type AddressKind, type ConnectOptions, parsePath } from './address-kind.ts';
import type { Listener } from './listener.ts';
import { connected, listenOn } from './socket.ts';
import type { Transport } from './transport.ts';

export const unix: AddressKind = {
  form: 'unix:PATH',
  parse: (text, rest) => {
    const path = parsePath(text, rest);
    return { connect: (options) => connectUnix(path, options), listen: () => listenUnix(path) };
  },
};

/** Rejects with `ConnectError`. */
export function connectUnix(path: string, options: ConnectOptions = {}): Promise<Transport> {
  return connected(`unix:${path}`, createConnection({ path }), 'connect', options);
}

/** Listens on `path`, which must not exist; it is removed on `close`. Rejects with `ConnectError`. */
export function listenUnix(path: string): Promise<Listener> {
  const name = `unix:${path}`;
  const server = createServer();
  return listenOn(
    name,
    server,
    'connection',
    () => server.listen(path),
    () => name,
  );
}
