/** Errors by their numbers: those of a node as its export tells them, and those of a server as a node over it has them. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { remoteBytes } from '../drivers/network/remote-nodes.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

const SIZE = 64 * KiB;

/** Numbers of the host, and what a client of NBD is told. */
const OF_HOST: readonly (readonly [errno: number, told: string])[] = [
  [1, 'EPERM'],
  [5, 'EIO'],
  [12, 'ENOMEM'],
  [22, 'EINVAL'],
  [27, 'ENOSPC'],
  [28, 'ENOSPC'],
  [30, 'EPERM'],
  [75, 'EOVERFLOW'],
  [95, 'ENOTSUP'],
  [122, 'ENOSPC'],
];

/** Numbers of NBD, and what a client is told through a node over the server. */
const OF_NBD: readonly (readonly [error: number, told: string])[] = [
  [1, 'EPERM'],
  [5, 'EIO'],
  [12, 'ENOMEM'],
  [22, 'EINVAL'],
  [28, 'ENOSPC'],
  [75, 'EOVERFLOW'],
  [95, 'ENOTSUP'],
  [108, 'ESHUTDOWN'],
  [4711, 'EINVAL'],
];

export const exportErrorCases: readonly CaseDefinition[] = [
  {
    id: 'nbd-export/errors-of-a-node',
    title: 'An error of a node is told to clients as the one that NBD has for it',
    requirements: ['nbd-server-start/serves', 'blkdebug/errno'],
    needs: needs(fileNodes, { drivers: ['blkdebug'] }, nodeBytes),
    async run(t: CaseContext) {
      for (const [errno, told] of OF_HOST) {
        const node = await addFailing(t, await makeFile(t, Buffer.alloc(SIZE, 5)), {
          event: 'read_aio',
          errno,
        });
        const guest = await openIo(t, node, { writable: false });
        const outcome = await guest.attempt({ kind: 'read', offset: 0, length: 512 });
        t.equal(outcome, told, `an error of number ${errno} must be told as ${told}`);
        await guest.close();
      }
    },
  },
  {
    id: 'nbd/errors-by-number',
    title:
      'Each error that NBD has is that of the request through a node over the server; others are invalid',
    requirements: ['nbd/server'],
    needs: remoteBytes('nbd'),
    async run(t: CaseContext) {
      for (const structured of [false, true]) {
        const peer = await startNbdPeer(t, { '': { data: Buffer.alloc(SIZE, 5) } }, 'unix', { structured });
        const node = t.name('nbd');
        await t.execute('blockdev-add', { driver: 'nbd', 'node-name': node, server: peer.address });
        const guest = await openIo(t, node);
        for (const [error, told] of OF_NBD) {
          peer.fail = error;
          for (const request of [
            { kind: 'read', offset: 0, length: 512 },
            { kind: 'write', offset: 0, length: 512, byte: 7 },
          ] as const)
            t.equal(
              await guest.attempt(request),
              told,
              `error ${error} of a server must be ${told} to who asks`,
            );
        }
        peer.fail = 0;
        t.check(
          (await guest.read(0, 512)).every((byte) => byte === 5),
          'what failed must have changed nothing',
          'it did',
        );
        await guest.close();
      }
    },
  },
];
