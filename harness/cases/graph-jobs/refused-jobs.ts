/** What a job leaves that is refused after its nodes and files have been made ready for it: nothing but files. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addImage, addLayers, addQcow2, chainNodes, makeChain } from '../helpers/backing-chains.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import {
  backupJobs,
  checkNoJob,
  completed,
  crawlingBackup,
  endedReady,
  mirrorJobs,
} from '../helpers/job-steps.ts';
import { checkAbsent, needs, newFile, nodeInfo, nodeNames } from '../helpers/shared-setup.ts';

/** Three images, none of which may be written; bottom first. */
async function readOnlyChain(t: CaseContext): Promise<{ nodes: string[]; middle: string }> {
  const layers = await addLayers(t, await makeChain(t, 3), { 'read-only': true });
  return { nodes: layers.map(({ node }) => node), middle: layers[1]!.file.path };
}

async function checkReadOnly(t: CaseContext, nodes: readonly string[], when: string): Promise<void> {
  for (const node of nodes)
    t.contains(await nodeInfo(t, node), { ro: true }, `every image of the chain must be read-only ${when}`);
}

const refusedAndCancelled = needs(chainNodes, backupJobs, { commands: ['block-commit'] });

/** The cases of refused jobs. */
export const refusedJobs: readonly CaseDefinition[] = [
  {
    id: 'block-commit/read-only-chain',
    title: 'A commit that is refused leaves a chain of read-only images read-only, one that succeeds too',
    requirements: ['block-commit/reopens-base', 'block-commit/speed'],
    needs: refusedAndCancelled,
    async run(t: CaseContext) {
      const { nodes, middle } = await readOnlyChain(t);
      const id = t.name('job');
      const args = { 'job-id': id, device: nodes[2]!, top: middle };
      for (const fault of [{ 'job-id': await crawlingBackup(t) }, { speed: -1 }]) {
        await t.refused('block-commit', { ...args, ...fault });
        await checkReadOnly(t, nodes, 'after a refusal');
      }
      await t.execute('block-commit', args);
      await completed(t, id, 'commit');
      await checkReadOnly(t, [nodes[0]!, nodes[2]!], 'after the commit');
      t.contains(
        await nodeInfo(t, nodes[2]!),
        { backing_file_depth: 1 },
        'the middle image must be left out',
      );
    },
  },
  {
    id: 'block-stream/read-only-refused',
    title: 'A stream that is refused for its id or its speed leaves a read-only image read-only',
    requirements: ['block-stream/read-only', 'block-stream/speed'],
    needs: needs(refusedAndCancelled, { commands: ['block-stream'] }),
    async run(t: CaseContext) {
      const { nodes } = await readOnlyChain(t);
      const id = t.name('job');
      const args = { 'job-id': id, device: nodes[2]! };
      for (const fault of [{ 'job-id': await crawlingBackup(t) }, { speed: -1 }]) {
        await t.refused('block-stream', { ...args, ...fault });
        await checkReadOnly(t, nodes, 'after a refusal');
      }
      await checkNoJob(t, id);
      const [below, above] = await makeChain(t, 2);
      const backing = await addQcow2(t, below!);
      const image = await addQcow2(t, above!, { backing });
      await t.execute('block-stream', { ...args, device: image });
      await completed(t, id, 'stream');
      t.contains(
        await nodeInfo(t, image),
        { ro: false, backing_file_depth: 0 },
        'an image that may be written must be on its own after its stream',
      );
    },
  },
  {
    id: 'drive-mirror/refused-closes-target',
    title: 'The target of a drive-mirror that is refused is closed: its name is free for the next one',
    requirements: ['drive-mirror/node-name'],
    needs: needs(chainNodes, mirrorJobs, { commands: ['drive-mirror', 'blockdev-backup'] }),
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const [id, target] = [t.name('job'), t.name('target')];
      const args = { 'job-id': id, device, target: newFile(t).path, sync: 'full', 'node-name': target };
      const taken = await crawlingBackup(t);
      const before = (await nodeNames(t)).toSorted();
      for (const fault of [{ granularity: 3 }, { speed: -1 }, { 'job-id': taken }]) {
        await t.refused('drive-mirror', { ...args, ...fault });
        await checkAbsent(t, target);
      }
      await t.execute('drive-mirror', args);
      await t.event('BLOCK_JOB_READY', { device: id });
      await nodeInfo(t, target);
      await endedReady(t, id);
      t.equal((await nodeNames(t)).toSorted(), before, 'the target must be closed when the job has ended');
    },
  },
  {
    id: 'drive-backup/refused-frees',
    title: 'A drive-backup that is refused closes its target, and its bitmap can be removed or used again',
    requirements: ['drive-backup/bitmap-kept'],
    needs: needs(chainNodes, backupJobs, {
      commands: [
        'drive-backup',
        'block-dirty-bitmap-add',
        'block-dirty-bitmap-clear',
        'block-dirty-bitmap-remove',
      ],
    }),
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const [id, bitmap] = [t.name('job'), t.name('bitmap')];
      await addBitmap(t, device, bitmap);
      const args: JsonObject = {
        'job-id': id,
        device,
        target: newFile(t).path,
        format: 'qcow2',
        sync: 'incremental',
        bitmap,
      };
      const taken = await crawlingBackup(t);
      const before = (await nodeNames(t)).toSorted();
      for (const fault of [{ speed: -1 }, { 'job-id': taken }, { bitmap: t.name('nothing') }]) {
        await t.refused('drive-backup', { ...args, ...fault });
        t.equal((await nodeNames(t)).toSorted(), before, 'a refused backup must leave no node');
      }
      await t.execute('block-dirty-bitmap-clear', { node: device, name: bitmap });
      await t.execute('block-dirty-bitmap-remove', { node: device, name: bitmap });
      const { bitmap: _, ...whole } = args;
      await t.execute('drive-backup', { ...whole, sync: 'full' });
      await completed(t, id, 'backup');
      t.equal((await nodeNames(t)).toSorted(), before, 'a backup that has ended must leave no node');
    },
  },
];
