/** The limit that the events of a job tell is the one that was set last. */
import type { CaseContext, CaseDefinition, EventReply } from '../case.ts';
import { addChain, chainNodes } from '../helpers/backing-chains.ts';
import { crawlingMirror } from '../helpers/job-states.ts';
import {
  backupJobs,
  cancelled,
  crawlingBackup,
  endedReady,
  jobInfo,
  mirrorJobs,
  readyMirror,
} from '../helpers/job-steps.ts';
import { MiB, needs } from '../helpers/shared-setup.ts';

const SPEED = 512 * MiB;
/** The lower 32 bits say something else, and not that there is no limit. */
const BEYOND = 2 ** 32 + MiB;

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
  {
    id: 'BLOCK_JOB_COMPLETED/speed-beyond-32-bits',
    title: 'A job of any kind has a limit that 32 bits do not hold as it was given, at its start and later',
    requirements: ['BLOCK_JOB_COMPLETED/speed', 'BLOCK_JOB_READY/speed', 'block-job-set-speed/sets'],
    needs: needs(backupJobs, mirrorJobs, chainNodes, {
      commands: ['block-job-set-speed', 'block-stream', 'block-commit'],
    }),
    async run(t: CaseContext) {
      const tells = ({ data }: EventReply, speed: number): void =>
        t.contains(data ?? null, { speed }, 'the event must tell the limit that was given');
      const ends = (device: string): Promise<EventReply> => t.event('BLOCK_JOB_COMPLETED', { device });

      tells(await ends(await crawlingBackup(t, { speed: BEYOND })), BEYOND);
      const { id: mirror } = await readyMirror(t, { speed: BEYOND });
      t.contains(await jobInfo(t, mirror), { speed: BEYOND }, 'the job must have the limit that was given');
      await t.execute('block-job-set-speed', { device: mirror, speed: 2 * BEYOND });
      tells(await endedReady(t, mirror), 2 * BEYOND);

      const [, middle, top] = await addChain(t, 3);
      const [commit, stream] = [t.name('job'), t.name('job')];
      const chain = { device: top!.node, speed: BEYOND };
      await t.execute('block-commit', { 'job-id': commit, ...chain, top: middle!.file.path });
      tells(await ends(commit), BEYOND);
      await t.execute('block-stream', { 'job-id': stream, ...chain });
      tells(await ends(stream), BEYOND);
    },
  },
];
