/** The verbs of block jobs, on jobs that were put into each state on purpose. */
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  backupJobs,
  CRAWL,
  cancelled,
  checkNoJob,
  completed,
  crawlingBackup,
  jobInfo,
  mirrorJobs,
  pendingJobEvents,
  readyMirror,
} from './helpers/job-steps.ts';
import { addNode, checkAbsent, dataNodes, MiB, needs, refusedWith } from './helpers/shared-setup.ts';

/** Each verb with what it takes besides the job. */
const VERBS = {
  'block-job-cancel': (id: string) => ({ device: id }),
  'block-job-complete': (id: string) => ({ device: id }),
  'block-job-dismiss': (id: string) => ({ id }),
  'block-job-finalize': (id: string) => ({ id }),
  'block-job-pause': (id: string) => ({ device: id }),
  'block-job-resume': (id: string) => ({ device: id }),
  'block-job-set-speed': (id: string) => ({ device: id, speed: 1 }),
} as const;

type Verb = keyof typeof VERBS;

const backup = (...commands: Verb[]) => needs(backupJobs, { commands });
const mirror = (...commands: Verb[]) => needs(mirrorJobs, { commands });

/** The case that a verb has no job to act on. */
const withoutJob = (verb: Verb): CaseDefinition => ({
  id: `${verb}/no-job`,
  title: `${verb} of an id that no job has is refused as DeviceNotActive`,
  requirements: [`${verb}/no-job`],
  needs: needs(dataNodes, { commands: [verb] }),
  async run(t: CaseContext) {
    const node = await addNode(t);
    for (const id of [t.name('nothing'), '', node])
      await t.refused(verb, VERBS[verb](id), {
        class: 'DeviceNotActive',
        text: `Block job '${id}' not found`,
      });
  },
});

