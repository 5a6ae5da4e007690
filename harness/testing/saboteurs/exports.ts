/** Saboteurs of the NBD server: where it listens, and whom it serves. */
import { inside, type Saboteur } from './saboteur.ts';

export const exports: readonly Saboteur[] = [
  inside(
    'exports/hard-keeps-clients',
    'nbd-server-remove',
    'goes on serving the clients of an export that was removed with mode hard',
    'exports/nbd/nbd-export',
    ['await Promise.all([...this.clients].map((client) => client.disconnect()));', ';'],
  ),
  inside(
    'exports/first-port-only',
    'SocketAddress',
    'does not try the ports up to to',
    'host/socket-address',
    ['const last = address.to ?? first;', 'const last = first;'],
  ),
];
