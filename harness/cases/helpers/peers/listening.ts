/** What peers share that serve on a port. */
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { CaseContext } from '../../case.ts';

/** A server that listens on the loopback address. */
export interface Listening {
  readonly port: number;
  /** Clients that have connected so far. */
  clients(): number;
  /** Ends all connections, and listens no more. */
  stop(): Promise<void>;
}

/** Listens at `port` (default: one that is free) of `host` until the case ends. Rejects if nobody may listen there. */
export async function listen(
  t: CaseContext,
  server: Server,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<Listening> {
  const sockets = new Set<Socket>();
  let clients = 0;
  server.on('connection', (socket) => {
    clients += 1;
    sockets.add(socket.setNoDelay());
    // A client that leaves in the middle of an answer is no fault of the server.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen({ host, port });
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  t.cleanup(stop);
  return { port: taken, clients: () => clients, stop };
}
