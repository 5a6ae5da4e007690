/** Connecting to a service of an NFS server. */
import net from 'node:net';
import type { Clock } from '../../host/clock.ts';

/** How long a connection may take to come about, in nanoseconds. */
const PATIENCE = 30_000_000_000n;

export interface Dialling {
  /** An address, no name. */
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** A connection, with nothing read from it yet. Throws what the host says, also when it takes too long. */
export function dial({ host, port, clock, signal }: Dialling): Promise<net.Socket> {
  return new Promise((done, fail) => {
    const socket = net.connect({ host, port, noDelay: true });
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
    const cancel = clock.after(PATIENCE, () => refused(new Error('Connection timed out')));
    signal.addEventListener('abort', abort);
    socket.once('error', refused);
    socket.once('connect', () => {
      end();
      done(socket);
    });
    if (signal.aborted) abort();
  });
}
