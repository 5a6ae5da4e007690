/** Unix domain sockets. */
import { createConnection, createServer } from 'node:net';
import { type ConnectOptions, connected, type Listener, listening } from './socket.ts';
import type { Transport } from './transport.ts';

/** Rejects with `ConnectError`. */
export function connectUnix(path: string, options: ConnectOptions = {}): Promise<Transport> {
  const socket = createConnection({ path, allowHalfOpen: true });
  return connected(`unix:${path}`, socket, 'connect', options);
}

/** Listens on `path`, which must not exist; it is removed on `close`. Rejects with `ConnectError`. */
export function listenUnix(path: string): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true });
  return listening(
    server,
    () => server.listen(path),
    `listen:unix:${path}`,
    () => `unix:${path}`,
  );
}
