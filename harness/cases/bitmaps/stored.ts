/** Dirty bitmaps that images keep: what is in the file, and which of them an endpoint may go by. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { COPIED, checkOwn, emptyTarget, SIZE } from '../copy-jobs/guest-source.ts';
import { addQcow2, chainNodes, makeEmpty, release } from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { checkNoJob, completed } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { type CaseFile, makeFile, needs } from '../helpers/shared-setup.ts';
import { BITMAP_FLAG, storedBitmaps, withBitmap } from '../helpers/stored-bitmaps.ts';

const stored = needs(chainNodes, {
  commands: ['block-dirty-bitmap-add', 'block-dirty-bitmap-remove', 'x-debug-block-dirty-bitmap-sha256'],
  members: ['block-dirty-bitmap-add.persistent'],
});

const DIRTY = [2, 7];

/** The clusters that the image has of its own, and the byte that fills each. */
const CLUSTERS: ReadonlyMap<number, number> = new Map([
  [0, 0x11],
  [2, 0x22],
  [7, 0x77],
]);

/** What a guest reads of it. */
function content(): Buffer {
  const bytes = Buffer.alloc(SIZE);
  for (const [index, byte] of CLUSTERS) bytes.fill(byte, index * COPIED, (index + 1) * COPIED);
  return bytes;
}

/** An image with a bitmap `b` of these flags. */
function imageWithBitmap(t: CaseContext, flags: number): Promise<CaseFile> {
  const image = buildQcow2({ size: SIZE, clusterSize: COPIED, clusters: CLUSTERS });
  return makeFile(t, withBitmap(image, { name: 'b', flags, granularity: COPIED, dirty: DIRTY }));
}

export const storedBitmapCases: readonly CaseDefinition[] = [
  {
    id: 'dirty-bitmaps/removed-from-the-image',
    title: 'The image no longer names a persistent bitmap that was removed, and still names the other',
    requirements: ['block-dirty-bitmap-remove/storage-too'],
    needs: stored,
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const first = await addQcow2(t, file);
      for (const name of ['gone', 'kept']) await addBitmap(t, first, name, { persistent: true });
      await release(t, [first]);
      const names = async () => storedBitmaps(await bytesOf(t, file.local)).map(({ name }) => name);
      t.equal((await names()).toSorted(), ['gone', 'kept'], 'the closed image must name both bitmaps');
      const second = await addQcow2(t, file);
      await t.execute('block-dirty-bitmap-remove', { node: second, name: 'gone' });
      await release(t, [second]);
      t.equal(await names(), ['kept'], 'the image must not name a bitmap that was removed');
    },
  },
  {
    id: 'dirty-bitmaps/loaded-without-autoload',
    title: 'A persistent bitmap that was added with autoload false is loaded like any other',
    requirements: ['block-dirty-bitmap-add/autoload-ignored', 'block-dirty-bitmap-add/persistent-kept'],
    needs: needs(stored, {
      members: ['block-dirty-bitmap-add.persistent', 'block-dirty-bitmap-add.autoload'],
    }),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const first = await addQcow2(t, file);
      await addBitmap(t, first, 'b', { persistent: true, autoload: false });
      await release(t, [first]);
      const second = await addQcow2(t, file);
      await t.execute('block-dirty-bitmap-remove', { node: second, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/in-use-is-not-trusted',
    title: 'A stored bitmap that is marked as in use serves no backup; the same one without the mark does',
    requirements: ['block-dirty-bitmap-add/in-use-not-trusted', 'drive-backup/sync-incremental'],
    needs: needs(stored, {
      commands: ['drive-backup', 'query-block-jobs', 'block-dirty-bitmap-clear'],
      events: ['BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const target = await emptyTarget(t);
      const copy = {
        target: target.path,
        format: 'qcow2',
        mode: 'existing',
        sync: 'incremental',
        bitmap: 'b',
      };
      const inUse = await addQcow2(t, await imageWithBitmap(t, BITMAP_FLAG.auto | BITMAP_FLAG.inUse));
      const refused = t.name('job');
      await t.refused('drive-backup', { 'job-id': refused, device: inUse, ...copy });
      await checkNoJob(t, refused);
      await t.refused('block-dirty-bitmap-clear', { node: inUse, name: 'b' });
      const sound = await addQcow2(t, await imageWithBitmap(t, BITMAP_FLAG.auto));
      await checkDirty(
        t,
        { node: sound, name: 'b', size: SIZE, granularity: COPIED },
        DIRTY,
        'when the image is opened',
      );
      const id = t.name('job');
      await t.execute('drive-backup', { 'job-id': id, device: sound, ...copy });
      await completed(t, id, 'backup');
      await checkOwn(t, target, content(), DIRTY, 'the target');
    },
  },
];
