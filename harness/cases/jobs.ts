/** What jobs of all kinds share: how they are listed, and their ids. */
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { backupJobs, CRAWL, cancelled, crawlingBackup, findJob, jobInfo } from './helpers/job-steps.ts';
import { addNode, MiB, needs } from './helpers/shared-setup.ts';

export const jobs: readonly CaseDefinition[] = [
  {
    id: 'jobs/listed',
    title: 'A running job is listed with its type, id, speed and state',
    requirements: [
      'query-block-jobs/lists-jobs',
      'query-block-jobs/job-id',
      'query-block-jobs/progress',
      'query-block-jobs/status-visible',
    ],
    needs: backupJobs,
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      const job = await jobInfo(t, id);
      t.contains(
        job,
        { type: 'backup', device: id, len: 64 * MiB, 'io-status': 'ok', ready: false, speed: CRAWL },
        'query-block-jobs must describe the job with type, id, length, state and speed',
      );
      t.check(
        ['running', 'paused'].includes(String(job.status)),
        'the status of the job must be running, or paused for a moment',
        `it is ${shown(job.status)}`,
      );
      t.check(
        Number(job.offset) < 64 * MiB,
        'the offset of a crawling job must be below its len',
        `it is ${shown(job.offset)}`,
      );
    },
  },
  {
    id: 'jobs/id-form',
    title: 'A job-id that is no well-formed id is refused, and no job starts',
    requirements: ['jobs/id-form'],
    needs: backupJobs,
    async run(t: CaseContext) {
      const [device, target] = [await addNode(t), await addNode(t)];
      for (const id of ['', '1j', '_j', '-j', 'j j', 'j/', '#j', 'jé']) {
        const start = { 'job-id': id, device, target, sync: 'full' };
        await t.refused('blockdev-backup', start, { text: `Invalid job ID '${id}'` });
        t.check(
          (await findJob(t, id)) === undefined,
          'no job must be listed under the refused id',
          'query-block-jobs lists one',
        );
      }
    },
  },
  {
    id: 'jobs/id-taken',
    title: 'A job-id that a running job has is refused, and that job goes on',
    requirements: ['jobs/id-taken'],
    needs: backupJobs,
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      const [device, target] = [await addNode(t), await addNode(t)];
      await t.refused('blockdev-backup', { 'job-id': id, device, target, sync: 'full' }, { text: /in use/ });
      t.contains(await jobInfo(t, id), { len: 64 * MiB }, 'the first job must still be there, with its len');
    },
  },
  {
    id: 'jobs/ids-alike',
    title:
      'Jobs whose ids differ in case only, and one that is called as a node, are told apart by every verb',
    requirements: ['query-block-jobs/job-id', 'block-job-pause/pauses', 'block-job-set-speed/sets'],
    needs: needs(backupJobs, { commands: ['block-job-pause', 'block-job-set-speed'] }),
    async run(t: CaseContext) {
      const node = await addNode(t);
      const id = t.name('job');
      const alike = [id, id.toUpperCase(), `${id}-${'x'.repeat(200)}`, `${id}-${'x'.repeat(199)}y`, node];
      for (const one of alike) await crawlingBackup(t, { 'job-id': one });
      for (const [index, one] of alike.entries()) {
        await t.execute('block-job-set-speed', { device: one, speed: CRAWL + index });
        await t.execute('block-job-pause', { device: one });
        for (const [other, name] of alike.entries())
          t.contains(
            await jobInfo(t, name),
            { paused: other <= index, speed: other <= index ? CRAWL + other : CRAWL },
            'a verb must reach the job of that id, and no other',
          );
      }
      for (const one of alike) await cancelled(t, one);
    },
  },
];
