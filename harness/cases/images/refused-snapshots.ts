/** Internal snapshots that an image has no room for. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { type CaseFile, makeFile, needs, snapshotsOf } from '../helpers/shared-setup.ts';
import { clustersInUse } from './inside-images.ts';

const TAKE = 'blockdev-snapshot-internal-sync';

export const refusedSnapshots: readonly CaseDefinition[] = [
  {
    id: 'internal-snapshot/refused-leaves-nothing',
    title: 'A snapshot that reference counts of one bit do not allow is refused, and takes no cluster',
    requirements: ['qcow2/refcount-widths'],
    needs: needs(chainNodes, nodeIo, { commands: [TAKE] }),
    async run(t: CaseContext) {
      // Both images are written alike; to one of them snapshots are refused meanwhile.
      const written = async (refcountBits: number, meanwhile: (node: string) => Promise<void>) => {
        const clusters = new Map([[0, 0x11]]);
        const file: CaseFile = await makeFile(
          t,
          buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, refcountBits, clusters }),
        );
        const node = await addQcow2(t, file);
        await meanwhile(node);
        for (const index of [1, 2]) await writeNode(t, node, index * CLUSTER, CLUSTER, 0x22);
        await release(t, [node]);
        return clustersInUse(await bytesOf(t, file.local));
      };
      const expected = await written(1, async () => {});
      const left = await written(1, async (node) => {
        for (const name of ['one', 'two']) await t.refused(TAKE, { device: node, name });
        t.equal(await snapshotsOf(t, node), [], 'the image must have no snapshot');
      });
      t.equal(left, expected, 'a snapshot that was refused must leave no cluster in use');
      await written(2, async (node) => {
        await t.execute(TAKE, { device: node, name: 'one' });
      });
    },
  },
];
