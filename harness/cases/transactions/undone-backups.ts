/** Backups of a transaction that fails never begin. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { checkContent } from '../helpers/backing-chains.ts';
import { checkNoJob, pendingJobEvents } from '../helpers/job-steps.ts';
import { addRaw, fileNodes, MiB, needs } from '../helpers/shared-setup.ts';

export const undoneBackups: readonly CaseDefinition[] = [
  {
    id: 'transaction/backups-never-begin',
    title: 'Backups of a transaction that fails at a later action copy nothing, and no event tells of them',
    requirements: ['transaction/all-or-nothing'],
    needs: needs(fileNodes, {
      commands: ['transaction', 'query-block-jobs', 'blockdev-backup'],
      events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
      members: ['transaction.properties'],
    }),
    async run(t: CaseContext) {
      const content = Buffer.alloc(MiB, 0x11);
      const ids = [t.name('job'), t.name('job')];
      const targets = [await addRaw(t, MiB), await addRaw(t, MiB)];
      const backups = [];
      for (const [index, { name: target }] of targets.entries()) {
        const { name: device } = await addRaw(t, content);
        backups.push({
          type: 'blockdev-backup',
          data: { 'job-id': ids[index]!, device, target, sync: 'full' },
        });
      }
      const failing = [
        { type: 'abort', data: {} },
        { type: 'blockdev-snapshot', data: { node: t.name('nothing'), overlay: t.name('nothing') } },
      ];
      for (const last of failing)
        for (const properties of [{}, { properties: { 'completion-mode': 'individual' } }]) {
          await t.refused('transaction', { actions: [...backups, last], ...properties });
          await t.roundTrip();
          for (const [index, id] of ids.entries()) {
            await checkNoJob(t, id);
            t.equal(pendingJobEvents(t, id), [], 'no event must tell of a job that never began');
            await checkContent(t, targets[index]!.file, Buffer.alloc(MiB), 'a target of what failed');
          }
        }
      await t.execute('transaction', { actions: backups });
      for (const id of ids) await t.event('BLOCK_JOB_COMPLETED', { device: id });
      for (const { file } of targets) await checkContent(t, file, content, 'a backup that was made');
    },
  },
];
