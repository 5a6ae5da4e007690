/** Persistent bitmaps and incremental backups over the end of the endpoint: an orderly one, and a crash. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { copy } from '../copy-jobs/copy-commands.ts';
import {
  COPIED,
  checkOwn,
  emptyTarget,
  type GuestSource,
  guestSource,
  guestWrites,
} from '../copy-jobs/guest-source.ts';
import { addQcow2, chainNodes, checkContent } from '../helpers/backing-chains.ts';
import { addBitmap, bitmapShown, checkStatus } from '../helpers/bitmaps.ts';
import { checkNoJob } from '../helpers/job-steps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { type CaseFile, KiB, needs, newFile } from '../helpers/shared-setup.ts';

const BITMAP = 'b';

const backups = needs(chainNodes, nodeIo, {
  commands: ['drive-backup', 'query-block-jobs', 'block-dirty-bitmap-add', 'block-dirty-bitmap-remove'],
  members: ['block-dirty-bitmap-add.persistent'],
  events: ['BLOCK_JOB_COMPLETED'],
  capabilities: ['owned'],
});

/** A drive with a qcow2 image in node `disk`, which is there again after a restart. */
const drive: Topology = {
  name: 'drive-of-qcow2',
  images: [{ path: 'disk.qcow2', format: 'qcow2', size: 1024 * KiB }],
  options: ['-drive', 'if=none,id=d0,file=@DIR@/disk.qcow2,format=qcow2,node-name=disk'],
  monitors: 1,
};

async function copied(t: CaseContext, device: string, args: JsonObject): Promise<void> {
  await copy(t, 'drive-backup', { device, format: 'qcow2', ...args });
}

const byBitmap = (target: CaseFile): JsonObject => ({
  target: target.path,
  mode: 'existing',
  sync: 'incremental',
  bitmap: BITMAP,
});

/** The same image in a node of the endpoint that was started again. */
async function openedAgain(t: CaseContext, source: GuestSource): Promise<GuestSource> {
  return { ...source, node: await addQcow2(t, source.file) };
}

/** The cases that start their endpoint again. */
export const bitmapRestartCases: readonly CaseDefinition[] = [
  {
    id: 'drive-backup/incremental-over-a-restart',
    title: 'By a persistent bitmap an incremental backup copies what was written before and after a restart',
    requirements: [
      'block-dirty-bitmap-add/persistent-content',
      'block-dirty-bitmap-add/persistent-kept',
      'drive-backup/sync-incremental',
    ],
    needs: backups,
    fresh: true,
    async run(t: CaseContext) {
      const before = await guestSource(t, { format: 'qcow2' });
      await addBitmap(t, before.node, BITMAP, { persistent: true });
      const full = newFile(t);
      await copied(t, before.node, { target: full.path, sync: 'full' });
      await guestWrites(t, before, 3 * COPIED, COPIED, 0x71);
      const first = await emptyTarget(t, full);
      await copied(t, before.node, byBitmap(first));
      await guestWrites(t, before, 5 * COPIED, COPIED, 0x72);
      await t.restart();
      const after = await openedAgain(t, before);
      await guestWrites(t, after, 9 * COPIED, 512, 0x73);
      const second = await emptyTarget(t, first);
      await copied(t, after.node, byBitmap(second));
      await checkOwn(t, first, after.content, [3], 'the backup before the restart');
      await checkOwn(t, second, after.content, [5, 9], 'the backup after the restart');
      await checkContent(t, second, after.content, 'the chain of backups');
    },
  },
  {
    id: 'drive-backup/no-incremental-after-a-crash',
    title: 'After a crash no backup goes by the bitmap that was in use; a new one serves the next backup',
    requirements: ['block-dirty-bitmap-add/in-use-not-trusted', 'drive-backup/sync-incremental'],
    needs: backups,
    fresh: true,
    async run(t: CaseContext) {
      const stored = await guestSource(t, { format: 'qcow2' });
      await addBitmap(t, stored.node, BITMAP, { persistent: true });
      await guestWrites(t, stored, 3 * COPIED, COPIED, 0x71);
      await t.restart();
      const used = await openedAgain(t, stored);
      await guestWrites(t, used, 5 * COPIED, COPIED, 0x72);
      await t.restart('kill');
      const source = await openedAgain(t, used);
      const target = await emptyTarget(t);
      const refused = t.name('job');
      await t.refused('drive-backup', {
        'job-id': refused,
        device: source.node,
        format: 'qcow2',
        ...byBitmap(target),
      });
      await checkNoJob(t, refused);
      // Since QEMU 4.0 it is there, to be removed; before it is as if it were not.
      await t.request({
        execute: 'block-dirty-bitmap-remove',
        arguments: { node: source.node, name: BITMAP },
      });
      await addBitmap(t, source.node, BITMAP, { persistent: true });
      const full = newFile(t);
      await copied(t, source.node, { target: full.path, sync: 'full' });
      await checkContent(t, full, source.content, 'a full backup after the crash');
      await guestWrites(t, source, 9 * COPIED, COPIED, 0x73);
      await copied(t, source.node, byBitmap(target));
      await checkOwn(t, target, source.content, [9], 'the target of a backup by the new bitmap');
    },
  },
  {
    id: 'dirty-bitmaps/shown-after-a-restart',
    title:
      'A persistent bitmap of a drive is shown as before, with as much dirty, when the endpoint was started again',
    requirements: ['block-dirty-bitmap-add/persistent-content', 'query-block/dirty-bitmaps'],
    needs: needs(chainNodes, nodeIo, {
      commands: ['query-block', 'block-dirty-bitmap-add'],
      members: ['block-dirty-bitmap-add.persistent'],
      capabilities: ['owned'],
    }),
    topology: drive,
    fresh: true,
    async run(t: CaseContext) {
      await addBitmap(t, 'disk', BITMAP, { persistent: true, granularity: 16 * KiB });
      await writeNode(t, 'disk', 40 * KiB, 32 * KiB, 0x71);
      const before = await bitmapShown(t, 'disk', BITMAP);
      t.contains(before, { count: 48 * KiB }, 'three granules of 16 KiB must be dirty');
      await t.restart();
      t.equal(
        await bitmapShown(t, 'disk', BITMAP),
        before,
        'the bitmap must be shown as it was before the restart',
      );
      await writeNode(t, 'disk', 0, 512, 0x72);
      await checkStatus(t, 'disk', BITMAP, 'active', 'after a restart');
      t.contains(await bitmapShown(t, 'disk', BITMAP), { count: 64 * KiB }, 'a write must mark one more');
    },
  },
];
