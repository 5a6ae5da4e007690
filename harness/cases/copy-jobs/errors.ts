/** What a job does about a failed request, by side, policy and error: what it tells, whether it ends, and what it has copied. */
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { shown } from '../case-text.ts';
import { checkNoJob, jobInfo } from '../helpers/job-steps.ts';
import { needs, nodeInfo } from '../helpers/shared-setup.ts';
import { type Failing, SIDES, type Side } from './failing-sides.ts';

/** What is asked for, what goes wrong, and what has to come of it. */
interface Policy {
  readonly id: string;
  /** Null: nothing is asked for. */
  readonly asked: string | null;
  /** What is asked for the other side, where that has a policy of its own. */
  readonly askedOfOther?: string;
  readonly errno: 5 | 28;
  readonly action: 'report' | 'ignore' | 'stop';
  readonly requirement: RequirementId | 'default';
  readonly what: string;
}

const EIO = 5;
const ENOSPC = 28;

const POLICIES: readonly Policy[] = [
  {
    id: 'default',
    asked: null,
    errno: ENOSPC,
    action: 'report',
    requirement: 'default',
    what: 'without a policy ends the job',
  },
  {
    id: 'default-beside-other',
    asked: null,
    askedOfOther: 'ignore',
    errno: ENOSPC,
    action: 'report',
    requirement: 'default',
    what: 'ends the job where the other side alone has a policy',
  },
  {
    id: 'report',
    asked: 'report',
    errno: EIO,
    action: 'report',
    requirement: 'BlockdevOnError/report',
    what: 'with policy report ends the job',
  },
  {
    id: 'ignore',
    asked: 'ignore',
    errno: EIO,
    action: 'ignore',
    requirement: 'BlockdevOnError/ignore',
    what: 'with policy ignore is told, and the job goes on',
  },
  {
    id: 'stop',
    asked: 'stop',
    errno: EIO,
    action: 'stop',
    requirement: 'BlockdevOnError/stop',
    what: 'with policy stop pauses the job, which copies all when it is resumed',
  },
  {
    id: 'enospc-without-space',
    asked: 'enospc',
    errno: ENOSPC,
    action: 'stop',
    requirement: 'BlockdevOnError/enospc-stops',
    what: 'for want of space with policy enospc pauses the job',
  },
  {
    id: 'enospc-other-error',
    asked: 'enospc',
    errno: EIO,
    action: 'report',
    requirement: 'BlockdevOnError/enospc-reports',
    what: 'that is no want of space with policy enospc ends the job',
  },
  {
    id: 'auto-without-space',
    asked: 'auto',
    errno: ENOSPC,
    action: 'stop',
    requirement: 'BlockdevOnError/auto',
    what: 'for want of space with policy auto pauses the job',
  },
  {
    id: 'auto-other-error',
    asked: 'auto',
    errno: EIO,
    action: 'report',
    requirement: 'BlockdevOnError/auto',
    what: 'that is no want of space with policy auto ends the job',
  },
];

/** The member for the policy of the other side, by that of a side; a job of one side has none. */
const OTHER_SIDE: Readonly<Record<string, string>> = {
  'on-source-error': 'on-target-error',
  'on-target-error': 'on-source-error',
};

/** What commands that make their own target share with those that do not is not tried again on them. */
const OWN_TARGET = ['default', 'default-beside-other', 'ignore', 'stop'];

function errorCase(side: Side, policy: Policy): CaseDefinition {
  const { asked, errno, action } = policy;
  const requirement = policy.requirement === 'default' ? side.default : policy.requirement;
  return {
    id: `${side.id}-error-${policy.id}`,
    title: `${side.title} ${policy.what}`,
    requirements: [
      requirement,
      'BLOCK_JOB_ERROR/operation',
      'BlockErrorAction/actions',
      ...(action === 'stop' ? STOPPED : []),
    ],
    needs: needs(side.needs, action === 'stop' ? resume : {}),
    async run(t: CaseContext) {
      const failing = await side.make(t, errno);
      const id = t.name('job');
      const other = policy.askedOfOther && { [OTHER_SIDE[side.option]!]: policy.askedOfOther };
      await start(t, side, { ...failing, args: { ...failing.args, ...other } }, id, asked);
      const { data } = await t.event('BLOCK_JOB_ERROR', { device: id });
      t.contains(
        data ?? null,
        { operation: side.operation, action },
        'BLOCK_JOB_ERROR must tell the operation that failed and the action that was taken',
      );
      if (action === 'report') await checkFailed(t, id, errno);
      else if (action === 'ignore' && side.leavesOut) await checkLeftOut(t, id, failing);
      else {
        if (action === 'stop') await checkStopped(t, id, errno);
        await side.finish(t, id);
        await failing.checkCopy();
      }
      await checkNoJob(t, id);
    },
  };
}

const STOPPED = ['query-block-jobs/io-status', 'block-job-resume/resumes'] as const;
const resume: Needs = { commands: ['block-job-resume'] };

/** The spec lets an endpoint refuse to stop for the sake of a source whose errors it has no place to show. */
async function start(t: CaseContext, side: Side, failing: Failing, id: string, asked: string | null) {
  const policy: JsonObject = asked === null ? {} : { [side.option]: asked };
  const args = { 'job-id': id, ...failing.args, ...policy };
  if (side.option === 'on-source-error' && (asked === 'stop' || asked === 'enospc')) {
    const { error } = await t.request({ execute: side.command, arguments: args });
    if (!isJsonObject(error)) return;
    await t.execute(side.command, { ...args, [side.option]: 'report' });
    t.skip(`${side.command} refuses ${asked} for a source that has no io-status`);
  }
  await t.execute(side.command, args);
}

