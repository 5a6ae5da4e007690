/** A job that its user has paused rests on when others have all requests drained. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addImage, chainNodes } from '../helpers/backing-chains.ts';
import { JOB_IN } from '../helpers/job-states.ts';
import { backupJobs, completed, jobInfo } from '../helpers/job-steps.ts';
import { needs, newFile } from '../helpers/shared-setup.ts';

export const drainedJobs: readonly CaseDefinition[] = [
  {
    id: 'block-job-pause/drained',
    title:
      'A paused job stands still while snapshots are taken elsewhere and transactions fail, and goes on then',
    requirements: ['block-job-pause/pauses', 'block-job-pause/not-cumulative', 'block-job-resume/resumes'],
    needs: needs(chainNodes, backupJobs, {
      commands: [
        'block-job-pause',
        'block-job-resume',
        'block-job-set-speed',
        'transaction',
        'blockdev-snapshot-sync',
      ],
    }),
    async run(t: CaseContext) {
      const id = await JOB_IN.paused(t);
      const { node } = await addImage(t);
      const before = await jobInfo(t, id);
      const rests = async (what: string): Promise<void> => {
        await t.elapse(t.virtualTime ? 5_000 : 50);
        t.contains(
          await jobInfo(t, id),
          { offset: before.offset ?? null, status: 'paused', paused: true },
          `a paused job must stand still ${what}`,
        );
      };
      const snapshot = (name: string) => ({
        'node-name': node,
        'snapshot-file': newFile(t).path,
        'snapshot-node-name': name,
        format: 'qcow2',
      });
      const undone = { type: 'blockdev-snapshot-sync', data: snapshot(t.name('undone')) };
      await t.refused('transaction', { actions: [undone, { type: 'abort', data: {} }] });
      await rests('after a transaction that failed');
      await t.execute('transaction', { actions: [] });
      await rests('after a transaction without actions');
      await t.execute('blockdev-snapshot-sync', snapshot(t.name('above')));
      await rests('after a snapshot of another node');
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await t.execute('block-job-resume', { device: id });
      await completed(t, id, 'backup');
    },
  },
];
