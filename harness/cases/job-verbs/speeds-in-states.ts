/** The limit of a job, changed in every state. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addLayers, chainNodes, makeLayers } from '../helpers/backing-chains.ts';
import { checkPace } from '../helpers/job-pace.ts';
import { JOB_IN, reaches } from '../helpers/job-states.ts';
import {
  backupJobs,
  cancelled,
  checkNoJob,
  crawlingBackup,
  jobInfo,
  mirrorJobs,
} from '../helpers/job-steps.ts';
import { fileNodes, KiB, MiB, needs, nodeInfo } from '../helpers/shared-setup.ts';

/** Bytes a second, unlike any that the jobs have. */
const SPEED = 4096;

/** Bytes that a job copies at once, whatever its limit. */
const PIECE = 512 * KiB;

/** A chain of three, of which the lower two are full. */
async function fullChain(t: CaseContext): Promise<{ top: string; middle: string }> {
  const empty = { size: 2 * MiB, clusterSize: 64 * KiB };
  const clusters = new Map(
    Array.from({ length: empty.size / empty.clusterSize }, (_, index) => [index, 0x22]),
  );
  const full = { ...empty, clusters };
  const [, middle, top] = await addLayers(t, await makeLayers(t, [full, full, empty]));
  return { top: top!.node, middle: middle!.node };
}

const set = { commands: ['block-job-set-speed', 'block-job-pause', 'block-job-resume'] };

/** The cases of limits. */
export const speedsInStates: readonly CaseDefinition[] = [
  {
    id: 'block-job-set-speed/in-every-state',
    title: 'A job takes another limit in each state in which it works or rests, and stays in that state',
    requirements: ['block-job-set-speed/sets', 'block-job-resume/resumes'],
    needs: needs(backupJobs, mirrorJobs, fileNodes, set),
    async run(t: CaseContext) {
      for (const state of ['running', 'paused', 'ready', 'standby'] as const) {
        const id = await JOB_IN[state](t);
        const before = await jobInfo(t, id);
        await t.execute('block-job-set-speed', { device: id, speed: SPEED });
        const { paused, ready } = before as { paused: boolean; ready: boolean };
        const expected = { status: state, paused, ready, speed: SPEED };
        t.contains(await jobInfo(t, id), expected, `a ${state} job must have the limit, and be ${state}`);
        if (!paused) continue;
        await t.execute('block-job-resume', { device: id });
        await reaches(t, id, ready ? 'ready' : 'running');
        t.contains(await jobInfo(t, id), { paused: false, speed: SPEED }, 'it must keep the limit');
      }
    },
  },
  {
    id: 'block-job-set-speed/waiting',
    title: 'A job that has done its work and waits for others takes no other limit, and ends as it would',
    requirements: ['BlockJobStatus/waiting'],
    needs: needs(backupJobs, set, { commands: ['transaction'], members: ['transaction.properties'] }),
    async run(t: CaseContext) {
      const id = await JOB_IN.waiting(t);
      const before = await jobInfo(t, id);
      for (const speed of [SPEED, 0]) await t.refused('block-job-set-speed', { device: id, speed });
      await t.refused('block-job-resume', { device: id });
      t.equal(await jobInfo(t, id), before, 'a job that waits must stay as it is');
      await t.execute('block-job-cancel', { device: id });
      await t.event('BLOCK_JOB_CANCELLED', { device: id });
      await checkNoJob(t, id);
    },
  },
  ...(['block-commit', 'block-stream'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/slowest`,
      title: `A ${command} of one byte a second copies a first piece, and is not done with the next for long`,
      requirements: [`${command}/speed`],
      needs: needs(chainNodes, backupJobs, { commands: [command] }),
      async run(t: CaseContext) {
        const { top, middle } = await fullChain(t);
        const { file = null } = await nodeInfo(t, middle);
        const id = t.name('job');
        const args = { device: top, ...(command === 'block-commit' && { top: file }) };
        await t.execute(command, { 'job-id': id, speed: 1, ...args });
        await t.elapse(200);
        const { offset, len, status } = await jobInfo(t, id);
        t.equal(status ?? null, 'running', 'the job must be at work');
        t.check(
          Number(offset) > 0 && Number(offset) <= PIECE,
          `the job must have copied something, and no more than ${PIECE} bytes`,
          `it is at ${offset} of ${len}`,
        );
        await cancelled(t, id);
      },
    }),
  ),
  {
    id: 'blockdev-backup/pieces-as-large-as-its-share',
    title:
      'A backup limited to as much in a tenth of a second as it copies at once keeps to that, and uses it',
    requirements: ['blockdev-backup/speed'],
    needs: backupJobs,
    async run(t: CaseContext) {
      const speed = 10 * 64 * KiB;
      const since = performance.now();
      const id = await crawlingBackup(t, { speed });
      await checkPace(t, id, speed, since, { share: 0.8 });
      await cancelled(t, id);
    },
  },
];
