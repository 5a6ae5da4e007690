/** Ids of jobs of all kinds: which are well-formed, and that a job of another kind has one as well. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainAndTarget, JOB_KINDS, jobsOfKind } from '../helpers/job-kinds.ts';
import {
  backupJobs,
  cancelled,
  checkNoJob,
  crawlingBackup,
  endedReady,
  jobInfo,
} from '../helpers/job-steps.ts';
import { addNode, needs } from '../helpers/shared-setup.ts';

/** None is a well-formed id. */
const MALFORMED = ['', '1j', '_j', '-j', '.j', 'j j', 'j/'];

/** Each is well-formed; the last is longer than a node name may be. */
const wellFormed = (t: CaseContext): string[] => {
  const own = t.name('job');
  return [`${own}.1_b-`, `${own.toUpperCase()}..`, `${own}${'x'.repeat(140)}`];
};

export const jobIds: readonly CaseDefinition[] = JOB_KINDS.map((kind): CaseDefinition => {
  const { slug, command, what, type, args, slowly } = kind;
  return {
    id: `${command}/${slug}job-ids`,
    title: `A job-id of ${what} is refused if it is malformed, or any job has it`,
    requirements: ['jobs/id-form', 'jobs/id-taken'],
    needs: needs(jobsOfKind(kind), backupJobs),
    async run(t: CaseContext) {
      const job = args(await chainAndTarget(t));
      const others = { device: await addNode(t), target: await addNode(t), sync: 'full' };
      for (const id of MALFORMED) {
        await t.refused(command, { 'job-id': id, ...job }, { text: `Invalid job ID '${id}'` });
        await checkNoJob(t, id);
      }
      const taken = await crawlingBackup(t);
      await t.refused(command, { 'job-id': taken, ...job }, { text: /in use/ });
      t.contains(
        await jobInfo(t, taken),
        { type: 'backup', status: 'running' },
        'the job that has the id must go on',
      );
      await cancelled(t, taken);
      for (const id of [taken, ...wellFormed(t)]) {
        // A stream that is started again has less to do.
        const again = type === 'stream' ? args(await chainAndTarget(t)) : job;
        await t.execute(command, { 'job-id': id, ...again, ...slowly });
        if (!slowly) await t.event('BLOCK_JOB_READY', { device: id });
        t.contains(await jobInfo(t, id), { type, device: id }, 'the job must have the id that it was given');
        await t.refused('blockdev-backup', { 'job-id': id, ...others }, { text: /in use/ });
        t.contains(await jobInfo(t, id), { type }, 'the job that has the id must go on');
        await (slowly ? cancelled : endedReady)(t, id);
      }
    },
  };
});
