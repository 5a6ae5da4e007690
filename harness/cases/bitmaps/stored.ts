/** Dirty bitmaps that images keep: what is in the file, and which of them an endpoint may go by. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { copy } from '../copy-jobs/copy-commands.ts';
import { COPIED, checkOwn, emptyTarget, SIZE } from '../copy-jobs/guest-source.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, makeEmpty, release } from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { checkNoJob } from '../helpers/job-steps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { BITMAP_FLAG, saysBitmaps, storedBitmaps, withBitmap } from '../helpers/stored-bitmaps.ts';

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

const marks = (node: string) => ({ node, name: 'b', size: SIZE, granularity: COPIED });

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
    id: 'dirty-bitmaps/last-removed-from-the-image',
    title:
      'An image with a bitmap, recording or not, says so in its header, and no longer when the only one was removed',
    requirements: ['block-dirty-bitmap-remove/storage-too'],
    needs: stored,
    async run(t: CaseContext) {
      for (const flags of [0, BITMAP_FLAG.auto]) {
        const file = await imageWithBitmap(t, flags);
        const says = async () => ({ ...saysBitmaps(await bytesOf(t, file.local)) });
        await release(t, [await addQcow2(t, file)]);
        t.equal(await says(), { extension: true, autoclear: '1' }, 'the image must say that it has bitmaps');
        const second = await addQcow2(t, file);
        await t.execute('block-dirty-bitmap-remove', { node: second, name: 'b' });
        await release(t, [second]);
        t.equal(await says(), { extension: false, autoclear: '0' }, 'the image must say that it has none');
      }
    },
  },
  {
    id: 'dirty-bitmaps/loaded-without-autoload',
    title: 'A persistent bitmap that was added with autoload false marks writes and is loaded like any other',
    requirements: ['block-dirty-bitmap-add/autoload-ignored', 'block-dirty-bitmap-add/persistent-kept'],
    needs: needs(stored, {
      ...nodeIo,
      members: ['block-dirty-bitmap-add.autoload'],
    }),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const first = await addQcow2(t, file);
      await addBitmap(t, first, 'b', { persistent: true, autoload: false, granularity: CLUSTER });
      await writeNode(t, first, 3 * CLUSTER, CLUSTER, 0x61);
      const marked = { name: 'b', size: CHAIN_SIZE, granularity: CLUSTER };
      await checkDirty(t, { ...marked, node: first }, [3], 'with autoload false');
      await release(t, [first]);
      const second = await addQcow2(t, file);
      await checkDirty(t, { ...marked, node: second }, [3], 'when it is loaded');
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
      const incremental = {
        target: target.path,
        format: 'qcow2',
        mode: 'existing',
        sync: 'incremental',
        bitmap: 'b',
      };
      for (const options of [{}, { 'read-only': true }]) {
        const image = await imageWithBitmap(t, BITMAP_FLAG.auto | BITMAP_FLAG.inUse);
        const inUse = await addQcow2(t, image, options);
        const refused = t.name('job');
        await t.refused('drive-backup', { 'job-id': refused, device: inUse, ...incremental });
        await checkNoJob(t, refused);
        await t.refused('block-dirty-bitmap-clear', { node: inUse, name: 'b' });
      }
      const sound = await addQcow2(t, await imageWithBitmap(t, BITMAP_FLAG.auto));
      await checkDirty(t, marks(sound), DIRTY, 'when the image is opened');
      await copy(t, 'drive-backup', { device: sound, ...incremental });
      await checkOwn(t, target, content(), DIRTY, 'the target');
    },
  },
  {
    id: 'dirty-bitmaps/in-use-stays-so',
    title:
      'A stored bitmap that is marked as in use is still so, if it is there, when another one was stored',
    requirements: ['block-dirty-bitmap-add/in-use-not-trusted', 'block-dirty-bitmap-add/persistent-kept'],
    needs: stored,
    async run(t: CaseContext) {
      const file = await imageWithBitmap(t, BITMAP_FLAG.auto | BITMAP_FLAG.inUse);
      for (const name of ['c', 'd']) {
        const node = await addQcow2(t, file);
        await addBitmap(t, node, name, { persistent: true });
        await release(t, [node]);
        const trusted = storedBitmaps(await bytesOf(t, file.local))
          .filter(({ flags }) => (flags & BITMAP_FLAG.inUse) === 0)
          .map((bitmap) => bitmap.name);
        const expected = name === 'c' ? ['c'] : ['c', 'd'];
        t.equal(trusted.toSorted(), expected, 'the image must say which of its bitmaps are not in use');
      }
    },
  },
  {
    id: 'dirty-bitmaps/stored-granularities',
    title: 'Persistent bitmaps of any granularity are there with it when the image is opened again',
    requirements: ['block-dirty-bitmap-add/persistent-content', 'block-dirty-bitmap-add/granularity'],
    needs: needs(stored, nodeIo),
    async run(t: CaseContext) {
      // So large that each granularity has words of its own number.
      const size = 64 * MiB;
      const file = await makeFile(t, buildQcow2({ size, clusterSize: COPIED }));
      const first = await addQcow2(t, file);
      const granularities = [512, 4 * KiB, 64 * KiB, 128 * KiB, MiB];
      for (const granularity of granularities)
        await addBitmap(t, first, `b${granularity}`, { persistent: true, granularity });
      await writeNode(t, first, 3 * MiB, 512, 0x61);
      await release(t, [first]);
      const node = await addQcow2(t, file);
      for (const granularity of granularities)
        await checkDirty(
          t,
          { node, name: `b${granularity}`, size, granularity },
          [Math.floor((3 * MiB) / granularity)],
          'when the image is opened again',
        );
    },
  },
  {
    id: 'dirty-bitmaps/stored-all-ones',
    title: 'A stored bitmap that is said to be all ones marks every granule of the disk',
    requirements: ['block-dirty-bitmap-add/persistent-content'],
    needs: stored,
    async run(t: CaseContext) {
      // As many as a word of the map has bits: what stands beyond the disk in it is nobody's.
      const all = Array.from({ length: 64 }, (_, index) => index);
      const [size, granularity] = [all.length * COPIED, COPIED];
      const bitmap = { name: 'b', flags: BITMAP_FLAG.auto, granularity, dirty: 'all' } as const;
      const image = withBitmap(buildQcow2({ size, clusterSize: COPIED }), bitmap);
      const node = await addQcow2(t, await makeFile(t, image));
      await checkDirty(t, { node, name: 'b', size, granularity }, all, 'when the image is opened');
    },
  },
  {
    id: 'dirty-bitmaps/stored-in-several-clusters',
    title: 'A bitmap that takes several clusters of its image marks the same when that is opened again',
    requirements: ['block-dirty-bitmap-add/persistent-content'],
    needs: needs(stored, nodeIo, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const size = 40 * MiB;
      const file = await makeFile(t, buildQcow2({ size: MiB, clusterSize: 4 * KiB }));
      const first = await addQcow2(t, file);
      await t.execute('block_resize', { 'node-name': first, size });
      await addBitmap(t, first, 'b', { persistent: true, granularity: 512 });
      const middle = (16 * MiB) / 512;
      await writeNode(t, first, 16 * MiB - 512, 1024, 0x61);
      await writeNode(t, first, size - 512, 512, 0x61);
      await release(t, [first]);
      const node = await addQcow2(t, file);
      const dirty = [middle - 1, middle, size / 512 - 1];
      await checkDirty(
        t,
        { node, name: 'b', size, granularity: 512 },
        dirty,
        'when the image is opened again',
      );
    },
  },
  {
    id: 'dirty-bitmaps/disabled-stays-disabled',
    title: 'A stored bitmap that does not record is stored so again, with what it marks',
    requirements: ['query-block/bitmap-status-disabled', 'block-dirty-bitmap-add/persistent-content'],
    needs: needs(stored, nodeIo),
    async run(t: CaseContext) {
      const file = await imageWithBitmap(t, 0);
      const first = await addQcow2(t, file);
      const whileOpen = storedBitmaps(await bytesOf(t, file.local)).map(({ flags }) => flags);
      await writeNode(t, first, 5 * COPIED, COPIED, 0x61);
      await release(t, [first]);
      t.equal(
        storedBitmaps(await bytesOf(t, file.local)).map(({ flags }) => flags),
        [0],
        'the closed image must say that its bitmap neither records nor is in use',
      );
      await checkDirty(t, marks(await addQcow2(t, file)), DIRTY, 'when the image is opened again');
      t.equal(
        whileOpen,
        [BITMAP_FLAG.inUse],
        'an image that may be written must say that its bitmap is in use',
        { severity: 'should' },
      );
    },
  },
  {
    id: 'dirty-bitmaps/of-a-read-only-image',
    title:
      'A stored bitmap of an image that is open read-only is neither cleared nor removed; later it is both',
    requirements: ['block-dirty-bitmap-clear/read-only'],
    needs: needs(stored, { commands: ['block-dirty-bitmap-clear', 'transaction'] }),
    async run(t: CaseContext) {
      const file = await imageWithBitmap(t, BITMAP_FLAG.auto);
      const bytes = await bytesOf(t, file.local);
      const readOnly = await addQcow2(t, file, { 'read-only': true });
      const refused = { node: readOnly, name: 'b' };
      for (const command of ['block-dirty-bitmap-clear', 'block-dirty-bitmap-remove'])
        await t.refused(command, refused);
      const actions = [{ type: 'block-dirty-bitmap-clear', data: refused }];
      await t.refused('transaction', { actions });
      await checkDirty(t, marks(readOnly), DIRTY, 'while the image is open read-only');
      await release(t, [readOnly]);
      t.check(
        (await bytesOf(t, file.local)).equals(bytes),
        'an image that was open read-only must be as it was',
        'it changed',
      );
      const writable = await addQcow2(t, file);
      await t.execute('block-dirty-bitmap-clear', { node: writable, name: 'b' });
      await checkDirty(t, marks(writable), [], 'when it was cleared');
      await t.execute('block-dirty-bitmap-remove', { node: writable, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/persistent-in-version-2',
    title: 'An image of version 2 keeps no bitmap: a persistent one is refused, and one of version 3 taken',
    requirements: ['block-dirty-bitmap-add/persistent-needs-format'],
    needs: stored,
    async run(t: CaseContext) {
      const image = { size: SIZE, clusterSize: COPIED } as const;
      const old = await addQcow2(t, await makeFile(t, buildQcow2({ ...image, version: 2 })));
      await t.refused('block-dirty-bitmap-add', { node: old, name: 'b', persistent: true });
      await addBitmap(t, old, 'b');
      const present = await addQcow2(t, await makeFile(t, buildQcow2({ ...image, version: 3 })));
      await addBitmap(t, present, 'b', { persistent: true });
    },
  },
  {
    id: 'dirty-bitmaps/persistent-name-length',
    title: 'A name of 1023 bytes is kept by the image; one of 1024, counted in UTF-8, is refused',
    requirements: ['block-dirty-bitmap-add/persistent-name-length', 'block-dirty-bitmap-add/persistent-kept'],
    needs: stored,
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const first = await addQcow2(t, file);
      const longest = `é${'x'.repeat(1021)}`;
      for (const name of [`${longest}x`, 'x'.repeat(1024)])
        await t.refused('block-dirty-bitmap-add', { node: first, name, persistent: true });
      await addBitmap(t, first, longest, { persistent: true });
      await release(t, [first]);
      const second = await addQcow2(t, file);
      await t.execute('block-dirty-bitmap-remove', { node: second, name: longest });
    },
  },
];
