/** Verbs that jobs of every kind take alike, and take again. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { chainAndTarget, JOB_KINDS, jobsOfKind } from '../helpers/job-kinds.ts';
import { offsetOf } from '../helpers/job-pace.ts';
import { reaches } from '../helpers/job-states.ts';
import {
  cancelled,
  checkNoJob,
  endedReady,
  jobInfo,
  pendingJobEvents,
  succeeded,
} from '../helpers/job-steps.ts';
import { addRaw, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

/** Bytes a second: one cluster, so that a job rests long enough to be told something, and not longer. */
const GENTLY = 64 * KiB;
/** As good as no limit. */
const UNLIMITED = 2 ** 40;
/** Milliseconds after which it has looked whether it is to pause. */
const LOOKS = 1_100;

/** Has a job pause, refuse what a paused job must, stand still, and go on. */
async function pauseAndResume(t: CaseContext, id: string, isReady: boolean): Promise<void> {
  await t.execute('block-job-pause', { device: id });
  if (t.virtualTime) await t.elapse(LOOKS);
  const paused = { status: isReady ? 'standby' : 'paused', paused: true, ready: isReady };
  await reaches(t, id, paused.status);
  const offset = await offsetOf(t, id);
  // That a ready job must not be completed either is what block-job-complete/ready-and-paused is about.
  const more = isReady ? [] : ['block-job-complete'];
  for (const verb of ['block-job-pause', 'block-job-cancel', ...more]) await t.refused(verb, { device: id });
  await t.elapse(t.virtualTime ? 5 * LOOKS : 100);
  t.contains(
    await jobInfo(t, id),
    { ...paused, offset },
    'a paused job must stand still, whatever it refused',
  );
  await t.execute('block-job-resume', { device: id });
  await reaches(t, id, isReady ? 'ready' : 'running');
  t.contains(await jobInfo(t, id), { paused: false, ready: isReady }, 'a job that is resumed must go on');
}

/** The cases of verbs that a job takes twice. */
export const verbsOfKinds: readonly CaseDefinition[] = [
  ...JOB_KINDS.map((kind): CaseDefinition => {
    const { slug, command, what, type, args, slowly, getsReady } = kind;
    return {
      id: `${command}/${slug}paused-twice`,
      title: `As often as ${what} is paused it stands still, refuses to end, and goes on when it is resumed`,
      requirements: [
        'block-job-pause/pauses',
        'block-job-resume/resumes',
        'block-job-cancel/paused-needs-force',
        'block-job-complete/not-ready',
      ],
      needs: needs(jobsOfKind(kind), {
        commands: ['block-job-pause', 'block-job-resume', 'block-job-complete', 'block-job-set-speed'],
      }),
      async run(t: CaseContext) {
        const id = t.name('job');
        const job = { 'job-id': id, ...args(await chainAndTarget(t)) };
        await t.execute(command, { ...job, ...slowly, ...(slowly && { speed: GENTLY }) });
        if (!slowly) await t.event('BLOCK_JOB_READY', { device: id });
        else await t.refused('block-job-complete', { device: id });
        for (let round = 0; round < 2; round += 1) await pauseAndResume(t, id, slowly === undefined);
        t.equal(pendingJobEvents(t, id), [], 'a job must not tell of a pause');
        // Earlier endpoints go on waiting by a limit that is lifted, not by one that is higher.
        await t.execute('block-job-set-speed', { device: id, speed: UNLIMITED });
        if (slowly && getsReady) await t.event('BLOCK_JOB_READY', { device: id });
        if (getsReady) await endedReady(t, id);
        else await succeeded(t, id, type);
      },
    };
  }),
  ...(['blockdev-backup', 'blockdev-mirror', 'block-stream'] as const).map((command): CaseDefinition => {
    const kind = JOB_KINDS.find((one) => one.command === command)!;
    return {
      id: `${command}/stopped-and-cancelled`,
      title: `When an error has stopped ${kind.what}, it can be cancelled with force alone, and ends without block-job-resume`,
      requirements: [
        'BlockdevOnError/stop',
        'block-job-cancel/paused-needs-force',
        'block-job-cancel/resumes-paused',
      ],
      needs: needs(jobsOfKind(kind), { nodes: ['failing'], events: ['BLOCK_JOB_ERROR'] }),
      async run(t: CaseContext) {
        const isStream = command === 'block-stream';
        const setting = await chainAndTarget(t, { isFailing: isStream });
        const { name: full } = await addRaw(t, Buffer.alloc(256 * KiB, 0x5a));
        const rule = { event: 'write_aio', errno: 5, once: true };
        const target = await addFailing(t, await makeFile(t, 256 * KiB), rule);
        const id = t.name('job');
        const job = isStream
          ? { ...kind.args(setting), 'on-error': 'stop' }
          : { device: full, target, sync: 'full', 'on-target-error': 'stop' };
        await t.execute(command, { 'job-id': id, ...job });
        await t.event('BLOCK_JOB_ERROR', { device: id, action: 'stop' });
        await reaches(t, id, 'paused');
        await t.refused('block-job-cancel', { device: id });
        t.contains(
          await jobInfo(t, id),
          { paused: true, 'io-status': 'failed' },
          'the job must stay stopped',
        );
        await cancelled(t, id);
        await checkNoJob(t, id);
      },
    };
  }),
];
