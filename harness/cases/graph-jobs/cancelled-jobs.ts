/** What jobs on chains leave that are cancelled, and whom they keep away from their nodes while they are there. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { readImage, release } from '../helpers/backing-chains.ts';
import { chainAndTarget, JOB_KINDS, jobsOfKind } from '../helpers/job-kinds.ts';
import { backupJobs, cancelled, checkNoJob, endedReady, jobInfo } from '../helpers/job-steps.ts';
import { addNode, MiB, needs, nodeInfo } from '../helpers/shared-setup.ts';

const SIZE = 4 * MiB;

/** Jobs that want a node for themselves, by what they want it for. */
const CLAIMS: Readonly<
  Record<string, readonly [command: string, args: (node: string, other: string) => JsonObject]>
> = {
  'source of a backup': ['blockdev-backup', (device, target) => ({ device, target, sync: 'full' })],
  'target of a backup': ['blockdev-backup', (target, device) => ({ device, target, sync: 'full' })],
  'source of a mirror': ['blockdev-mirror', (device, target) => ({ device, target, sync: 'full' })],
  'target of a mirror': ['blockdev-mirror', (target, device) => ({ device, target, sync: 'full' })],
  stream: ['block-stream', (device) => ({ device })],
  commit: ['block-commit', (device) => ({ device })],
};

/** What some endpoints let others do with the node below the filter of a mirror. */
const BELOW_DEVICES = ['target of a backup', 'stream'];

/** The cases of jobs that are there, and are cancelled. */
export const cancelledJobs: readonly CaseDefinition[] = JOB_KINDS.flatMap((kind): CaseDefinition[] => {
  const { slug, command, type, args, slowly, getsReady } = kind;
  const start = async (t: CaseContext, id: string, job: JsonObject): Promise<void> => {
    await t.execute(command, { 'job-id': id, ...job, ...slowly });
    if (!slowly) await t.event('BLOCK_JOB_READY', { device: id });
  };
  const end = slowly ? cancelled : endedReady;
  const claims: CaseDefinition = {
    id: `${command}/${slug}keeps-others-away`,
    title: `While ${kind.what} is there, no other job gets its device or target, as source, target or chain`,
    requirements: [
      'blockdev-backup/target-busy',
      'blockdev-mirror/target-in-use',
      'block-stream/twice',
      'block-commit/twice',
    ],
    needs: needs(jobsOfKind(kind), backupJobs, {
      commands: ['blockdev-mirror', 'block-stream', 'block-commit'],
    }),
    async run(t: CaseContext) {
      const setting = await chainAndTarget(t);
      const [id, other, later] = [t.name('job'), await addNode(t, { size: SIZE }), t.name('job')];
      await start(t, id, args(setting));
      const own = [setting.nodes[3], ...(args(setting).target === undefined ? [] : [setting.target])];
      for (const node of own)
        for (const [what, [second, claim]] of Object.entries(CLAIMS)) {
          // Newer endpoints let the source of a backup be the source of other jobs.
          if (type === 'backup' && node !== setting.target && !what.startsWith('target')) continue;
          // What a mirror reads is below its device: whether others may have that differs.
          if (getsReady && node !== setting.target && BELOW_DEVICES.includes(what)) continue;
          await t.refused(second, { 'job-id': later, ...claim(node, other) });
          await checkNoJob(t, later);
        }
      t.contains(await jobInfo(t, id), { type, paused: false }, 'the job must go on');
      await end(t, id);
    },
  };
  // The base of a commit of the active image stays writable, see block-commit/reopens-base.
  if ((type !== 'stream' && type !== 'commit') || !slowly) return [claims];
  const leaves: CaseDefinition = {
    id: `${command}/${slug}cancelled-leaves-chain`,
    title: `When ${kind.what} is cancelled the chain is as it was: its length, who is read-only, the names in headers`,
    requirements: [
      type === 'stream' ? 'block-stream/cancel-keeps-backing' : 'block-commit/reopens-base',
      type === 'stream' ? 'block-stream/backing-file' : 'block-commit/backing-file',
    ],
    needs: jobsOfKind(kind),
    async run(t: CaseContext) {
      const { files, ...setting } = await chainAndTarget(t, { options: { 'read-only': true } });
      const named = { 'backing-file': `${t.name('other')}.img` };
      const [id, job] = [t.name('job'), { ...args({ ...setting, files }), ...named, ...slowly }];
      const { error } = await t.request({ execute: command, arguments: { 'job-id': id, ...job } });
      // An endpoint may refuse to work on read-only images.
      if (error === undefined) await cancelled(t, id);
      for (const [depth, node] of setting.nodes.entries())
        t.contains(
          await nodeInfo(t, node),
          { ro: true, backing_file_depth: depth },
          'every image must be as it was before the job',
        );
      await release(t, setting.nodes);
      for (const [index, file] of files.entries())
        t.equal(
          (await readImage(t, file)).backing,
          files[index - 1]?.path ?? null,
          'the header must name the backing file that it named before',
        );
    },
  };
  return [claims, leaves];
});
