/** The driver nbd: what it asks of a server by what the server says that it can. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { ExportFlag, NbdCommand, startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { KiB, needs, nodeCommands } from '../helpers/shared-setup.ts';

/** The cases of discards over a server. */
export const nbdDiscards: readonly CaseDefinition[] = [
  {
    id: 'nbd/discards-if-offered',
    title: 'Discards reach a server that says that it knows them, as such, and no other',
    requirements: ['nbd/server', 'BlockdevDiscardOptions/unmap'],
    needs: needs(needs(nodeCommands, { drivers: ['nbd'], capabilities: ['sharedFiles'] }), nodeBytes),
    async run(t: CaseContext) {
      for (const [flags, expected] of [
        [ExportFlag.has | ExportFlag.flush, 0],
        [ExportFlag.has | ExportFlag.flush | ExportFlag.writeZeroes, 0],
        [ExportFlag.has | ExportFlag.flush | ExportFlag.trim, 1],
      ] as const) {
        const peer = await startNbdPeer(t, { disk: { data: Buffer.alloc(64 * KiB, 5), flags } });
        const node = t.name('nbd');
        await t.execute('blockdev-add', {
          driver: 'nbd',
          'node-name': node,
          server: peer.address,
          export: 'disk',
          discard: 'unmap',
        });
        const guest = await openIo(t, node);
        await guest.attempt({ kind: 'discard', offset: 4 * KiB, length: 8 * KiB });
        await guest.close();
        await t.execute('blockdev-del', { 'node-name': node });
        const trims = peer.requests.filter(({ type }) => type === NbdCommand.trim);
        t.equal(
          trims.map(({ offset, length }) => [offset, length]),
          expected === 0 ? [] : [[4 * KiB, 8 * KiB]],
          expected === 0 ? 'no discard may reach a server without trim' : 'a discard must reach one with it',
        );
      }
    },
  },
];
