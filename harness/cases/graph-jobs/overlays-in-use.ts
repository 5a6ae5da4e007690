/** An image that somebody uses is no overlay for a snapshot. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addChain, addQcow2, chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { nbdExports, startNbdServer } from '../helpers/node-io.ts';
import { needs, nodeInfo } from '../helpers/shared-setup.ts';

export const overlaysInUse: readonly CaseDefinition[] = [
  {
    id: 'blockdev-snapshot/overlay-exported',
    title:
      'An overlay that is exported, be it only to be read, is refused, and taken once it is not any more',
    requirements: ['blockdev-add/users-agree'],
    needs: needs(chainNodes, nbdExports, { commands: ['blockdev-snapshot', 'nbd-server-remove'] }),
    async run(t: CaseContext) {
      const [base] = await addChain(t, 1);
      const overlay = await addQcow2(t, await makeEmpty(t));
      await startNbdServer(t);
      const name = t.name('export');
      await t.execute('nbd-server-add', { device: overlay, name });
      await t.refused('blockdev-snapshot', { node: base!.node, overlay });
      const { backing_file_depth } = await nodeInfo(t, overlay);
      t.equal(
        backing_file_depth ?? null,
        0,
        'a refused snapshot must leave the overlay without backing node',
      );
      await t.execute('nbd-server-remove', { name });
      await t.execute('blockdev-snapshot', { node: base!.node, overlay });
      t.contains(
        await nodeInfo(t, overlay),
        { backing_file_depth: 1 },
        'the overlay must have its backing node',
      );
    },
  },
];
