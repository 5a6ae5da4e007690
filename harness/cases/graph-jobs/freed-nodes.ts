/** What jobs leave that were cancelled or failed: their ids and their nodes, free for the same job again, and to be deleted. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { checkContent, release } from '../helpers/backing-chains.ts';
import { CONTENT, chainAndTarget, JOB_KINDS, jobsOfKind, type Setting, SIZE } from '../helpers/job-kinds.ts';
import { cancelled, endedReady, succeeded } from '../helpers/job-steps.ts';
import { addRaw, needs } from '../helpers/shared-setup.ts';

/** Has a job fail. */
async function fails(t: CaseContext, id: string): Promise<void> {
  const { data = null } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
  const { error } = data as JsonObject;
  t.check(typeof error === 'string', 'a job that cannot read must fail', 'it succeeds');
}

/** The cases of jobs that are started once more. */
export const freedNodes: readonly CaseDefinition[] = JOB_KINDS.map((kind): CaseDefinition => {
  const { slug, command, what, type, args, slowly, getsReady } = kind;
  return {
    id: `${command}/${slug}starts-again`,
    title: `After ${what} was cancelled or failed the same one can be started, and then its nodes deleted`,
    requirements: ['jobs/blocks-deletion', 'jobs/id-taken'],
    needs: needs(jobsOfKind(kind), { nodes: ['failing'], events: ['BLOCK_JOB_ERROR'] }),
    async run(t: CaseContext) {
      for (const ending of ['cancelled', 'cancelled when ready', 'failed']) {
        if (ending === 'cancelled' ? !slowly : ending !== 'failed' && !getsReady) continue;
        const setting = await chainAndTarget(t, { isFailing: ending === 'failed' });
        const job = t.name('job');
        const start = (to: Setting, more: JsonObject = {}) =>
          t.execute(command, { 'job-id': job, ...args(to), ...more });
        const ends = async (): Promise<void> => {
          if (getsReady) {
            await t.event('BLOCK_JOB_READY', { device: job });
            await endedReady(t, job);
          } else await succeeded(t, job, type);
        };
        await start(setting, ending === 'cancelled' ? slowly : {});
        if (ending === 'cancelled') await cancelled(t, job);
        else if (ending === 'failed') await fails(t, job);
        else await ends();
        const again = await addRaw(t, SIZE);
        await start({ ...setting, target: again.name });
        await ends();
        await release(t, [setting.target, ...setting.nodes, again.name]);
        if (args(setting).target !== undefined)
          await checkContent(t, again.file, CONTENT, 'the second target');
      }
    },
  };
});
