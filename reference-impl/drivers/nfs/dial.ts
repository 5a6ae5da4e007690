/** Connecting to a service of an NFS server. */
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
      return await connect({ ...where, localPort: reservedPort() });
    } catch (error) {
      if (!NOT_FREE.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return connect(where);
}

const RESERVED_TRIES = 8;
const FIRST_RESERVED = 512;
const RESERVED = 1024 - FIRST_RESERVED;
/** How the host says that a port cannot be had. */
const NOT_FREE = ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES'];

let taken = process.pid * 64;

/** Another one each time, and in each process. */
function reservedPort(): number {
  taken += 1;
  return FIRST_RESERVED + (taken % RESERVED);
}

function connect({
  host,
  port,
  localPort,
  signal,
  ...waiting
}: Dialling & { readonly localPort?: number }): Promise<net.Socket> {
  return new Promise((done, fail) => {
    const socket = net.connect({
      host,
      port,
      noDelay: true,
      ...(localPort === undefined ? {} : { localPort }),
    });
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', abort);
      socket.off('error', refused);
    };
    const refused = (error: Error): void => {
      end();
      socket.on('error', () => {});
      socket.destroy();
      fail(error);
    };
    const abort = (): void => refused(new Error('connection closed'));
    const cancel = afterPatience(waiting, CONNECT_PATIENCE, () => refused(new Error('Connection timed out')));
    signal.addEventListener('abort', abort);
    socket.once('error', refused);
    socket.once('connect', () => {
      end();
      done(socket);
    });
    if (signal.aborted) abort();
  });
}
