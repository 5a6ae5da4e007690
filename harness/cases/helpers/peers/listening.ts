/** What peers share: how they listen, and end with the case. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { CaseContext } from '../../case.ts';

/** A server that listens. */
export interface Listening {
  /** 0 for one on a socket in a folder. */
  readonly port: number;
  /** Clients that have connected so far. */
  clients(): number;
  /** Resolves when no client is connected. */
  idle(): Promise<void>;
  /** Ends all connections, and listens no more. */
  stop(): Promise<void>;
}

/** Listens there (default: at a free port of the loopback address) until the case ends. Rejects if nobody may listen there. */
export async function listen(
  t: Pick<CaseContext, 'cleanup'>,
  server: Server,
  at: Pick<ListenOptions, 'host' | 'port' | 'path'> = { host: '127.0.0.1', port: 0 },
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
  server.listen(at);
  await once(server, 'listening');
  const { port = 0 } = server.address() as Partial<AddressInfo>;
  const idle = async (): Promise<void> => {
    await Promise.all([...sockets].map((socket) => once(socket, 'close')));
  };
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  t.cleanup(stop);
  return { port, clients: () => clients, idle, stop };
}

/** A server that hangs up on everybody. */
export function listenRudely(t: CaseContext): Promise<Listening> {
  return listen(
    t,
    createServer((socket) => socket.destroy()),
  );
}
