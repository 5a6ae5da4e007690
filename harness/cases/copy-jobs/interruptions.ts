/** A job of which most is left, taken through a pause and other speeds. */
import type { CaseContext, Needs } from '../case.ts';
import { reaches } from '../helpers/job-states.ts';
import { jobInfo } from '../helpers/job-steps.ts';
import { MiB } from '../helpers/shared-setup.ts';

/** Bytes a second: most is left when a job is told to pause, and it looks soon whether it is. */
export const SLOW = MiB;

/** What a case needs that interrupts a job and waits for its good end. */
export const interruptions: Needs = {
  commands: [
    'block-job-cancel',
    'block-job-pause',
    'block-job-resume',
    'block-job-set-speed',
    'query-block-jobs',
  ],
  events: ['BLOCK_JOB_COMPLETED'],
};

/** Has a slow job pause, and waits until it does: at the latest when its next piece is due. */
export async function pause(t: CaseContext, id: string): Promise<void> {
  await t.execute('block-job-pause', { device: id });
  if (t.virtualTime) await t.elapse(600);
  // Whoever drains the nodes of a job has it pause for a moment, too.
  while (t.endpointSchema.events.has('JOB_STATUS_CHANGE') && (await jobInfo(t, id)).status !== 'paused')
    await t.event('JOB_STATUS_CHANGE', { id, status: 'paused' });
  await reaches(t, id, 'paused');
}

/** Takes a slow job through a pause and another speed; it goes on with so many bytes a second. */
export async function interrupt(t: CaseContext, id: string, speed: number): Promise<void> {
  await pause(t, id);
  await t.execute('block-job-set-speed', { device: id, speed: 2 * SLOW });
  await t.execute('block-job-resume', { device: id });
  await t.execute('block-job-set-speed', { device: id, speed });
}
