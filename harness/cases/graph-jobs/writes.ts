/** Writes of a guest that go on while jobs work below its drive, and after they have changed what the drive uses. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CLUSTER, checkContent, makeEmpty, readImage, stairs } from '../helpers/backing-chains.ts';
import {
  DRIVE,
  driveChain,
  driveOverBase,
  guestFlush,
  guestWrite,
  inserted,
  onDrive,
  ownClusters,
} from '../helpers/drive-chain.ts';
import { qemuIo } from '../helpers/human-monitor-io.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { CRAWL, completed, jobInfo } from '../helpers/job-steps.ts';
import { type CaseFile, KiB, needs, newFile, nodeInfo } from '../helpers/shared-setup.ts';

const jobs = needs(
  onDrive('query-block-jobs', 'block-job-complete', 'block-job-cancel', 'block-job-set-speed'),
  { events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_READY'] },
);
const streams = needs(jobs, { commands: ['block-stream'] });
const commits = needs(jobs, { commands: ['block-commit'] });

/** Bytes a second of a job that takes seconds, and that ends within some more when its limit is taken away. */
const SLOW = 64 * KiB;

/** `content` with clusters that a guest wrote. */
function written(content: Buffer, clusters: Readonly<Record<number, number>>): Buffer {
  for (const [index, byte] of Object.entries(clusters))
    content.fill(byte, Number(index) * CLUSTER, (Number(index) + 1) * CLUSTER);
  return content;
}

/** States that a file holds the same bytes as before. */
async function checkUntouched(t: CaseContext, file: CaseFile, before: Buffer, what: string): Promise<void> {
  t.check(
    (await bytesOf(t, file.local)).equals(before),
    `${what} must stay as it was, byte for byte`,
    'it changed',
  );
}

/** Starts a commit of the drive's active layer into the base, and waits until it is ready. */
async function readyCommit(t: CaseContext): Promise<string> {
  const id = t.name('job');
  await t.execute('block-commit', { 'job-id': id, device: DRIVE });
  await t.event('BLOCK_JOB_READY', { device: id });
  return id;
}

