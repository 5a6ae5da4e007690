/** Tables inside qcow2 images at their limits: the L1 table of the largest disk, and what entries of snapshots may have. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, release } from '../helpers/backing-chains.ts';
import { withSnapshotTable } from '../helpers/made-snapshots.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { isTaken, KiB, MiB, makeFile, needs, nodeNames, virtualSize } from '../helpers/shared-setup.ts';

/** Bytes of a disk whose L1 table has 32 MiB, in the largest clusters: 2 ** 22 entries for 2 ** 39 bytes each. */
const LARGEST = 2 ** 61;

const snapshot = (extra: number) => ({
  id: '1',
  name: 'one',
  seconds: 1,
  nanoseconds: 2,
  clock: 3n,
  stateSize: 0,
  extra: `${'0'.repeat(16)}0000000000010000${'ab'.repeat(Math.max(0, extra - 16))}`.slice(0, extra * 2),
});

export const largestTables: readonly CaseDefinition[] = [
  {
    id: 'block_resize/largest-qcow2',
    title: 'An image grows until its L1 table has 32 MiB, and is refused to grow further',
    requirements: ['block_resize/by-node-name', 'block_resize/size-in-bytes'],
    needs: needs(chainNodes, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQcow2({ size: 0, clusterSize: 2 * MiB }));
      const node = await addQcow2(t, file);
      await t.refused('block_resize', { 'node-name': node, size: BigInt(LARGEST) + 512n });
      t.equal(await virtualSize(t, node), 0, 'a refused size must leave the image as it was');
      await t.execute('block_resize', { 'node-name': node, size: BigInt(LARGEST) });
      await release(t, [node]);
      const again = await addQcow2(t, file, { 'read-only': true });
      t.equal(await virtualSize(t, again), BigInt(LARGEST), 'the image must have the size that it was given');
      await release(t, [again]);
    },
  },
  {
    id: 'hostile-images/snapshot-table',
    title:
      'A snapshot may have up to 1024 bytes that readers need not know, and its image is refused with more',
    requirements: ['qcow2/damaged-refused', 'blockdev-add/failure-leaves-nothing'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const node = t.name('snapshot');
      for (const extra of [16, 24, 1024, 1025, 4096]) {
        const image = buildQcow2({ size: 64 * KiB, clusterSize: 4 * KiB });
        const { path } = await makeFile(t, withSnapshotTable(image, [snapshot(extra)]));
        const opens = await isTaken(t, {
          driver: 'qcow2',
          'node-name': node,
          'read-only': true,
          file: { driver: 'file', filename: path },
        });
        t.check(
          opens === extra <= 1024,
          'an image must open exactly if its snapshots have no more bytes than they may',
          `with ${extra} it ${opens ? 'opens' : 'is refused'}`,
        );
      }
      t.equal(await nodeNames(t), before, 'no node must be left');
    },
  },
];
