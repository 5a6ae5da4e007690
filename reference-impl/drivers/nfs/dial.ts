/** Connecting to a service of an NFS server. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterPatience, CONNECT_PATIENCE, type Waiting } from '../../host/patience.ts';

export interface Dialling extends Waiting {
  /** An address, no name. */
  readonly host: string;
  readonly port: number;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/**
 * A connection, with nothing read from it yet. Root comes from a port that only root may use, since many servers let in nobody else.
 * Throws what the host says, also when it takes too long.
 */
export async function dial(where: Dialling): Promise<net.Socket> {
  for (let tries = 0; tries < RESERVED_TRIES && process.geteuid?.() === 0; tries += 1) {
    try {
      return await connect({ ...where, localPort: randomInt(RESERVED.from, RESERVED.to) });
    } catch (error) {
      if (!NOT_FREE.test(`${(error as NodeJS.ErrnoException).code}`)) throw error;
    }
  }
  return connect(where);
}

const RESERVED_TRIES = 8;
const RESERVED = { from: 512, to: 1024 } as const;
/** How the host says that a port cannot be had. */
const NOT_FREE = /^(EADDRINUSE|EADDRNOTAVAIL|EACCES)$/;

async function connect({
  host,
  port,
  localPort,
  signal,
  ...waiting
}: Dialling & { readonly localPort?: number }): Promise<net.Socket> {
  const socket = net.connect({
    host,
    port,
    noDelay: true,
    ...(localPort === undefined ? {} : { localPort }),
  });
  const cancel = afterPatience(waiting, CONNECT_PATIENCE, () =>
    socket.destroy(new Error('Connection timed out')),
  );
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    throw error;
  } finally {
    cancel();
  }
}