async function checkFailed(t: CaseContext, id: string, errno: number): Promise<void> {
  const end = (await t.event('BLOCK_JOB_COMPLETED', { device: id })).data as JsonObject;
  t.check(
    typeof end.error === 'string',
    'the end of a job that failed must have its error as a text',
    `it is ${shown(end.error)}`,
  );
  const text = errno === ENOSPC ? 'No space left on device' : 'Input/output error';
  t.check(
    end.error.includes(text),
    'the error of a job should say what failed',
    `it is ${shown(end.error)}`,
    { severity: 'should' },
  );
  t.check(
    Number(end.offset) < Number(end.len),
    'the offset of a job that failed must be smaller than its len',
    `offset is ${shown(end.offset)}, len is ${shown(end.len)}`,
    { requirement: 'BLOCK_JOB_COMPLETED/progress' },
  );
}

/** A stream goes on behind what it could not read. */
async function checkLeftOut(t: CaseContext, id: string, failing: Failing): Promise<void> {
  await t.event('BLOCK_JOB_COMPLETED', { device: id });
  await failing.checkEnd?.();
}

async function checkStopped(t: CaseContext, id: string, errno: number): Promise<void> {
  const status = errno === ENOSPC ? 'nospace' : 'failed';
  t.contains(
    await jobInfo(t, id),
    { paused: true, ready: false, 'io-status': status },
    'a job that stopped for an error must be paused and show what error it was',
  );
  t.equal(
    t
      .pending()
      .filter(({ event, data }) => event.startsWith('BLOCK_JOB_') && deviceOf(data) === id)
      .map(({ event }) => event),
    [],
    'a job that stopped for an error must not end by itself',
  );
  await t.execute('block-job-resume', { device: id });
}

const deviceOf = (data: Json | undefined): Json | undefined => (isJsonObject(data) ? data.device : undefined);

const stream = SIDES.find(({ command }) => command === 'block-stream')!;

/** What a stream does not get for an error that it ignores would be lost with the backing file. */
const incompleteStream: CaseDefinition = {
  id: `${stream.id}-error-ignored-at-the-end`,
  title: 'A stream that went on after an error ends with it, and leaves the image its backing file',
  requirements: ['block-stream/ignored-error'],
  needs: stream.needs,
  async run(t: CaseContext) {
    for (const times of [1, 2]) {
      const { args } = await stream.make(t, EIO, times);
      const id = t.name('job');
      await t.execute('block-stream', { 'job-id': id, ...args, 'on-error': 'ignore' });
      for (let error = 0; error < times; error += 1)
        await t.event('BLOCK_JOB_ERROR', { device: id, action: 'ignore' });
      const end = (await t.event('BLOCK_JOB_COMPLETED', { device: id })).data as JsonObject;
      t.check(
        typeof end.error === 'string',
        'a stream that did not copy all must end with an error',
        'it has none',
      );
      const { backing_file_depth: depth, image } = await nodeInfo(t, String(args.device));
      const named = isJsonObject(image) && image['backing-filename'] !== undefined;
      t.equal(
        [depth ?? null, named],
        [1, true],
        'an image that does not hold all must keep its backing file',
      );
    }
  },
};

/** A job keeps its policy when it was resumed. */
function stopsAgain(side: Side): CaseDefinition {
  return {
    id: `${side.id}-error-stop-again`,
    title: `${side.title} with policy stop pauses the job each time, also once it was resumed`,
    requirements: ['BlockdevOnError/stop', ...STOPPED],
    needs: needs(side.needs, resume),
    async run(t: CaseContext) {
      const failing = await side.make(t, EIO, 2);
      const id = t.name('job');
      await start(t, side, failing, id, 'stop');
      let told: readonly JsonObject[] = [];
      for (const _ of [1, 2]) {
        const known = told.find(({ event }) => event === 'BLOCK_JOB_ERROR');
        const { data } = known ?? (await t.event('BLOCK_JOB_ERROR', { device: id }));
        t.contains(data ?? null, { action: 'stop' }, 'BLOCK_JOB_ERROR must tell that the job stops');
        t.contains(await jobInfo(t, id), { paused: true, 'io-status': 'failed' }, 'the job must be paused');
        // It may have stopped again when the answer comes.
        const resumed = { execute: 'block-job-resume', arguments: { device: id } };
        told = (await t.raw(`${JSON.stringify(resumed)}\n`)).messages;
      }
      await side.finish(t, id);
      await failing.checkCopy();
    },
  };
}

function isTried({ policies }: Side, policy: string): boolean {
  if (policies === 'all') return true;
  return policies === 'some' ? OWN_TARGET.includes(policy) : policy === 'default';
}

/** A table of sides and policies. */
export const errorCases: readonly CaseDefinition[] = [
  incompleteStream,
  ...SIDES.filter(({ policies }) => policies === 'all').map(stopsAgain),
  ...SIDES.flatMap((side) =>
    POLICIES.filter(({ id }) => isTried(side, id))
      .filter(({ askedOfOther }) => askedOfOther === undefined || OTHER_SIDE[side.option] !== undefined)
      .map((policy) => errorCase(side, policy)),
  ),
];
