/** Saboteurs of the NBD server: where it listens, whom it serves and how. */
import { inside, type Saboteur } from './saboteur.ts';

export const exports: readonly Saboteur[] = [
  inside(
    'exports/hard-keeps-clients',
    'nbd-server-remove',
    'goes on serving the clients of an export that was removed with mode hard',
    'exports/nbd/nbd-export',
    ['await whileReleased([this.node], allGone);', ';'],
  ),
  inside(
    'exports/first-port-only',
    'SocketAddress',
    'does not try the ports up to to',
    'host/socket-address',
    ['const last = address.to ?? first;', 'const last = first;'],
  ),
  inside(
    'exports/read-only-untold',
    'nbd-server-add',
    'does not tell clients that an export is read-only',
    'exports/nbd/nbd-export',
    ['(this.writable ? WRITABLE : ExportFlag.readOnly)', '(this.writable ? WRITABLE : 0)'],
  ),
  inside(
    'exports/backing-as-hole',
    'nbd-server-start',
    'tells clients that what the backing file alone holds is a hole',
    'exports/nbd/nbd-export',
    [
      'const status = await contents(this.node, offset + done, length - done);',
      "const own = await this.node.io.blockStatus(offset + done, length - done);\n            const status = { kind: own.allocated && !own.zero ? 'data' : 'nothing', length: own.length };",
    ],
  ),
  inside(
    'exports/flush-ignored',
    'BlockdevCacheOptions',
    'answers flushes of NBD clients and carries none out',
    'exports/nbd/transmission',
    ['case Command.flush:\n                await io.flush();', 'case Command.flush:'],
  ),
  inside(
    'exports/below-snapshot',
    'blockdev-snapshot',
    'leaves exports on the node below its snapshot',
    'graph/external-snapshot',
    [
      'graph.replaceNode(base, overlay, [edge]);',
      "graph.replaceNode(base, overlay, [edge, ...base.parents.filter(({ role, user }) => role === 'root' && user.deviceName === '')]);",
    ],
  ),
];
