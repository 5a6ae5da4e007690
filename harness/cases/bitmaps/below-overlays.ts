/** Bitmaps of an image that becomes the backing file of another, and later is written again. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { completed } from '../helpers/job-steps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { type CaseFile, needs } from '../helpers/shared-setup.ts';
import { BITMAP_FLAG, storedBitmaps } from '../helpers/stored-bitmaps.ts';

const below = needs(chainNodes, nodeIo, {
  commands: [
    'blockdev-snapshot',
    'block-dirty-bitmap-add',
    'block-dirty-bitmap-clear',
    'block-dirty-bitmap-remove',
    'x-debug-block-dirty-bitmap-sha256',
  ],
  members: ['block-dirty-bitmap-add.persistent'],
});

const commits = needs(below, {
  commands: ['block-commit', 'block-job-complete', 'query-block-jobs'],
  events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'],
});

/** Of the bitmaps. Each is stored but the last. */
const NAMES = ['first', 'second', 'passing'] as const;

const marks = (node: string, name: string) => ({ node, name, size: CHAIN_SIZE, granularity: CLUSTER });

/** An image with bitmaps that mark what was written, each from another time on. */
async function marked(t: CaseContext): Promise<{ node: string; file: CaseFile }> {
  const file = await makeEmpty(t);
  const node = await addQcow2(t, file);
  for (const [index, name] of NAMES.entries()) {
    await addBitmap(t, node, name, { persistent: name !== 'passing', granularity: CLUSTER });
    await writeNode(t, node, (2 * index + 1) * CLUSTER, CLUSTER, index + 1);
  }
  return { node, file };
}

const FIRST = [1, 3, 5];
const SECOND = [3, 5];

/** Puts an empty image on top of the node, and gives its name. */
async function cover(t: CaseContext, node: string): Promise<string> {
  const overlay = await addQcow2(t, await makeEmpty(t), { backing: null });
  await t.execute('blockdev-snapshot', { node, overlay });
  return overlay;
}

/** Commits the overlay of a node into it, and has the job switch; the overlay goes. */
async function uncover(t: CaseContext, overlay: string): Promise<void> {
  const id = t.name('job');
  await t.execute('block-commit', { 'job-id': id, device: overlay });
  await t.event('BLOCK_JOB_READY', { device: id });
  await t.execute('block-job-complete', { device: id });
  await completed(t, id, 'commit');
  await t.execute('blockdev-del', { 'node-name': overlay });
}

/** Cases of bitmaps below an overlay. */
export const bitmapsBelowOverlays: readonly CaseDefinition[] = [
  {
    id: 'dirty-bitmaps/stored-below-an-overlay',
    title:
      'An image that a snapshot makes a backing file has its persistent bitmaps stored, each with its marks',
    requirements: ['block-dirty-bitmap-add/persistent-kept', 'block-dirty-bitmap-add/persistent-content'],
    needs: below,
    async run(t: CaseContext) {
      const images = [await marked(t), await marked(t)];
      for (const { node } of images) await writeNode(t, await cover(t, node), 7 * CLUSTER, CLUSTER, 7);
      for (const { file } of images) {
        const stored = storedBitmaps(await bytesOf(t, file.local));
        t.equal(
          stored.map(({ name, flags }) => [name, flags]).toSorted(),
          [
            ['first', BITMAP_FLAG.auto],
            ['second', BITMAP_FLAG.auto],
          ],
          'the image must have both bitmaps, and neither as in use',
        );
        const reader = await addQcow2(t, file, { 'read-only': true });
        await checkDirty(t, marks(reader, 'first'), FIRST, 'where it is read from the file');
        await checkDirty(t, marks(reader, 'second'), SECOND, 'where it is read from the file');
      }
    },
  },
  {
    id: 'dirty-bitmaps/stay-below-an-overlay',
    title:
      'Bitmaps stay with the image that a snapshot covers, and what is written to the overlay marks none of them',
    requirements: ['block-dirty-bitmap-add/tracks-writes', 'block-dirty-bitmap-clear/read-only'],
    needs: below,
    async run(t: CaseContext) {
      const { node } = await marked(t);
      const overlay = await cover(t, node);
      await addBitmap(t, overlay, 'above', { granularity: CLUSTER });
      await writeNode(t, overlay, 9 * CLUSTER, 2 * CLUSTER, 9);
      for (const name of NAMES) await t.refused('x-debug-block-dirty-bitmap-sha256', { node: overlay, name });
      await checkDirty(t, marks(overlay, 'above'), [9, 10], 'on the overlay');
      await checkDirty(t, marks(node, 'first'), FIRST, 'below the overlay');
      await checkDirty(t, marks(node, 'passing'), [5], 'below the overlay');
      await t.refused('block-dirty-bitmap-clear', { node, name: 'first' });
      await t.execute('block-dirty-bitmap-clear', { node, name: 'passing' });
      await checkDirty(t, marks(node, 'passing'), [], 'when it was cleared below the overlay');
      await checkDirty(t, marks(node, 'first'), FIRST, 'when it could not be cleared');
    },
  },
  {
    id: 'dirty-bitmaps/cleared-when-writable-again',
    title:
      'When an image is written again that was a backing file, its stored bitmaps mark that, are cleared and removed',
    requirements: [
      'block-dirty-bitmap-clear/clears',
      'block-dirty-bitmap-clear/again-tracks',
      'block-dirty-bitmap-remove/storage-too',
    ],
    needs: commits,
    async run(t: CaseContext) {
      const { node, file } = await marked(t);
      const overlay = await cover(t, node);
      await writeNode(t, overlay, 9 * CLUSTER, CLUSTER, 9);
      await uncover(t, overlay);
      await checkDirty(t, marks(node, 'first'), [...FIRST, 9], 'when the overlay was committed');
      await t.execute('block-dirty-bitmap-clear', { node, name: 'first' });
      await writeNode(t, node, 11 * CLUSTER, CLUSTER, 11);
      await checkDirty(t, marks(node, 'first'), [11], 'when it was cleared');
      await checkDirty(t, marks(node, 'second'), [...SECOND, 9, 11], 'that was not cleared');
      await t.execute('block-dirty-bitmap-remove', { node, name: 'second' });
      await cover(t, node);
      t.equal(
        storedBitmaps(await bytesOf(t, file.local)).map(({ name, flags }) => [name, flags]),
        [['first', BITMAP_FLAG.auto]],
        'the image must keep the other bitmap when it is covered again',
      );
      const reader = await addQcow2(t, file, { 'read-only': true });
      await checkDirty(t, marks(reader, 'first'), [11], 'where it is read from the file');
    },
  },
];