/** The cases of writes; each leaves a drive behind that is no longer what it was, and so takes an endpoint of its own. */
export const writeCases: readonly CaseDefinition[] = [
  {
    id: 'block-stream/guest-writes',
    title: 'What a guest writes while a stream runs, ahead of it and behind it, is not overwritten by it',
    requirements: ['block-stream/keeps-writes', 'block-stream/completes'],
    needs: streams,
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base, middle, top] = await driveChain(t, 3);
      const before = [await bytesOf(t, base!.file.local), await bytesOf(t, middle!.file.local)];
      const id = t.name('job');
      await t.execute('block-stream', { 'job-id': id, device: DRIVE, speed: SLOW });
      for (const cluster of [1, 15]) await guestWrite(t, cluster, 0x70 + cluster);
      t.contains(await jobInfo(t, id), { type: 'stream' }, 'the stream must run while the guest writes');
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await completed(t, id, 'stream');
      await guestWrite(t, 3, 0x73);
      await guestFlush(t);
      t.contains(
        await inserted(t),
        { 'node-name': top!.node, backing_file_depth: 0 },
        'the drive must use the same image, alone',
      );
      await checkContent(t, top!.file, written(stairs(3), { 1: 0x71, 3: 0x73, 15: 0x7f }), 'the image');
      await checkUntouched(t, base!.file, before[0]!, 'the base');
      await checkUntouched(t, middle!.file, before[1]!, 'the middle image');
    },
  },
  {
    id: 'block-commit/writes-while-ready',
    title: 'What a guest writes while an active commit is ready is in the base when it has completed',
    requirements: ['block-commit/active-mirrors-writes'],
    needs: commits,
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 3);
      const id = await readyCommit(t);
      for (const cluster of [2, 9]) await guestWrite(t, cluster, 0x70 + cluster);
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'commit');
      await checkContent(t, base!.file, written(stairs(3), { 2: 0x72, 9: 0x79 }), 'the base');
    },
  },
  {
    id: 'block-commit/device-uses-base',
    title:
      'After an active commit the drive uses the base: later writes go there, and no longer to the old image',
    requirements: ['block-commit/device-uses-base', 'block-job-complete/switches-commit'],
    needs: commits,
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base, , top] = await driveChain(t, 3);
      t.contains(
        await inserted(t),
        { 'node-name': top!.node },
        'the drive must use the top image before the commit',
      );
      const id = await readyCommit(t);
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'commit');
      t.contains(
        await inserted(t),
        { 'node-name': base!.node, backing_file_depth: 0, ro: false },
        'the drive must use the base after the commit, and may write it',
      );
      const before = await bytesOf(t, top!.file.local);
      await guestWrite(t, 5, 0x75);
      await guestFlush(t);
      await checkContent(t, base!.file, written(stairs(3), { 5: 0x75 }), 'the base');
      await checkUntouched(t, top!.file, before, 'the image that was committed');
    },
  },
  {
    id: 'block-commit/cancelled-keeps-device',
    title:
      'After a ready commit was cancelled the drive still uses the top image, and the base gets no more writes',
    requirements: ['block-commit/cancelled-keeps-device'],
    needs: commits,
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base, , top] = await driveChain(t, 3);
      const id = await readyCommit(t);
      await guestWrite(t, 2, 0x72);
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'commit');
      t.contains(
        await inserted(t),
        { 'node-name': top!.node, backing_file_depth: 2 },
        'the drive must use the top image of the whole chain',
      );
      await guestWrite(t, 5, 0x75);
      await guestFlush(t);
      await checkContent(t, top!.file, written(stairs(3), { 2: 0x72, 5: 0x75 }), 'the top image');
      await checkContent(
        t,
        base!.file,
        written(stairs(3), { 2: 0x72 }),
        'the base, which was complete when the commit was cancelled,',
      );
    },
  },
  {
    id: 'block-commit/writes-above-top',
    title:
      'While an image in the middle is committed the guest writes to the image above it, which the base does not get',
    requirements: ['block-commit/commits', 'block-commit/leaves-overlay'],
    needs: commits,
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base, middle, top] = await driveChain(t, 3);
      const id = t.name('job');
      await t.execute('block-commit', { 'job-id': id, device: DRIVE, top: middle!.file.path, speed: CRAWL });
      for (const cluster of [1, 12]) await guestWrite(t, cluster, 0x70 + cluster);
      t.contains(await jobInfo(t, id), { type: 'commit' }, 'the commit must run while the guest writes');
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await completed(t, id, 'commit');
      t.contains(
        await inserted(t),
        { 'node-name': top!.node, backing_file: base!.file.path, backing_file_depth: 1 },
        'the drive must use the top image over the base',
      );
      await guestWrite(t, 13, 0x7d);
      await guestFlush(t);
      await checkContent(t, base!.file, stairs(2), 'the base');
      t.equal(
        await ownClusters(t, top!),
        { 0: 0x33, 1: 0x71, 2: 0x33, 4: 0x33, 6: 0x33, 12: 0x7c, 13: 0x7d },
        'the top image must have of its own what it had and what the guest wrote',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/writes-go-to-overlay',
    title:
      'After a snapshot writes go to the new image; the old file stays as it was, and both together are what the guest reads',
    requirements: ['blockdev-snapshot-sync/keeps-old', 'blockdev-snapshot-sync/creates-overlay'],
    needs: onDrive(),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      await guestWrite(t, 0, 0x70);
      const overlay = { node: t.name('overlay'), file: newFile(t) };
      await t.execute('blockdev-snapshot-sync', {
        device: DRIVE,
        'snapshot-file': overlay.file.path,
        'snapshot-node-name': overlay.node,
      });
      t.contains(
        await nodeInfo(t, overlay.node),
        { drv: 'qcow2', backing_file_depth: 1 },
        'the new image must be over the old one',
      );
      const old = written(stairs(1), { 0: 0x70 });
      await checkContent(t, base!.file, old, 'the old image, written before the snapshot,');
      await guestFlush(t);
      t.equal(await ownClusters(t, overlay), {}, 'the new image must have nothing of its own at first');
      await guestWrite(t, 4, 0x74);
      await guestFlush(t);
      await checkUntouched(t, base!.file, old, 'the old image');
      await checkContent(t, overlay.file, written(old, { 4: 0x74 }), 'the new image over the old one');
    },
  },
  {
    id: 'blockdev-snapshot/writes-go-to-overlay',
    title:
      'After blockdev-snapshot the drive writes to the overlay and reads through it what the old image holds',
    requirements: ['blockdev-snapshot/device-follows', 'blockdev-snapshot/keeps-old'],
    needs: onDrive('blockdev-snapshot'),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const file = await makeEmpty(t);
      const overlay = { node: await addQcow2(t, file, { backing: null }), file };
      await t.execute('blockdev-snapshot', { node: DRIVE, overlay: overlay.node });
      await guestWrite(t, 4, 0x74);
      // The rest of this cluster comes from below.
      await qemuIo(t, DRIVE, `write -P 0x76 ${6 * CLUSTER} ${CLUSTER / 2}`);
      await guestFlush(t);
      await checkUntouched(t, base!.file, stairs(1), 'the old image');
      const image = await readImage(t, file);
      const filled = Buffer.alloc(CLUSTER, 0x11).fill(0x76, 0, CLUSTER / 2);
      t.check(
        filled.equals(image.cluster(6) as Buffer),
        'a cluster that was written in part must have the rest from the old image',
        'it has something else',
      );
      t.equal(
        await ownClusters(t, overlay),
        { 4: 0x74, 6: 0x76 },
        'the overlay must have what was written, and no more',
      );
      t.contains(await nodeInfo(t, base!.node), { ro: true }, 'the old image must be read-only');
    },
  },
];
