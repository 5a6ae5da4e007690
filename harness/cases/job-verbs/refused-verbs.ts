/** What a job is and does after verbs that it does not take in its state: what it would have been and done without. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { checkPace, offsetOf } from '../helpers/job-pace.ts';
import { JOB_IN, reaches } from '../helpers/job-states.ts';
import {
  backupJobs,
  cancelled,
  crawlingBackup,
  endedReady,
  jobInfo,
  mirrorJobs,
  pendingJobEvents,
  succeeded,
} from '../helpers/job-steps.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { addRaw, fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

/** Milliseconds in which a job looks whether it was told something. */
const LOOKS = 300;

const VERBS: Readonly<Record<string, readonly [command: string, more?: JsonObject]>> = {
  cancel: ['block-job-cancel'],
  complete: ['block-job-complete'],
  pause: ['block-job-pause'],
  resume: ['block-job-resume'],
  negative: ['block-job-set-speed', { speed: -1 }],
};

/** Errors that stop a job, by what it shows then. */
const ERRORS = { failed: 5, nospace: 28 } as const;
const SIZE = 256 * KiB;

/** What `towardsError` uses. */
const stops = needs(fileNodes, { nodes: ['failing'], events: ['BLOCK_JOB_ERROR'] });

/** Arguments of a job onto a target whose first write fails, which stops the job. */
async function towardsError(t: CaseContext, errno: number) {
  const { name: device } = await addRaw(t, Buffer.alloc(SIZE, 0x5a));
  const target = await addFailing(t, await makeFile(t, SIZE), { event: 'write_aio', errno, once: true });
  return { 'job-id': t.name('job'), device, target, 'on-target-error': 'stop' };
}

/** Has each of the verbs refused, and states that the job is and stays as it was. */
async function refuse(t: CaseContext, id: string, verbs: readonly (keyof typeof VERBS)[]): Promise<void> {
  const { busy: _, offset: __, ...before } = await jobInfo(t, id);
  for (const verb of verbs) {
    const [command, more] = VERBS[verb]!;
    await t.refused(command, { device: id, ...more });
    t.contains(await jobInfo(t, id), before, `a job must be as before it refused ${shown(verb)}`);
  }
  await t.elapse(LOOKS);
  t.contains(await jobInfo(t, id), before, 'a job must stay as before what it refused');
  t.equal(pendingJobEvents(t, id), [], 'a job must not tell anything of what it refused');
}

const verbCommands = Object.values(VERBS).map(([command]) => command);

/** The cases of refused verbs. */
export const refusedVerbs: readonly CaseDefinition[] = [
  {
    id: 'block-job/running-refuses',
    title: 'A running backup that refused verbs and a negative speed goes on, no faster than its speed',
    requirements: ['block-job-set-speed/negative', 'block-job-complete/not-ready'],
    needs: needs(backupJobs, { commands: verbCommands }),
    async run(t: CaseContext) {
      const speed = 640 * KiB;
      const id = await crawlingBackup(t, { speed });
      await refuse(t, id, ['complete', 'negative']);
      const since = performance.now();
      await checkPace(t, id, speed, since, { from: await offsetOf(t, id) });
      await cancelled(t, id);
    },
  },
  {
    id: 'block-job/paused-refuses',
    title:
      'A paused backup that refused to be cancelled or completed goes on to its good end when it is resumed',
    requirements: ['block-job-cancel/paused-needs-force', 'block-job-set-speed/negative'],
    needs: needs(backupJobs, { commands: verbCommands }),
    async run(t: CaseContext) {
      const id = await JOB_IN.paused(t);
      await refuse(t, id, ['cancel', 'complete', 'negative']);
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await t.execute('block-job-resume', { device: id });
      await succeeded(t, id, 'backup');
    },
  },
  {
    id: 'block-job/standby-refuses',
    title:
      'A ready mirror that refused to complete or end while it was paused is just ready when it is resumed',
    requirements: ['block-job-complete/paused', 'block-job-cancel/paused-needs-force'],
    needs: needs(mirrorJobs, { commands: verbCommands }),
    async run(t: CaseContext) {
      const id = await JOB_IN.standby(t);
      await refuse(t, id, ['complete', 'cancel', 'negative']);
      await t.execute('block-job-resume', { device: id });
      await reaches(t, id, 'ready');
      await refuse(t, id, ['negative']);
      await endedReady(t, id);
    },
  },
  {
    id: 'block-job/stopped-refuses',
    title:
      'A backup that an error has stopped refuses to be completed, paused or cancelled, and ends well when it is resumed',
    requirements: [
      'BlockdevOnError/stop',
      'block-job-complete/not-ready',
      'block-job-cancel/paused-needs-force',
      'block-job-pause/not-cumulative',
    ],
    needs: needs(backupJobs, stops, { commands: verbCommands }),
    async run(t: CaseContext) {
      for (const [status, errno] of Object.entries(ERRORS)) {
        const { 'job-id': id, ...job } = await towardsError(t, errno);
        await t.execute('blockdev-backup', { 'job-id': id, ...job, sync: 'full' });
        await t.event('BLOCK_JOB_ERROR', { device: id, action: 'stop' });
        await reaches(t, id, 'paused');
        t.contains(await jobInfo(t, id), { 'io-status': status }, 'the job must show the error');
        await refuse(t, id, ['complete', 'cancel', 'pause', 'negative']);
        await t.execute('block-job-resume', { device: id });
        await succeeded(t, id, 'backup');
      }
    },
  },
  {
    id: 'block-job/stopped-when-ready-refuses',
    title:
      'A ready mirror that an error has stopped refuses to be completed, paused or cancelled until it is resumed',
    requirements: [
      'BlockdevOnError/stop',
      'block-job-complete/paused',
      'block-job-cancel/paused-needs-force',
      'block-job-pause/not-cumulative',
    ],
    needs: needs(mirrorJobs, stops, nodeIo, { commands: verbCommands }),
    async run(t: CaseContext) {
      for (const [status, errno] of Object.entries(ERRORS)) {
        const { 'job-id': id, ...job } = await towardsError(t, errno);
        // The guest is there before the job: QEMU 10 does not follow one that comes to the node afterwards.
        const guest = await openIo(t, job.device);
        await t.execute('blockdev-mirror', { 'job-id': id, ...job, sync: 'none' });
        await t.event('BLOCK_JOB_READY', { device: id });
        await guest.perform({ kind: 'write', offset: 64 * KiB, length: 64 * KiB, byte: 0x77 });
        await t.event('BLOCK_JOB_ERROR', { device: id, action: 'stop' });
        const { ready, 'io-status': shows } = await jobInfo(t, id);
        t.equal(shows ?? null, status, 'the job must show the error');
        // An error may take readiness away: see BLOCK_JOB_READY/after-an-error.
        await reaches(t, id, ready === true ? 'standby' : 'paused');
        await refuse(t, id, ['cancel', 'pause', 'negative', 'complete']);
        await t.execute('block-job-resume', { device: id });
        await reaches(t, id, 'ready');
        await guest.close();
        await endedReady(t, id);
      }
    },
  },
];
