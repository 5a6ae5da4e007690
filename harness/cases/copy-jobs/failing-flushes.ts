/** What a mirror does about a target that takes all data and cannot be flushed. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { endedReady, jobInfo, mirrorJobs, pendingJobEvents } from '../helpers/job-steps.ts';
import { addRaw, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

const SIZE = 64 * KiB;

export const failingFlushes: readonly CaseDefinition[] = [
  {
    id: 'blockdev-mirror/target-flush-fails',
    title:
      'A flush of its target that fails is an error of writing to a mirror, which is not ready before it',
    requirements: ['BLOCK_JOB_ERROR/operation', 'BLOCK_JOB_ERROR/action', 'BLOCK_JOB_READY/emitted'],
    needs: needs(mirrorJobs, {
      commands: ['block-job-resume'],
      events: ['BLOCK_JOB_ERROR'],
      nodes: ['failing'],
    }),
    async run(t: CaseContext) {
      for (const action of ['ignore', 'stop', 'report']) {
        const device = (await addRaw(t, Buffer.alloc(SIZE, 0x5a))).name;
        const target = await addFailing(t, await makeFile(t, SIZE), { event: 'flush_to_disk', once: true });
        const id = t.name('job');
        const job = { 'job-id': id, device, target, sync: 'full', 'on-target-error': action };
        await t.execute('blockdev-mirror', job);
        await t.event('BLOCK_JOB_ERROR', { device: id, operation: 'write', action });
        if (action === 'report') {
          const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
          t.contains(data ?? null, { error: 'Input/output error' }, 'a job that gives up must say why');
          continue;
        }
        if (action === 'stop') {
          t.equal(pendingJobEvents(t, id), [], 'a job that stopped must not be told to be ready');
          t.contains(
            await jobInfo(t, id),
            { paused: true, ready: false, 'io-status': 'failed' },
            'a job that stopped must be paused, and not ready',
          );
          await t.execute('block-job-resume', { device: id });
        }
        await t.event('BLOCK_JOB_READY', { device: id });
        await endedReady(t, id);
      }
    },
  },
];
