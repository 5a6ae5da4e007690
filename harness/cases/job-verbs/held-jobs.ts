/** What verbs do to a job that a request keeps from its end. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { backupJobs, findJob } from '../helpers/job-steps.ts';
import { addNode, MiB, needs } from '../helpers/shared-setup.ts';

/** Of the request, in nanoseconds: time enough to ask for the state of the job. */
const LATENCY = 400_000_000;

export const heldJobs: readonly CaseDefinition[] = [
  {
    id: 'block-job-cancel/held-paused-goes-on',
    title:
      'A paused job that is cancelled with force is paused no more, also while a request keeps it from its end',
    requirements: ['block-job-cancel/resumes-paused'],
    needs: needs(backupJobs, {
      commands: ['block-job-pause'],
      drivers: ['null-co'],
      members: ['BlockdevOptionsNull.latency-ns'],
    }),
    async run(t: CaseContext) {
      const device = await addNode(t, { size: MiB });
      const [target, id] = [t.name('slow'), t.name('job')];
      const slow = { driver: 'null-co', 'node-name': target, size: MiB, 'latency-ns': LATENCY };
      await t.execute('blockdev-add', slow);
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full' });
      await t.execute('block-job-pause', { device: id });
      t.contains((await findJob(t, id)) ?? null, { paused: true }, 'the job must be paused, or about to be');
      await t.execute('block-job-cancel', { device: id, force: true });
      const left = await findJob(t, id);
      if (left) t.contains(left, { paused: false }, 'a job that was cancelled must be paused no more');
      await t.event('BLOCK_JOB_CANCELLED', { device: id });
    },
  },
];
