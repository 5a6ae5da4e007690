/** What an image keeps besides the data of its disk: clusters of internal snapshots, persistent bitmaps. */

import { parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import { nonzeroRefcounts, refcountOf } from '../../qcow2/qcow2-refcounts.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeChain,
  release,
  stairClusters,
} from '../helpers/backing-chains.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, dataOf, l2TableOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, makeFile, needs, virtualSize } from '../helpers/shared-setup.ts';
import { BITMAP_FLAG, storedBitmaps } from '../helpers/stored-bitmaps.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';
const snapshots = needs(chainNodes, { commands: [TAKE, DELETE] });

/** How many clusters of the file are counted as used. */
export function clustersInUse(bytes: Buffer): number {
  const counted = nonzeroRefcounts(bytes, parseQcow2Header(bytes)).keys();
  return [...counted].filter((cluster) => cluster < bytes.length / CLUSTER).length;
}

/** Whether each stored bitmap is marked as one that somebody is changing, in their order. */
async function bitmapsInUse(t: CaseContext, file: CaseFile): Promise<boolean[]> {
  const bitmaps = storedBitmaps(await bytesOf(t, file.local));
  return bitmaps.map(({ flags }) => (flags & BITMAP_FLAG.inUse) !== 0);
}

/** The cases of what is inside images. */
export const insideImages: readonly CaseDefinition[] = [
  {
    id: 'internal-snapshot/delete-frees',
    title:
      'A deleted snapshot leaves free what only it referred to: the data and tables that were replaced since',
    requirements: ['blockdev-snapshot-delete-internal-sync/frees'],
    needs: { ...snapshots, ...nodeIo },
    async run(t: CaseContext) {
      const clusters = new Map([[0, 0x11]]);
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters }));
      const before = clustersInUse(await bytesOf(t, file.local));
      const counts = async (): Promise<number[]> => {
        const bytes = await bytesOf(t, file.local);
        return [l2TableOf(CLUSTER), dataOf(CLUSTER)].map((at) => Number(refcountOf(bytes, at / CLUSTER)));
      };
      const first = await addQcow2(t, file);
      await t.execute(TAKE, { device: first, name: 'one' });
      await writeNode(t, first, 0, CLUSTER, 0x22);
      await release(t, [first]);
      t.equal(await counts(), [1, 1], 'the snapshot must keep its table and its data');
      const second = await addQcow2(t, file);
      await t.execute(DELETE, { device: second, name: 'one' });
      await release(t, [second]);
      t.equal(await counts(), [0, 0], 'the table and the data of the snapshot must be free');
      t.equal(
        clustersInUse(await bytesOf(t, file.local)),
        before,
        'nothing of the snapshot must stay in use',
      );
    },
  },
  {
    id: 'block_resize/snapshots',
    title: 'An image of version 2 with a snapshot keeps its size, and takes a new one once that is deleted',
    requirements: ['block_resize/snapshots'],
    needs: needs(snapshots, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const clusters = stairClusters(0);
      const file = await makeFile(
        t,
        buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, version: 2, clusters }),
      );
      const node = await addQcow2(t, file);
      await t.execute(TAKE, { device: node, name: 'one' });
      const before = await bytesOf(t, file.local);
      for (const size of [2 * CHAIN_SIZE, CHAIN_SIZE / 2]) {
        await t.refused('block_resize', { 'node-name': node, size });
        t.equal(await virtualSize(t, node), CHAIN_SIZE, 'the size must stay as it was');
      }
      t.check((await bytesOf(t, file.local)).equals(before), 'the file must stay as it was', 'it changed');
      await t.execute(DELETE, { device: node, name: 'one' });
      await t.execute('block_resize', { 'node-name': node, size: 2 * CHAIN_SIZE });
      t.equal(await virtualSize(t, node), 2 * CHAIN_SIZE, 'without snapshots the size must change');
    },
  },
  {
    id: 'dirty-bitmaps/persistent-in-use',
    title:
      'A persistent bitmap is marked as in use while a node may write the image, and not while one only reads',
    requirements: ['qcow2/bitmap-in-use'],
    needs: needs(chainNodes, {
      commands: ['block-dirty-bitmap-add'],
      members: ['block-dirty-bitmap-add.persistent'],
    }),
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER }));
      const maker = await addQcow2(t, file);
      await addBitmap(t, maker, 'kept', { persistent: true });
      await release(t, [maker]);
      t.equal(await bitmapsInUse(t, file), [false], 'the image must hold the bitmap, and nobody uses it');
      for (const readOnly of [true, false, true]) {
        const node = await addQcow2(t, file, { 'read-only': readOnly });
        t.equal(
          await bitmapsInUse(t, file),
          [!readOnly],
          'the bitmap must be marked as in use exactly while the node may write',
        );
        await release(t, [node]);
        t.equal(await bitmapsInUse(t, file), [false], 'the mark must go with the node');
      }
    },
  },
  {
    id: 'dirty-bitmaps/persistent-in-use-of-a-base',
    title: 'The bitmaps of a backing image are marked as in use while a commit may write it, and not before',
    requirements: ['qcow2/bitmap-in-use'],
    needs: needs(chainNodes, {
      commands: ['block-dirty-bitmap-add', 'block-commit', 'block-job-cancel'],
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'],
      members: ['block-dirty-bitmap-add.persistent'],
    }),
    async run(t: CaseContext) {
      const [base, top] = await makeChain(t, 2);
      const maker = await addQcow2(t, base!);
      await addBitmap(t, maker, 'kept', { persistent: true });
      await release(t, [maker]);
      const node = await addQcow2(t, top!);
      t.equal(
        await bitmapsInUse(t, base!),
        [false],
        'nobody may use the bitmap of an image that is only read',
      );
      const job = t.name('commit');
      await t.execute('block-commit', { device: node, 'job-id': job });
      await t.event('BLOCK_JOB_READY', { device: job });
      t.equal(
        await bitmapsInUse(t, base!),
        [true],
        'the bitmap must be marked while the base may be written',
      );
      await t.execute('block-job-cancel', { device: job });
      await t.event('BLOCK_JOB_COMPLETED', { device: job });
      await release(t, [node]);
      t.equal(await bitmapsInUse(t, base!), [false], 'the mark must go with the node');
    },
  },
];
