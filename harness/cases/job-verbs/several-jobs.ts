/** Several jobs at a time: what is told to one of them is not done to the others. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { backupJobs, CRAWL, cancelled, checkNoJob, crawlingBackup, jobInfo } from '../helpers/job-steps.ts';
import { MiB, needs } from '../helpers/shared-setup.ts';

/** Cases of jobs beside each other. */
export const severalJobs: readonly CaseDefinition[] = [
  {
    id: 'block-job/verbs-of-one-of-several',
    title:
      'Of four jobs one is paused, one gets another speed and one is cancelled; each of the others stays as it was',
    requirements: ['block-job-pause/pauses', 'block-job-set-speed/sets', 'block-job-cancel/cancels'],
    needs: needs(backupJobs, { commands: ['block-job-pause', 'block-job-resume', 'block-job-set-speed'] }),
    async run(t: CaseContext) {
      const ids: string[] = [];
      while (ids.length < 4) ids.push(await crawlingBackup(t, { speed: CRAWL + ids.length }));
      /** Null: it has ended. */
      const expected = ids.map((_, index): JsonObject | null => ({ paused: false, speed: CRAWL + index }));
      const check = async (when: string): Promise<void> => {
        for (const [index, id] of ids.entries()) {
          const wanted = expected[index] ?? null;
          if (wanted === null) await checkNoJob(t, id);
          else t.contains(await jobInfo(t, id), wanted, `each job must be as it was told to be ${when}`);
        }
      };
      await check('at the start');
      await t.execute('block-job-pause', { device: ids[1]! });
      expected[1] = { ...expected[1], paused: true };
      await check('when the second was paused');
      await t.execute('block-job-set-speed', { device: ids[2]!, speed: MiB });
      expected[2] = { ...expected[2], speed: MiB };
      await check('when the third got another speed');
      await cancelled(t, ids[0]!);
      expected[0] = null;
      await check('when the first was cancelled');
      await t.execute('block-job-resume', { device: ids[1]! });
      expected[1] = { ...expected[1], paused: false };
      await check('when the second was resumed');
      await cancelled(t, ids[3]!);
      expected[3] = null;
      await check('when the last was cancelled');
      for (const id of ids.slice(1, 3)) await cancelled(t, id);
    },
  },
];
