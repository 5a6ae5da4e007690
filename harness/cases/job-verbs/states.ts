/** Which verbs a job takes in each of its states, and what the queries tell of it there. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { JOB_IN } from '../helpers/job-states.ts';
import { backupJobs, checkNoJob, jobInfo, mirrorJobs } from '../helpers/job-steps.ts';
import { fileNodes, needs, refusedWith } from '../helpers/shared-setup.ts';

type State = keyof typeof JOB_IN;

interface Refusals {
  /** `BlockJobInfo` as it must be in this state. */
  readonly told: JsonObject;
  /** Verbs that the state refuses by a statement of the spec. */
  readonly refused: readonly string[];
  /** A verb that it takes, after which the job ends or goes on; the twin of the refusals. */
  readonly taken: readonly [verb: string, event?: string];
  readonly needs: Needs;
}

const [backups, mirrors] = [backupJobs, needs(mirrorJobs, fileNodes)];
const grouped = needs(backups, { commands: ['transaction'], members: ['transaction.properties'] });
const DISMISS = 'block-job-dismiss';
const FINALIZE = 'block-job-finalize';
const COMPLETE = 'block-job-complete';
const PAUSE = 'block-job-pause';
const CANCEL = 'block-job-cancel';

const STATES: Readonly<Record<State, Refusals>> = {
  running: {
    told: { status: 'running', paused: false, ready: false, 'io-status': 'ok' },
    refused: [DISMISS, FINALIZE, COMPLETE],
    taken: [CANCEL, 'BLOCK_JOB_CANCELLED'],
    needs: mirrors,
  },
  paused: {
    told: { status: 'paused', paused: true, ready: false, busy: false },
    refused: [DISMISS, FINALIZE, COMPLETE, CANCEL],
    taken: ['block-job-resume'],
    needs: backups,
  },
  ready: {
    told: { status: 'ready', paused: false, ready: true },
    refused: [DISMISS, FINALIZE],
    taken: [COMPLETE, 'BLOCK_JOB_COMPLETED'],
    needs: mirrors,
  },
  standby: {
    told: { status: 'standby', paused: true, ready: true, busy: false },
    refused: [DISMISS, FINALIZE, CANCEL],
    taken: ['block-job-resume'],
    needs: mirrors,
  },
  waiting: {
    told: { status: 'waiting', paused: false, ready: false },
    refused: [PAUSE, DISMISS, FINALIZE, COMPLETE],
    taken: [CANCEL, 'BLOCK_JOB_CANCELLED'],
    needs: grouped,
  },
  pending: {
    told: { status: 'pending', paused: false, ready: false },
    refused: [PAUSE, DISMISS, COMPLETE],
    taken: [FINALIZE, 'BLOCK_JOB_COMPLETED'],
    needs: { ...backups, members: ['blockdev-backup.auto-finalize'] },
  },
  concluded: {
    told: { status: 'concluded', paused: false, ready: false },
    refused: [FINALIZE, COMPLETE, CANCEL, PAUSE, 'block-job-resume', 'block-job-set-speed'],
    taken: [DISMISS],
    needs: { ...backups, members: ['blockdev-backup.auto-dismiss'] },
  },
};

/** What a verb takes besides the job. */
const argumentsOf = (verb: string, id: string): JsonObject => {
  if (verb === DISMISS || verb === FINALIZE) return { id };
  return { device: id, ...(verb === 'block-job-set-speed' && { speed: 1 }) };
};

const stateCase = (state: State, { told, refused, taken, needs: used }: Refusals): CaseDefinition => ({
  id: `job-states/${state}`,
  title: `A job that is ${state} says so in status and in its flags, and takes only the verbs of that state`,
  requirements: [
    `BlockJobStatus/${state}`,
    'query-block-jobs/flags-agree',
    ...(refused.includes(DISMISS) ? (['block-job-dismiss/not-concluded'] as const) : []),
    ...(refused.includes(FINALIZE) ? (['block-job-finalize/not-pending'] as const) : []),
    ...(refused.includes(COMPLETE) ? (['block-job-complete/not-ready'] as const) : []),
  ] satisfies RequirementId[],
  needs: needs(used, { commands: ['block-job-pause', taken[0], ...refused] }),
  async run(t: CaseContext) {
    const id = await JOB_IN[state](t);
    t.contains(await jobInfo(t, id), told, `the status and the flags of a ${state} job must agree`);
    for (const verb of refused) {
      await refusedWith(t, verb, argumentsOf(verb, id), ['GenericError']);
      t.contains(await jobInfo(t, id), told, `a ${state} job must stay so when ${verb} was refused`);
    }
    const [verb, event] = taken;
    await t.execute(verb, argumentsOf(verb, id));
    if (event !== undefined) await t.event(event, { device: id });
    if (verb === 'block-job-resume')
      t.contains(
        await jobInfo(t, id),
        { paused: false },
        'a job must no longer be paused after block-job-resume',
      );
    else await checkNoJob(t, id);
  },
});

/** The cases of job states, one a state that lasts. */
export const stateCases: readonly CaseDefinition[] = (Object.keys(STATES) as State[]).map((state) =>
  stateCase(state, STATES[state]),
);
