/** Incremental backups: what they copy and leave out, what becomes of the bitmap, and that the chain of them restores the disk. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, checkContent, release } from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { CRAWL, cancelled, checkNoJob, completed, jobInfo } from '../helpers/job-steps.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { type CaseFile, fileNodes, KiB, needs, newFile } from '../helpers/shared-setup.ts';
import {
  COPIED,
  COUNT,
  checkOwn,
  emptyTarget,
  type GuestSource,
  guestSource,
  guestWrites,
  SIZE,
} from './guest-source.ts';

const incremental = needs(fileNodes, nodeIo, {
  commands: [
    'drive-backup',
    'block-dirty-bitmap-add',
    'block-dirty-bitmap-clear',
    'x-debug-block-dirty-bitmap-sha256',
    'block-job-cancel',
    'query-block-jobs',
  ],
  drivers: ['qcow2'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
});
const held = needs(incremental, { commands: ['block-job-set-speed'] });

const BITMAP = 'b';

function backup(t: CaseContext, device: string, target: CaseFile, more: JsonObject = {}): JsonObject {
  const image = { target: target.path, format: 'qcow2', mode: 'existing' };
  return { 'job-id': t.name('job'), device, ...image, sync: 'incremental', bitmap: BITMAP, ...more };
}

/** Copies what the bitmap marks into an image that is there, and waits for the end. */
async function copied(t: CaseContext, { node }: GuestSource, target: CaseFile): Promise<void> {
  const args = backup(t, node, target);
  await t.execute('drive-backup', args);
  await completed(t, String(args['job-id']), 'backup');
}

const marks = ({ node }: GuestSource, granularity?: number) => ({
  node,
  name: BITMAP,
  size: SIZE,
  ...(granularity !== undefined && { granularity }),
});

