/** What an error does to a job that was ready. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { endedReady, jobInfo, mirrorJobs } from '../helpers/job-steps.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { addRaw, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { addAbove, addGroup, throttleNodes } from '../helpers/throttling.ts';

const SIZE = 256 * KiB;
const BYTE = 0x5a;

export const readinessCases: readonly CaseDefinition[] = [
  {
    id: 'BLOCK_JOB_READY/after-an-error',
    title:
      'A ready mirror that fails to write is ready no more, or told to be so; resumed, it copies the write',
    requirements: ['BLOCK_JOB_READY/reset-by-error', 'BLOCK_JOB_ERROR/action', 'block-job-resume/resumes'],
    needs: needs(mirrorJobs, {
      ...nodeIo,
      commands: ['block-job-resume'],
      events: ['BLOCK_JOB_ERROR'],
      drivers: ['blkdebug'],
    }),
    async run(t: CaseContext) {
      const device = (await addRaw(t, SIZE)).name;
      const copy = await makeFile(t, SIZE);
      const target = await addFailing(t, copy, { event: 'write_aio', once: true });
      const guest = await openIo(t, device);
      const id = t.name('job');
      const job = { 'job-id': id, device, target, sync: 'none', 'on-target-error': 'stop' };
      await t.execute('blockdev-mirror', job);
      await t.event('BLOCK_JOB_READY', { device: id });
      await guest.perform({ kind: 'write', offset: 64 * KiB, length: 64 * KiB, byte: BYTE });
      await t.event('BLOCK_JOB_ERROR', { device: id, operation: 'write', action: 'stop' });
      const { ready, ...stopped } = await jobInfo(t, id);
      t.contains(stopped, { 'io-status': 'failed' }, 'the job must show that it failed to write');
      await t.execute('block-job-resume', { device: id });
      if (ready === true) t.info('BLOCK_JOB_READY/reset-by-error: the job stays ready');
      else await t.event('BLOCK_JOB_READY', { device: id });
      await endedReady(t, id);
      await guest.close();
      await release(t, [target]);
      t.check(
        (await bytesOf(t, copy.local)).equals(Buffer.alloc(SIZE).fill(BYTE, 64 * KiB, 128 * KiB)),
        'the target must hold what was written, and nothing else',
        'it holds something else',
      );
    },
  },
  {
    id: 'blockdev-mirror/ready-with-work-left',
    title: 'A mirror that has been ready stays so while writes of the guest are on their way to the target',
    requirements: ['BlockJobStatus/ready', 'query-block-jobs/flags-agree'],
    needs: needs(mirrorJobs, throttleNodes, nodeIo),
    async run(t: CaseContext) {
      const device = (await addRaw(t, SIZE)).name;
      const copy = await addRaw(t, SIZE);
      const group = await addGroup(t, { 'bps-write': 64 * KiB });
      const target = await addAbove(t, group, copy.name);
      const guest = await openIo(t, device);
      const id = t.name('job');
      await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'none' });
      await t.event('BLOCK_JOB_READY', { device: id });
      for (const offset of [0, 128 * KiB])
        await guest.perform({ kind: 'write', offset, length: 64 * KiB, byte: BYTE });
      await t.elapse(200);
      const { len, offset, ...told } = await jobInfo(t, id);
      if (t.virtualTime)
        t.check(Number(offset) < Number(len), 'a write that a limit holds must not count as done', 'it does');
      t.contains(told, { status: 'ready', ready: true }, 'a mirror that was ready must stay so');
      await t.elapse(1000);
      await endedReady(t, id);
      await guest.close();
      await release(t, [target]);
      const bytes = await bytesOf(t, copy.file.local);
      t.equal(
        [0, 64, 128, 192].map((at) => bytes[at * KiB]!),
        [BYTE, 0, BYTE, 0],
        'the target must hold what was written, and nothing else',
      );
    },
  },
];
