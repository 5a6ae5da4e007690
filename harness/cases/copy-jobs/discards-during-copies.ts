/** What a guest discards or zeroes while a disk is copied: a backup has it as it was, a mirror as it is. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, checkContent, release } from '../helpers/backing-chains.ts';
import { CRAWL, cancelled, completed, endedReady, jobInfo } from '../helpers/job-steps.ts';
import { type NodeIo, nodeBytes, openIo } from '../helpers/node-io.ts';
import { type CaseFile, fileNodes, needs } from '../helpers/shared-setup.ts';
import { COPIED, COUNT, checkOwn, emptyTarget, guestSource, SIZE } from './guest-source.ts';

const jobs = (command: string, ...events: string[]) =>
  needs(fileNodes, nodeBytes, {
    commands: ['query-block-jobs', 'block-job-cancel', 'block-job-set-speed', command],
    drivers: ['qcow2'],
    events,
  });

/** A disk that lets its clusters go when they are discarded, and a guest that has it open. */
async function disk(t: CaseContext): Promise<{ node: string; guest: NodeIo; content: Buffer }> {
  const { node, content } = await guestSource(t, { format: 'qcow2', options: { discard: 'unmap' } });
  return { node, guest: await openIo(t, node), content };
}

/**
 * The guest makes clusters zero, behind the front of a job that crawls and ahead of it, in each of three ways. Gives those that
 * are: what stands above the disk while the job works may drop what is only discarded.
 */
async function makeZero(guest: NodeIo): Promise<number[]> {
  await guest.perform({ kind: 'discard', offset: 0, length: 2 * COPIED });
  await guest.perform({ kind: 'discard', offset: 20 * COPIED, length: COPIED });
  await guest.perform({ kind: 'write-zeroes', offset: 21 * COPIED, length: COPIED, unmap: true });
  await guest.perform({ kind: 'write-zeroes', offset: SIZE - COPIED, length: COPIED });
  const bytes = await guest.read(0, SIZE);
  await guest.close();
  return [...Array(COUNT).keys()].filter((index) => bytes[index * COPIED] === 0);
}

async function backup(
  t: CaseContext,
  sync: string,
): Promise<CaseFile & { content: Buffer; id: string; target: string; gone: number[] }> {
  const { node, guest, content } = await disk(t);
  const file = await emptyTarget(t);
  const target = await addQcow2(t, file);
  const id = t.name('job');
  await t.execute('blockdev-backup', { 'job-id': id, device: node, target, sync, speed: CRAWL });
  await jobInfo(t, id);
  return { ...file, content, id, target, gone: await makeZero(guest) };
}

/** Cases of jobs beside a guest that discards. */
export const discardsDuringCopies: readonly CaseDefinition[] = [
  {
    id: 'blockdev-backup/discards-saved',
    title: 'A backup with sync full has what is discarded, or zeroed, while it runs, as it was at its start',
    requirements: ['blockdev-backup/point-in-time'],
    needs: jobs('blockdev-backup', 'BLOCK_JOB_COMPLETED'),
    async run(t: CaseContext) {
      const { id, target, content, ...file } = await backup(t, 'full');
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await completed(t, id, 'backup');
      await release(t, [target]);
      await checkContent(t, file, content, 'the target');
    },
  },
  {
    id: 'blockdev-backup/none-saves-discards',
    title: 'A backup with sync none copies what is about to be discarded or zeroed, and nothing else',
    requirements: ['blockdev-backup/sync-none', 'blockdev-backup/point-in-time'],
    needs: jobs('blockdev-backup', 'BLOCK_JOB_CANCELLED'),
    async run(t: CaseContext) {
      const { id, target, content, gone, ...file } = await backup(t, 'none');
      await cancelled(t, id);
      await release(t, [target]);
      await checkOwn(t, file, content, gone, 'the target');
    },
  },
  {
    id: 'blockdev-mirror/discards-followed',
    title:
      'What is discarded or zeroed while a mirror is ready reads as zeroes on its target, and nothing else does',
    requirements: ['blockdev-mirror/mirrors-writes'],
    needs: jobs('blockdev-mirror', 'BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'),
    async run(t: CaseContext) {
      const { node, guest, content } = await disk(t);
      const file = await emptyTarget(t);
      const target = await addQcow2(t, file);
      const id = t.name('job');
      await t.execute('blockdev-mirror', { 'job-id': id, device: node, target, sync: 'full' });
      await t.event('BLOCK_JOB_READY', { device: id });
      const gone = await makeZero(guest);
      await endedReady(t, id);
      await release(t, [target]);
      for (const index of gone) content.fill(0, index * COPIED, (index + 1) * COPIED);
      await checkContent(t, file, content, 'the target');
    },
  },
];