export const blockJob: readonly CaseDefinition[] = [
  withoutJob('block-job-cancel'),
  {
    id: 'block-job-cancel/running',
    title: 'A running job is cancelled: one event, then it is gone and its nodes can be deleted',
    requirements: ['block-job-cancel/cancels', 'BLOCK_JOB_CANCELLED/emitted', 'jobs/blocks-deletion'],
    needs: backup('block-job-cancel'),
    async run(t: CaseContext) {
      const [device, target] = [await addNode(t, { size: 64 * MiB }), await addNode(t, { size: 64 * MiB })];
      const id = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full', speed: CRAWL });
      for (const node of [device, target])
        await t.refused('blockdev-del', { 'node-name': node }, { text: /in use|busy/ });
      t.equal(
        await t.execute('block-job-cancel', { device: id }),
        {},
        'block-job-cancel must return an empty object',
      );
      const { data } = await t.event('BLOCK_JOB_CANCELLED', { device: id });
      t.contains(
        data ?? null,
        { type: 'backup', device: id, speed: CRAWL },
        'BLOCK_JOB_CANCELLED must name the job with type, id and speed',
      );
      await checkNoJob(t, id);
      t.equal(pendingJobEvents(t, id), [], 'the job must bring no other event');
      for (const node of [device, target]) {
        await t.execute('blockdev-del', { 'node-name': node });
        await checkAbsent(t, node);
      }
    },
  },
  {
    id: 'block-job-cancel/paused-needs-force',
    title: 'A paused job is cancelled only with force',
    requirements: ['block-job-cancel/paused-needs-force', 'block-job-cancel/cancels'],
    needs: backup('block-job-cancel', 'block-job-pause'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      await t.execute('block-job-pause', { device: id });
      for (const force of [{}, { force: false }])
        await t.refused('block-job-cancel', { device: id, ...force }, { text: /currently paused/ });
      t.contains(await jobInfo(t, id), { paused: true }, 'the job must still be paused');
      await cancelled(t, id);
      await checkNoJob(t, id);
    },
  },
  {
    id: 'block-job-cancel/ready-mirror',
    title: 'A ready mirror that is cancelled completes',
    requirements: ['block-job-cancel/ready-completes', 'BLOCK_JOB_COMPLETED/emitted'],
    needs: mirror('block-job-cancel'),
    async run(t: CaseContext) {
      const { id } = await readyMirror(t);
      t.contains(await jobInfo(t, id), { ready: true }, 'the mirror must be ready');
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'mirror');
      await checkNoJob(t, id);
      t.equal(pendingJobEvents(t, id), [], 'the job must bring no other event');
    },
  },
  withoutJob('block-job-complete'),
  {
    id: 'block-job-complete/ready',
    title: 'A ready mirror completes when it is told to, once',
    requirements: [
      'block-job-complete/completes',
      'BLOCK_JOB_COMPLETED/emitted',
      'block-job-complete/no-job',
    ],
    needs: mirror('block-job-complete'),
    async run(t: CaseContext) {
      const { id } = await readyMirror(t);
      t.equal(
        await t.execute('block-job-complete', { device: id }),
        {},
        'block-job-complete must return an empty object',
      );
      await completed(t, id, 'mirror');
      await checkNoJob(t, id);
      await t.refused('block-job-complete', { device: id }, { class: 'DeviceNotActive' });
    },
  },
  {
    id: 'block-job-complete/not-ready',
    title: 'A job that is not ready cannot be completed',
    requirements: ['block-job-complete/not-ready'],
    needs: backup('block-job-complete'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      await t.refused('block-job-complete', { device: id }, { text: /cannot (accept|be)/ });
      t.contains(await jobInfo(t, id), { ready: false }, 'the job must be listed, and not be ready');
    },
  },
  {
    id: 'block-job-complete/ready-and-paused',
    title: 'A ready mirror that is paused cannot be completed until it was resumed',
    requirements: ['block-job-complete/paused', 'block-job-complete/completes'],
    needs: mirror('block-job-complete', 'block-job-pause', 'block-job-resume'),
    async run(t: CaseContext) {
      const { id } = await readyMirror(t);
      await t.execute('block-job-pause', { device: id });
      if (t.endpointSchema.events.has('JOB_STATUS_CHANGE'))
        await t.event('JOB_STATUS_CHANGE', { id, status: 'standby' });
      await refusedWith(t, 'block-job-complete', { device: id }, ['GenericError']);
      t.contains(await jobInfo(t, id), { paused: true }, 'the job must still be paused');
      await t.execute('block-job-resume', { device: id });
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'mirror');
    },
  },
  withoutJob('block-job-dismiss'),
  {
    id: 'block-job-dismiss/not-concluded',
    title: 'A running job can be neither dismissed nor finalized',
    requirements: ['block-job-dismiss/not-concluded', 'block-job-finalize/not-pending'],
    needs: backup('block-job-dismiss', 'block-job-finalize'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      for (const verb of ['block-job-dismiss', 'block-job-finalize'])
        await t.refused(verb, { id }, { text: /cannot accept command verb/ });
      t.contains(
        await jobInfo(t, id),
        { type: 'backup', speed: CRAWL },
        'the job must go on, with its speed',
      );
    },
  },
  {
    id: 'block-job-dismiss/ready',
    title: 'A ready job can be neither dismissed nor finalized',
    requirements: ['block-job-dismiss/not-concluded', 'block-job-finalize/not-pending'],
    needs: mirror('block-job-dismiss', 'block-job-finalize'),
    async run(t: CaseContext) {
      const { id } = await readyMirror(t);
      for (const verb of ['block-job-dismiss', 'block-job-finalize'])
        await t.refused(verb, { id }, { text: /in state 'ready' cannot accept command verb/ });
      t.contains(await jobInfo(t, id), { ready: true }, 'the job must still be ready');
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'mirror');
    },
  },
  {
    id: 'block-job-dismiss/concluded',
    title: 'A job that was started to stay is listed as concluded until it is dismissed',
    requirements: ['block-job-dismiss/removes'],
    needs: { ...backup('block-job-dismiss'), members: ['blockdev-backup.auto-dismiss'] },
    async run(t: CaseContext) {
      const id = await crawlingBackup(t, { speed: 0, 'auto-dismiss': false });
      await completed(t, id, 'backup');
      t.contains(await jobInfo(t, id), { status: 'concluded' }, 'the job must be listed as concluded');
      await refusedWith(t, 'block-job-cancel', { device: id }, ['GenericError']);
      await t.execute('block-job-dismiss', { id });
      await checkNoJob(t, id);
    },
  },
  withoutJob('block-job-finalize'),
  {
    id: 'block-job-finalize/pending',
    title: 'A job that was started to wait does so with BLOCK_JOB_PENDING, and ends when finalized',
    requirements: ['block-job-finalize/finalizes', 'BLOCK_JOB_PENDING/awaits-finalize'],
    needs: {
      ...backup('block-job-finalize'),
      members: ['blockdev-backup.auto-finalize'],
      events: ['BLOCK_JOB_PENDING'],
    },
    async run(t: CaseContext) {
      const id = await crawlingBackup(t, { speed: 0, 'auto-finalize': false });
      const { data } = await t.event('BLOCK_JOB_PENDING', { id });
      t.contains(
        data ?? null,
        { type: 'backup', id },
        'BLOCK_JOB_PENDING must name the job with type and id',
      );
      t.contains(await jobInfo(t, id), { status: 'pending' }, 'the job must be listed as pending');
      await t.execute('block-job-finalize', { id });
      await completed(t, id, 'backup');
      await checkNoJob(t, id);
    },
  },
  withoutJob('block-job-pause'),
  {
    id: 'block-job-pause/pauses-and-resumes',
    title: 'A paused job says so, stands still, and goes on when resumed; no event tells of it',
    requirements: [
      'block-job-pause/pauses',
      'block-job-resume/resumes',
      'query-block-jobs/busy-and-paused',
      'query-block-jobs/progress',
    ],
    needs: backup('block-job-pause', 'block-job-resume'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      t.contains(
        await jobInfo(t, id),
        { paused: false },
        'the job must not be paused before block-job-pause',
      );
      t.equal(
        await t.execute('block-job-pause', { device: id }),
        {},
        'block-job-pause must return an empty object',
      );
      t.contains(await jobInfo(t, id), { paused: true }, 'the job must be paused after block-job-pause');
      t.equal(
        await t.execute('block-job-resume', { device: id }),
        {},
        'block-job-resume must return an empty object',
      );
      t.contains(
        await jobInfo(t, id),
        { paused: false },
        'the job must not be paused after block-job-resume',
      );
      t.equal(pendingJobEvents(t, id), [], 'the job must bring no event');
    },
  },
  {
    id: 'block-job-pause/not-cumulative',
    title: 'A job that was paused several times goes on after one resume',
    requirements: ['block-job-pause/not-cumulative'],
    needs: backup('block-job-pause', 'block-job-resume'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      await t.execute('block-job-pause', { device: id });
      for (let again = 0; again < 3; again += 1) {
        const { error } = await t.request({ execute: 'block-job-pause', arguments: { device: id } });
        if (error !== undefined) t.info('block-job-pause/not-cumulative: a second pause is refused');
      }
      await t.execute('block-job-resume', { device: id });
      t.contains(
        await jobInfo(t, id),
        { paused: false },
        'one block-job-resume must undo every block-job-pause',
      );
    },
  },
  {
    id: 'block-job-pause/ready',
    title: 'A ready mirror that is paused stays ready, and is so after it was resumed',
    requirements: ['block-job-pause/pauses', 'query-block-jobs/ready'],
    needs: mirror('block-job-pause', 'block-job-resume'),
    async run(t: CaseContext) {
      const { id } = await readyMirror(t);
      await t.execute('block-job-pause', { device: id });
      t.contains(
        await jobInfo(t, id),
        { paused: true, ready: true },
        'a ready job that is paused must be shown as both',
      );
      await t.execute('block-job-resume', { device: id });
      t.contains(
        await jobInfo(t, id),
        { paused: false, ready: true },
        'a ready job that was resumed must be ready and not paused',
      );
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'mirror');
    },
  },
  withoutJob('block-job-resume'),
  {
    id: 'block-job-resume/running',
    title: 'Resuming a job that is not paused changes nothing',
    requirements: ['block-job-resume/running', 'block-job-resume/resumes'],
    needs: backup('block-job-resume'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      const { error } = await t.request({ execute: 'block-job-resume', arguments: { device: id } });
      if (error !== undefined) t.info('block-job-resume/running: it is refused');
      t.contains(
        await jobInfo(t, id),
        { paused: false, speed: CRAWL },
        'a job that was not paused must run on, with its speed',
      );
    },
  },
  withoutJob('block-job-set-speed'),
  {
    id: 'block-job-set-speed/sets',
    title: 'A job reports the speed it was given, at its start and later, and tells it at its end',
    requirements: ['BLOCK_JOB_CANCELLED/speed', 'block-job-set-speed/sets', 'query-block-jobs/speed'],
    needs: backup('block-job-set-speed', 'block-job-pause'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      t.contains(await jobInfo(t, id), { speed: CRAWL }, 'the job must have the speed of its start');
      await t.execute('block-job-pause', { device: id });
      for (const speed of [0, 2 ** 40, 1]) {
        t.equal(
          await t.execute('block-job-set-speed', { device: id, speed }),
          {},
          'block-job-set-speed must return an empty object',
        );
        t.contains(await jobInfo(t, id), { speed }, 'the job must have the speed that was set last');
      }
      const { data } = await cancelled(t, id);
      t.contains(data ?? null, { speed: 1 }, 'BLOCK_JOB_CANCELLED must tell the speed that was set last');
    },
  },
  {
    id: 'block-job-set-speed/unlimited',
    title: 'A crawling backup whose limit is taken away completes',
    requirements: ['block-job-set-speed/sets', 'BLOCK_JOB_COMPLETED/emitted'],
    needs: backup('block-job-set-speed'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      t.contains(await jobInfo(t, id), { speed: CRAWL }, 'the job must have the speed of its start');
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await completed(t, id, 'backup');
      await checkNoJob(t, id);
    },
  },
  {
    id: 'block-job-set-speed/negative',
    title: 'A negative speed is refused and the job keeps its own',
    requirements: ['block-job-set-speed/negative'],
    needs: backup('block-job-set-speed'),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      for (const speed of [-1, -9223372036854775808n])
        await t.refused('block-job-set-speed', { device: id, speed }, { text: /speed/ });
      t.contains(await jobInfo(t, id), { speed: CRAWL }, 'the job must keep its speed after a refusal');
    },
  },
];
