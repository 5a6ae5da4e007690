/** Requests of jobs that are held in flight by a breakpoint of a blkdebug node, and what is seen meanwhile. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { CHAIN_SIZE, CLUSTER, makeEmpty } from '../helpers/backing-chains.ts';
import { statistic, statsOf } from '../helpers/device-info.ts';
import { DRIVE, driveOverBase, onDrive } from '../helpers/drive-chain.ts';
import { qemuIo, typed } from '../helpers/human-monitor-io.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { cancelled, jobInfo, succeeded } from '../helpers/job-steps.ts';
import { type CaseFile, KiB, needs } from '../helpers/shared-setup.ts';

/** What the drive holds everywhere, and what a guest writes. */
const [OLD, NEW] = [0x11, 0x77];
/** What backups copy as one, bytes. */
const COPIED = 64 * KiB;

const heldBackup = needs(
  onDrive('blockdev-backup', 'block-job-cancel', 'query-block-jobs', 'query-blockstats'),
  {
    drivers: ['blkdebug'],
    events: ['BLOCK_JOB_CANCELLED', 'BLOCK_JOB_COMPLETED'],
  },
);

/**
 * A drive of that name, and the node below it, that hold requests over a new image. With a drive qemu-io need not change
 * the graph to use it, which newer releases do not do while a request is held.
 */
async function addTarget(t: CaseContext): Promise<{ drive: string; node: string; file: CaseFile }> {
  const file = await makeEmpty(t, 'raw');
  const [drive, node] = [t.name('held'), t.name('target')];
  const options = `if=none,id=${drive},node-name=${node},driver=blkdebug,image.driver=file,image.filename=${file.path}`;
  await typed(t, `drive_add 0 ${options}`);
  return { drive, node, file };
}

const startOf = async (t: CaseContext, { local }: CaseFile): Promise<number[]> => {
  const bytes = await bytesOf(t, local);
  return [bytes[0]!, bytes[COPIED - 1]!, bytes[COPIED]!];
};

export const heldCopies: readonly CaseDefinition[] = [
  {
    id: 'backup/held-copy-holds-the-write',
    title: 'A write to the source of a backup is done no sooner than the copy of what it overwrites',
    requirements: ['blockdev-backup/point-in-time', 'blockdev-backup/sync-none'],
    needs: heldBackup,
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const writes = async () => statistic(t, await statsOf(t, DRIVE), 'wr_operations');
      const target = await addTarget(t);
      const job = t.name('job');
      await t.execute('blockdev-backup', {
        'job-id': job,
        device: DRIVE,
        target: target.node,
        sync: 'none',
      });
      await qemuIo(t, target.drive, 'break pwritev held');
      await qemuIo(t, DRIVE, `aio_write -P ${NEW} 0 ${CLUSTER}`);
      t.equal(await writes(), 0, 'a write must wait for the copy of what it overwrites');
      t.equal(
        await startOf(t, target.file),
        [0, 0, 0],
        'a copy that is held must not have reached the target',
      );
      await qemuIo(t, target.drive, 'remove_break held');
      await qemuIo(t, DRIVE, 'aio_flush');
      t.equal(await writes(), 1, 'a write must be done when what it overwrites is copied');
      t.equal(await startOf(t, target.file), [OLD, OLD, 0], 'the target must have what was overwritten');
      await cancelled(t, job);
    },
  },
  {
    id: 'block-job-pause/amid-a-request',
    title: 'A job whose request is in flight reports paused at once, and makes no other before it is resumed',
    requirements: ['block-job-pause/pauses'],
    needs: needs(heldBackup, { commands: ['block-job-pause', 'block-job-resume'] }),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const target = await addTarget(t);
      const job = t.name('job');
      await qemuIo(t, target.drive, 'break pwritev held');
      await t.execute('blockdev-backup', {
        'job-id': job,
        device: DRIVE,
        target: target.node,
        sync: 'full',
        speed: 1,
      });
      await t.execute('block-job-pause', { device: job });
      t.contains(await jobInfo(t, job), { paused: true, offset: 0 }, 'a job must report paused at once');
      await qemuIo(t, target.drive, 'remove_break held');
      await t.execute('block-job-set-speed', { device: job, speed: 0 });
      t.contains(await jobInfo(t, job), { paused: true }, 'a job must stay paused');
      await t.execute('block-job-resume', { device: job });
      await succeeded(t, job, 'backup');
      t.equal(
        (await bytesOf(t, target.file.local)).equals(Buffer.alloc(CHAIN_SIZE, OLD)),
        true,
        'the target must be a copy of the source',
      );
    },
  },
];
