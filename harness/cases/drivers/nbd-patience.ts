/** The driver nbd: how long a node keeps its server, and how it leaves. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { openIo } from '../helpers/node-io.ts';
import { NbdCommand } from '../helpers/peers/nbd-numbers.ts';
import { startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { KiB } from '../helpers/shared-setup.ts';
import { checkReads } from './driver-guest.ts';
import { remoteBytes } from './network/remote-nodes.ts';

const SIZE = 64 * KiB;
const BYTE = 5;
const TEN_MINUTES = 600_000;

export const nbdPatienceCases: readonly CaseDefinition[] = [
  {
    id: 'nbd/leave-taken',
    title: 'A node keeps its server while nobody asks for anything, and takes leave of it when it is deleted',
    requirements: ['nbd/server'],
    needs: remoteBytes('nbd'),
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { '': { data: Buffer.alloc(SIZE, BYTE) } });
      const node = t.name('nbd');
      await t.execute('blockdev-add', { driver: 'nbd', 'node-name': node, server: peer.address });
      if (t.virtualTime) await t.elapse(TEN_MINUTES);
      const guest = await openIo(t, node, { writable: false });
      await checkReads(t, guest, [0, SIZE], BYTE, 'after minutes without a request');
      await guest.close();
      await t.execute('blockdev-del', { 'node-name': node });
      await peer.idle();
      const { type, flags, offset, length } = peer.requests.at(-1)!;
      t.equal(
        [type, flags, offset, length],
        [NbdCommand.disconnect, 0, 0, 0],
        'the last request must be to part',
      );
    },
  },
];
