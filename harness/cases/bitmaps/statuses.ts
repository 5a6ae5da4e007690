/** Dirty bitmaps as queries show them: how much is dirty, and what their status lets be done to them. */
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addQcow2, chainNodes } from '../helpers/backing-chains.ts';
import {
  addBitmap,
  bitmapShown,
  bitmapsShown,
  checkDirty,
  checkStatus,
  namelessBitmaps,
} from '../helpers/bitmaps.ts';
import { CRAWL, cancelled, completed } from '../helpers/job-steps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { fileNodes, KiB, MiB, makeFile, needs, newFile } from '../helpers/shared-setup.ts';
import { withBitmap } from '../helpers/stored-bitmaps.ts';

const GRANULE = 64 * KiB;
const NODE = 'disk';

const medium = `if=none,id=d0,file=@DIR@/disk.img,format=raw,node-name=${NODE}`;

/** Drive `d0`, whose medium is the node `disk`, which holds 1 MiB of zeroes. */
const drive: Topology = {
  name: 'drive-with-bitmaps',
  images: [{ path: 'disk.img', format: 'raw', size: MiB }],
  options: ['-drive', medium],
  monitors: 1,
};

/** The same, read-only. */
const readOnlyDrive: Topology = {
  ...drive,
  name: 'read-only-drive-with-bitmaps',
  options: ['-drive', `${medium},readonly=on`],
};

