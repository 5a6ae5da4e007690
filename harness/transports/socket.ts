/** The common part of unix, TCP and TLS sockets. */
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { ConnectError, type ConnectOptions, hostPort } from './address-kind.ts';
import { DuplexTransport } from './duplex.ts';
import { CallQueue, type Listener, listen } from './listener.ts';
import type { Transport } from './transport.ts';

function socketTransport(name: string, socket: Socket): Transport {
  return new DuplexTransport({ name, readable: socket, writable: socket });
}

/** Resolves when `socket` emits `ready`; if that fails it is destroyed. */
export async function connected(
  name: string,
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  options: ConnectOptions,
): Promise<Transport> {
  try {
    await once(socket, ready, options);
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw new ConnectError(name, 'cannot connect', error);
  }
  return socketTransport(name, socket);
}

/** `ready` is the server's event for a usable connection. */
export function listenOn(
  name: string,
  server: Server,
  ready: 'connection' | 'secureConnection',
  start: () => void,
  address: () => string,
): Promise<Listener> {
  const calls = new CallQueue(name);
  server.on(ready, (socket: Socket) => calls.call(socketTransport(name, socket)));
  return listen({ name, server, start, address }, calls);
}

/** `HOST:PORT` that a server is bound to. */
export function boundTo(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return hostPort(address, port);
}
