/** The limit that the events of a job tell is the one that was set last. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { crawlingMirror } from '../helpers/job-states.ts';
import {
  backupJobs,
  cancelled,
  crawlingBackup,
  endedReady,
  mirrorJobs,
  readyMirror,
} from '../helpers/job-steps.ts';
import { MiB, needs } from '../helpers/shared-setup.ts';

const SPEED = 512 * MiB;

export const toldSpeeds: readonly CaseDefinition[] = [
  {
    id: 'BLOCK_JOB_COMPLETED/speed-set-last',
    title: 'The events of a job tell the limit that was set last, and not the one that it was started with',
    requirements: ['BLOCK_JOB_COMPLETED/speed', 'BLOCK_JOB_CANCELLED/speed', 'BLOCK_JOB_READY/speed'],
    needs: needs(backupJobs, mirrorJobs, { commands: ['block-job-set-speed'] }),
    async run(t: CaseContext) {
      const set = (device: string, speed: number) => t.execute('block-job-set-speed', { device, speed });
      const tells = (data: unknown, speed: number): void =>
        t.contains((data ?? null) as never, { speed }, 'the event must tell the limit that was set last');

      for (const speed of [0, SPEED]) {
        const id = await crawlingBackup(t);
        await set(id, speed);
        tells((await t.event('BLOCK_JOB_COMPLETED', { device: id })).data, speed);
      }
      const crawling = await crawlingBackup(t);
      await set(crawling, 2);
      tells((await cancelled(t, crawling)).data, 2);

      const mirror = await crawlingMirror(t);
      await set(mirror, SPEED);
      tells((await t.event('BLOCK_JOB_READY', { device: mirror })).data, SPEED);
      await endedReady(t, mirror);

      const { id: ready } = await readyMirror(t, { speed: SPEED });
      await set(ready, 3);
      tells((await endedReady(t, ready)).data, 3);
    },
  },
];