const bitmaps: Needs = needs(fileNodes, nodeIo, {
  commands: [
    'query-block',
    'block-dirty-bitmap-add',
    'block-dirty-bitmap-remove',
    'block-dirty-bitmap-clear',
    'x-debug-block-dirty-bitmap-sha256',
  ],
});
const backups = needs(bitmaps, {
  commands: ['drive-backup', 'block-job-cancel', 'query-block-jobs'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
});

/** A bitmap `b` of the drive's node with these granules dirty. */
async function dirtyBitmap(t: CaseContext, granules: readonly number[]): Promise<void> {
  await addBitmap(t, NODE, 'b', { granularity: GRANULE });
  for (const granule of granules) await writeNode(t, NODE, granule * GRANULE, 512, 0x61);
}

/** An incremental backup of the drive's node by its bitmap. */
function backup(t: CaseContext, more: { speed?: number } = {}) {
  const id = t.name('job');
  const target = { target: newFile(t).path, format: 'raw' };
  return { 'job-id': id, device: NODE, ...target, sync: 'incremental', bitmap: 'b', ...more };
}

export const bitmapStatusCases: readonly CaseDefinition[] = [
  {
    id: 'dirty-bitmaps/count-shown',
    title: 'count is the number of bytes in dirty granules, also of granules that were written in part',
    requirements: ['query-block/bitmap-count', 'query-block/dirty-bitmaps'],
    needs: bitmaps,
    topology: drive,
    async run(t: CaseContext) {
      await addBitmap(t, NODE, 'fine', { granularity: 4 * KiB });
      await addBitmap(t, NODE, 'coarse', { granularity: GRANULE });
      await writeNode(t, NODE, GRANULE - 512, 1024, 0x61);
      t.contains(
        await bitmapShown(t, NODE, 'fine'),
        { count: 8 * KiB, granularity: 4 * KiB },
        'two granules of 4 KiB must be shown as dirty',
      );
      t.contains(
        await bitmapShown(t, NODE, 'coarse'),
        { count: 2 * GRANULE, granularity: GRANULE },
        'two granules of 64 KiB must be shown as dirty',
      );
    },
  },
  {
    id: 'dirty-bitmaps/status-frozen',
    title: 'A bitmap is shown as frozen while a backup uses it, and as active before and after',
    requirements: [
      'query-block/bitmap-status-frozen',
      'query-block/bitmap-status-active',
      'query-block/bitmap-count',
    ],
    needs: backups,
    topology: drive,
    async run(t: CaseContext) {
      const counts = async (granules: number, when: string): Promise<void> => {
        const shown = await bitmapShown(t, NODE, 'b');
        t.contains(shown, { count: granules * GRANULE }, `the bitmap must count what it marks ${when}`);
      };
      const alone = async (when: string): Promise<void> =>
        t.equal(await namelessBitmaps(t), [], `no bitmap of a backup must be shown ${when}`);
      await dirtyBitmap(t, [1, 5, 9]);
      await checkStatus(t, NODE, 'b', 'active', 'before a backup');
      const crawling = backup(t, { speed: CRAWL });
      await t.execute('drive-backup', crawling);
      await checkStatus(t, NODE, 'b', 'frozen', 'while a backup uses it');
      await counts(3, 'while a backup uses it');
      await cancelled(t, crawling['job-id']);
      await checkStatus(t, NODE, 'b', 'active', 'after the backup');
      await counts(3, 'after a backup that was cancelled');
      await alone('after a backup that was cancelled');
      const whole = backup(t);
      await t.execute('drive-backup', whole);
      await completed(t, whole['job-id'], 'backup');
      await counts(0, 'after a backup that succeeded');
      await alone('after a backup that succeeded');
      await t.execute('block-dirty-bitmap-clear', { node: NODE, name: 'b' });
      await t.execute('block-dirty-bitmap-remove', { node: NODE, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/frozen-in-a-transaction',
    title:
      'A frozen bitmap is cleared neither by a transaction nor alone, and keeps what it had when that is refused',
    requirements: ['query-block/bitmap-status-frozen', 'block-dirty-bitmap-clear/frozen'],
    needs: needs(backups, { commands: ['transaction'] }),
    topology: drive,
    async run(t: CaseContext) {
      await dirtyBitmap(t, [1, 5, 9]);
      const clear = { type: 'block-dirty-bitmap-clear', data: { node: NODE, name: 'b' } };
      const crawling = backup(t, { speed: CRAWL });
      await t.execute('drive-backup', crawling);
      await t.refused('transaction', { actions: [clear] }, { text: /frozen|in use/ });
      for (const command of ['block-dirty-bitmap-clear', 'block-dirty-bitmap-remove'])
        await t.refused(command, { node: NODE, name: 'b' });
      await cancelled(t, crawling['job-id']);
      const marks = { node: NODE, name: 'b', size: MiB };
      await checkDirty(t, marks, [1, 5, 9], 'after a transaction that was refused');
      await t.execute('transaction', { actions: [clear] });
      await checkDirty(t, marks, [], 'after the transaction that cleared it');
    },
  },
  {
    id: 'dirty-bitmaps/frozen-persistent',
    title:
      'A stored bitmap is left alone while a backup uses it, by each backup again, and stays what it was',
    requirements: [
      'query-block/bitmap-status-frozen',
      'query-block/bitmap-frozen-no-backup',
      'block-dirty-bitmap-clear/frozen',
    ],
    needs: needs(backups, chainNodes, { members: ['block-dirty-bitmap-add.persistent'] }),
    async run(t: CaseContext) {
      const image = buildQcow2({ size: MiB, clusterSize: GRANULE });
      const node = await addQcow2(t, await makeFile(t, image));
      await addBitmap(t, node, 'b', { granularity: GRANULE, persistent: true });
      for (const granules of [
        [1, 5, 9],
        [2, 6, 10],
      ]) {
        for (const granule of granules) await writeNode(t, node, granule * GRANULE, 512, 0x61);
        const crawling = { ...backup(t, { speed: CRAWL }), device: node };
        await t.execute('drive-backup', crawling);
        for (const command of ['block-dirty-bitmap-clear', 'block-dirty-bitmap-remove'])
          await t.refused(command, { node, name: 'b' });
        await t.refused('drive-backup', { ...backup(t), device: node });
        await cancelled(t, crawling['job-id']);
      }
      await checkDirty(t, { node, name: 'b', size: MiB }, [1, 2, 5, 6, 9, 10], 'after what was refused');
      await t.execute('block-dirty-bitmap-clear', { node, name: 'b' });
      await t.execute('block-dirty-bitmap-remove', { node, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/status-disabled',
    title: 'A stored bitmap that is not to record is shown as disabled, marks no write, and can be deleted',
    requirements: ['query-block/bitmap-status-disabled', 'query-block/dirty-bitmaps'],
    needs: needs(bitmaps, chainNodes, { commands: ['blockdev-snapshot'] }),
    topology: drive,
    async run(t: CaseContext) {
      const image = buildQcow2({ size: MiB, clusterSize: GRANULE });
      const stored = { name: 'b', granularity: GRANULE, flags: 0, dirty: [3] };
      const overlay = await addQcow2(t, await makeFile(t, withBitmap(image, stored)));
      await t.execute('blockdev-snapshot', { node: NODE, overlay });
      await writeNode(t, overlay, 0, 2 * GRANULE, 0x61);
      await checkStatus(t, overlay, 'b', 'disabled', 'where the image says that it does not record');
      await checkDirty(t, { node: overlay, name: 'b', size: MiB }, [3], 'after a write elsewhere');
      await t.execute('block-dirty-bitmap-remove', { node: overlay, name: 'b' });
      t.equal(await bitmapsShown(t, overlay), [], 'no bitmap must be shown when the only one was removed');
    },
  },
  {
    id: 'dirty-bitmaps/status-read-only',
    title: 'A bitmap that is added to a read-only drive is shown as any other',
    requirements: ['block-dirty-bitmap-add/creates', 'query-block/dirty-bitmaps'],
    needs: bitmaps,
    topology: readOnlyDrive,
    async run(t: CaseContext) {
      await addBitmap(t, NODE, 'b', { granularity: GRANULE });
      await checkStatus(t, NODE, 'b', 'active', 'on a read-only drive');
      t.contains(
        await bitmapShown(t, NODE, 'b'),
        { count: 0, granularity: GRANULE },
        'nothing must be shown as dirty',
      );
    },
  },
  {
    id: 'dirty-bitmaps/status-locked',
    title: 'A bitmap that an NBD export uses can be neither cleared nor deleted nor used for a backup',
    requirements: ['query-block/bitmap-status-locked'],
    needs: needs(backups, {
      commands: ['nbd-server-start', 'nbd-server-stop', 'block-export-add', 'block-export-del'],
      members: ['block-export-add.bitmaps'],
    }),
    topology: drive,
    async run(t: CaseContext) {
      await dirtyBitmap(t, [1, 5, 9]);
      const address = { type: 'unix', data: { path: `${t.dir}/${t.name('nbd')}` } };
      await t.execute('nbd-server-start', { addr: address });
      const id = t.name('export');
      const made = { type: 'nbd', id, 'node-name': NODE, name: id, writable: true };
      await t.execute('block-export-add', { ...made, bitmaps: ['b'] });
      await checkStatus(t, NODE, 'b', 'locked', 'while an export uses it');
      for (const command of ['block-dirty-bitmap-clear', 'block-dirty-bitmap-remove'])
        await t.refused(command, { node: NODE, name: 'b' });
      await t.refused('drive-backup', backup(t));
      await t.execute('block-export-del', { id, mode: 'hard' });
      await t.event('BLOCK_EXPORT_DELETED', { id });
      await t.execute('nbd-server-stop');
      const whole = backup(t);
      await t.execute('drive-backup', whole);
      await completed(t, whole['job-id'], 'backup');
      for (const command of ['block-dirty-bitmap-clear', 'block-dirty-bitmap-remove'])
        await t.execute(command, { node: NODE, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/of-a-mirror',
    title: 'The bitmap by which a mirror follows writes is shown without a name, as long as the mirror runs',
    requirements: ['query-block/bitmap-name'],
    needs: needs(bitmaps, {
      commands: ['drive-mirror', 'block-job-cancel', 'query-block-jobs'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    topology: drive,
    async run(t: CaseContext) {
      await addBitmap(t, NODE, 'b');
      await writeNode(t, NODE, 0, MiB, 0x61);
      const id = t.name('job');
      const target = { target: newFile(t).path, format: 'raw', sync: 'full', granularity: 16 * KiB };
      await t.execute('drive-mirror', { 'job-id': id, device: 'd0', ...target, speed: CRAWL });
      await bitmapShown(t, NODE, 'b');
      t.contains(
        await namelessBitmaps(t),
        [{ granularity: 16 * KiB }],
        'the bitmap of a mirror must be shown without a name, with the granularity of the mirror',
      );
      await cancelled(t, id);
      t.equal(await namelessBitmaps(t), [], 'the bitmap of a mirror must be gone when it has ended');
      await bitmapShown(t, NODE, 'b');
    },
  },
];
