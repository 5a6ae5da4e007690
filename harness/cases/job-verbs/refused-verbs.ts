/** What a job is and does after verbs that it does not take in its state: what it would have been and done without. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
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
import { KiB, needs } from '../helpers/shared-setup.ts';

/** Milliseconds in which a job looks whether it was told something. */
const LOOKS = 300;

const VERBS: Readonly<Record<string, readonly [command: string, more?: JsonObject]>> = {
  cancel: ['block-job-cancel'],
  complete: ['block-job-complete'],
  pause: ['block-job-pause'],
  resume: ['block-job-resume'],
  negative: ['block-job-set-speed', { speed: -1 }],
};

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
];