export const incrementalCases: readonly CaseDefinition[] = [
  {
    id: 'drive-backup/incremental-copies-dirty-only',
    title: 'An incremental backup copies the clusters written since the bitmap was made, whole, and no other',
    requirements: ['drive-backup/sync-incremental', 'drive-backup/sync'],
    needs: incremental,
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await guestWrites(t, source, 0, COPIED, 0x61);
      await addBitmap(t, source.node, BITMAP);
      await guestWrites(t, source, 2 * COPIED + 512, 512, 0x71);
      await guestWrites(t, source, 6 * COPIED - 512, 1024, 0x72);
      const target = await emptyTarget(t);
      await copied(t, source, target);
      await checkOwn(t, target, source.content, [2, 5, 6], 'the target');
    },
  },
  {
    id: 'drive-backup/incremental-cleans-bitmap',
    title: 'After an incremental backup the bitmap is clean, and records what is written since its start',
    requirements: ['drive-backup/bitmap-restarts'],
    needs: incremental,
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      await guestWrites(t, source, 3 * COPIED, COPIED, 0x71);
      await checkDirty(t, marks(source), [3], 'before the backup');
      await copied(t, source, await emptyTarget(t));
      await checkDirty(t, marks(source), [], 'after the backup');
      await guestWrites(t, source, 9 * COPIED, 512, 0x72);
      await checkDirty(t, marks(source), [9], 'written after the backup');
    },
  },
  {
    id: 'drive-backup/incremental-clean-bitmap',
    title:
      'An incremental backup of a bitmap without a dirty granule copies nothing; after a write it copies that',
    requirements: ['drive-backup/sync-incremental'],
    needs: incremental,
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      const target = await emptyTarget(t);
      await copied(t, source, target);
      await checkOwn(t, target, source.content, [], 'the target');
      await guestWrites(t, source, COPIED, 512, 0x7e);
      await copied(t, source, target);
      await checkOwn(t, target, source.content, [1], 'the target');
    },
  },
  {
    id: 'drive-backup/incremental-after-clear',
    title: 'After block-dirty-bitmap-clear an incremental backup copies only what was written since',
    requirements: ['block-dirty-bitmap-clear/backup-from-then'],
    needs: incremental,
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      await guestWrites(t, source, COPIED, COPIED, 0x71);
      await t.execute('block-dirty-bitmap-clear', { node: source.node, name: BITMAP });
      await guestWrites(t, source, 4 * COPIED, COPIED, 0x72);
      const target = await emptyTarget(t);
      await copied(t, source, target);
      await checkOwn(t, target, source.content, [4], 'the target');
    },
  },
  ...([4 * KiB, 256 * KiB] as const).map(
    (granularity): CaseDefinition => ({
      id: `drive-backup/incremental-granularity-${granularity / KiB}k`,
      title: `With a bitmap of granularity ${granularity / KiB} KiB an incremental backup copies what its dirty granules touch`,
      requirements: ['drive-backup/sync-incremental', 'block-dirty-bitmap-add/granularity'],
      needs: incremental,
      async run(t: CaseContext) {
        const source = await guestSource(t);
        await addBitmap(t, source.node, BITMAP, { granularity });
        await guestWrites(t, source, 5 * COPIED + 8 * KiB, 512, 0x71);
        const target = await emptyTarget(t);
        await copied(t, source, target);
        await checkOwn(t, target, source.content, granularity > COPIED ? [4, 5, 6, 7] : [5], 'the target');
      },
    }),
  ),
  {
    id: 'drive-backup/incremental-restores',
    title:
      'A full backup and three incremental ones, each above the one before, hold the disk as of each of them',
    requirements: ['drive-backup/sync-incremental', 'drive-backup/bitmap-restarts'],
    needs: incremental,
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      const full = newFile(t);
      const id = t.name('job');
      await t.execute('drive-backup', {
        'job-id': id,
        device: source.node,
        target: full.path,
        format: 'qcow2',
        sync: 'full',
      });
      await completed(t, id, 'backup');
      const images = [{ file: full, content: Buffer.from(source.content) }];
      const rounds = [[0, 5], [5, 9, 15], [1]];
      for (const [round, clusters] of rounds.entries()) {
        for (const cluster of clusters)
          await guestWrites(t, source, cluster * COPIED + 100 * 512, 1024, 0x80 + round * 16 + cluster);
        const file = await emptyTarget(t, images.at(-1)!.file);
        await copied(t, source, file);
        images.push({ file, content: Buffer.from(source.content) });
      }
      for (const [round, { file, content }] of images.entries())
        await checkContent(t, file, content, `the backup number ${round}`);
      for (const [round, clusters] of rounds.entries())
        await checkOwn(
          t,
          images[round + 1]!.file,
          images[round + 1]!.content,
          clusters,
          `the incremental backup number ${round + 1}`,
        );
    },
  },
  {
    id: 'drive-backup/incremental-failed',
    title:
      'An incremental backup that fails leaves all as dirty in the bitmap; the next one copies what it has not',
    requirements: ['drive-backup/bitmap-kept'],
    needs: needs(incremental, { nodes: ['failing'], events: ['BLOCK_JOB_ERROR'] }),
    async run(t: CaseContext) {
      const rule = { event: 'read_aio', errno: 5, once: true };
      const source = await guestSource(t, {
        below: ({ path }) => ({
          driver: 'blkdebug',
          image: { driver: 'file', filename: path },
          'inject-error': [rule],
        }),
      });
      await addBitmap(t, source.node, BITMAP);
      for (const cluster of [2, 11]) await guestWrites(t, source, cluster * COPIED, COPIED, 0x71);
      const failing = backup(t, source.node, await emptyTarget(t));
      await t.execute('drive-backup', failing);
      const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: failing['job-id']! });
      t.check(
        typeof (data as JsonObject).error === 'string',
        'a backup whose source fails must end with an error',
        'it has none',
      );
      await checkDirty(t, marks(source), [2, 11], 'after a backup that failed');
      await guestWrites(t, source, 12 * COPIED, COPIED, 0x72);
      const target = await emptyTarget(t);
      await copied(t, source, target);
      await checkOwn(t, target, source.content, [2, 11, 12], 'the target of the next backup');
      await checkDirty(t, marks(source), [], 'after the backup that succeeded');
    },
  },
  {
    id: 'drive-backup/incremental-cancelled',
    title:
      'An incremental backup that is cancelled leaves in the bitmap what it had, and what was written meanwhile',
    requirements: ['drive-backup/bitmap-kept'],
    needs: incremental,
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      for (const cluster of [1, 2, 6]) await guestWrites(t, source, cluster * COPIED, COPIED, 0x71);
      const guest = await openIo(t, source.node);
      const args = backup(t, source.node, await emptyTarget(t), { speed: CRAWL });
      await t.execute('drive-backup', args);
      await guest.perform({ kind: 'write', offset: 14 * COPIED, length: 512, byte: 0x72 });
      await jobInfo(t, String(args['job-id']));
      await cancelled(t, String(args['job-id']));
      await guest.close();
      await checkDirty(t, marks(source), [1, 2, 6, 14], 'after a backup that was cancelled');
    },
  },
  {
    id: 'drive-backup/incremental-cancelled-when-pending',
    title: 'An incremental backup that is cancelled once it has copied all leaves in the bitmap what it had',
    requirements: ['drive-backup/bitmap-kept', 'BLOCK_JOB_CANCELLED/emitted'],
    needs: needs(incremental, {
      members: ['drive-backup.auto-finalize'],
      events: ['BLOCK_JOB_PENDING'],
    }),
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      for (const cluster of [1, 6]) await guestWrites(t, source, cluster * COPIED, COPIED, 0x71);
      const guest = await openIo(t, source.node);
      const args = backup(t, source.node, await emptyTarget(t), { 'auto-finalize': false });
      await t.execute('drive-backup', args);
      await t.event('BLOCK_JOB_PENDING', { id: args['job-id']! });
      await guest.perform({ kind: 'write', offset: 14 * COPIED, length: 512, byte: 0x72 });
      await cancelled(t, String(args['job-id']));
      await guest.close();
      await checkDirty(t, marks(source), [1, 6, 14], 'after a backup that was cancelled');
    },
  },
  {
    id: 'drive-backup/incremental-writes-meanwhile',
    title:
      'What is written during an incremental backup is left to the next: the first has the data of its start',
    requirements: ['drive-backup/bitmap-restarts', 'drive-backup/point-in-time'],
    needs: held,
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      for (const cluster of [1, 2, 3, 9]) await guestWrites(t, source, cluster * COPIED, COPIED, 0x71);
      const atStart = Buffer.from(source.content);
      const guest = await openIo(t, source.node);
      const target = await emptyTarget(t);
      const args = backup(t, source.node, target, { speed: CRAWL });
      await t.execute('drive-backup', args);
      for (const cluster of [3, 12]) {
        await guest.perform({ kind: 'write', offset: cluster * COPIED, length: COPIED, byte: 0x73 });
        source.content.fill(0x73, cluster * COPIED, (cluster + 1) * COPIED);
      }
      await jobInfo(t, String(args['job-id']));
      await t.execute('block-job-set-speed', { device: args['job-id']!, speed: 0 });
      await completed(t, String(args['job-id']), 'backup');
      await guest.close();
      await checkOwn(t, target, atStart, [1, 2, 3, 9], 'the target');
      await checkDirty(t, marks(source), [3, 12], 'after a backup during which a guest wrote');
      const next = await emptyTarget(t);
      await copied(t, source, next);
      await checkOwn(t, next, source.content, [3, 12], 'the target of the next backup');
    },
  },
  {
    id: 'drive-backup/incremental-twice',
    title:
      'A bitmap that an incremental backup uses cannot be used by a second one until the first has ended',
    requirements: ['query-block/bitmap-frozen-no-backup', 'query-block/bitmap-status-frozen'],
    needs: incremental,
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      for (const cluster of [1, 2, 6]) await guestWrites(t, source, cluster * COPIED, COPIED, 0x71);
      const first = backup(t, source.node, await emptyTarget(t), { speed: CRAWL });
      await t.execute('drive-backup', first);
      const target = await emptyTarget(t);
      const second = backup(t, source.node, target);
      await t.refused('drive-backup', second);
      await checkNoJob(t, String(second['job-id']));
      await cancelled(t, String(first['job-id']));
      await checkOwn(t, target, source.content, [], 'the target of the refused backup');
      await copied(t, source, target);
      await checkOwn(t, target, source.content, [1, 2, 6], 'the target');
    },
  },
  {
    id: 'drive-backup/incremental-persistent',
    title: 'A persistent bitmap serves an incremental backup after the image was closed and opened again',
    requirements: ['block-dirty-bitmap-add/persistent-content', 'drive-backup/sync-incremental'],
    needs: needs(incremental, { members: ['block-dirty-bitmap-add.persistent'] }),
    async run(t: CaseContext) {
      const first = await guestSource(t, { format: 'qcow2' });
      await addBitmap(t, first.node, BITMAP, { persistent: true });
      for (const cluster of [0, 7]) await guestWrites(t, first, cluster * COPIED, COPIED, 0x71);
      await release(t, [first.node]);
      const source = { ...first, node: await addQcow2(t, first.file) };
      await guestWrites(t, source, 8 * COPIED, 512, 0x72);
      const early = backup(t, source.node, await emptyTarget(t), { speed: CRAWL });
      await t.execute('drive-backup', early);
      await cancelled(t, String(early['job-id']));
      await release(t, [source.node]);
      const third = { ...source, node: await addQcow2(t, source.file) };
      await checkDirty(t, marks(third), [0, 7, 8], 'opened again after a backup that was cancelled');
      const target = await emptyTarget(t);
      await copied(t, third, target);
      await checkOwn(t, target, source.content, [0, 7, 8], 'the target');
      await release(t, [third.node]);
      const fourth = { ...source, node: await addQcow2(t, source.file) };
      await checkDirty(t, marks(fourth), [], 'opened again after the backup');
    },
  },
  {
    id: 'drive-backup/incremental-checkpoint',
    title:
      'A transaction of a full backup and of clearing the bitmap is a point from which incremental backups go on',
    requirements: ['block-dirty-bitmap-clear/backup-from-then', 'drive-backup/point-in-time'],
    needs: needs(incremental, { commands: ['transaction', 'block-job-set-speed'] }),
    async run(t: CaseContext) {
      const source = await guestSource(t);
      await addBitmap(t, source.node, BITMAP);
      await guestWrites(t, source, 13 * COPIED, COPIED, 0x71);
      const atStart = Buffer.from(source.content);
      const guest = await openIo(t, source.node);
      const id = t.name('job');
      const full = newFile(t);
      const copy = {
        'job-id': id,
        device: source.node,
        target: full.path,
        format: 'qcow2',
        sync: 'full',
        speed: CRAWL,
      };
      await t.execute('transaction', {
        actions: [
          { type: 'block-dirty-bitmap-clear', data: { node: source.node, name: BITMAP } },
          { type: 'drive-backup', data: copy },
        ],
      });
      await guest.perform({ kind: 'write', offset: (COUNT - 1) * COPIED, length: 512, byte: 0x72 });
      source.content.fill(0x72, (COUNT - 1) * COPIED, (COUNT - 1) * COPIED + 512);
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await completed(t, id, 'backup');
      await guest.close();
      await checkContent(t, full, atStart, 'the full backup');
      const next = await emptyTarget(t, full);
      await copied(t, source, next);
      await checkOwn(t, next, source.content, [COUNT - 1], 'the incremental backup');
      await checkContent(t, next, source.content, 'the chain of both');
    },
  },
];
