/** Chains that jobs and commands refuse: images of another one, names without a base, and loops. */
import { writeFile } from 'node:fs/promises';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addChain,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  checkContent,
  makeChain,
  readImage,
  release,
  stairClusters,
  stairs,
} from '../helpers/backing-chains.ts';
import { checkNoJob, succeeded } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { checkAbsent, needs, newFile, nodeInfo } from '../helpers/shared-setup.ts';

const changes = needs(chainNodes, { commands: ['change-backing-file'] });

function imageAbove(name: string): Buffer {
  const clusters = stairClusters(1);
  return buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters, backing: { name, format: 'qcow2' } });
}

/** The cases of refused chains. */
export const chainRefusals: readonly CaseDefinition[] = [
  {
    id: 'change-backing-file/other-chain',
    title:
      'An image of another chain than that of device is refused, and keeps its header; in its own it is changed',
    requirements: ['change-backing-file/in-chain'],
    needs: changes,
    async run(t: CaseContext) {
      const [, device] = await addChain(t, 2);
      const [base, top] = await addChain(t, 2);
      const written = `${t.dir}/unseen.img`;
      const args = { 'image-node-name': top!.node, 'backing-file': written };
      await t.refused('change-backing-file', { ...args, device: device!.node }, { text: /chain/ });
      t.equal(
        (await readImage(t, top!.file)).backing,
        base!.file.path,
        'the header must stay as it was after a refusal',
      );
      await t.execute('change-backing-file', { ...args, device: top!.node });
      await release(t, [base!.node, top!.node]);
      t.equal(
        (await readImage(t, top!.file)).backing,
        written,
        'the header must hold the name that was given',
      );
    },
  },
  {
    id: 'block-stream/backing-file-without-base',
    title:
      'backing-file is refused for a stream of the whole chain, which leaves none; with a base it is taken',
    requirements: ['block-stream/backing-file-needs-base'],
    needs: needs(chainNodes, {
      commands: ['block-stream', 'query-block-jobs'],
      events: ['BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const [base, , top] = await addChain(t, 3);
      const id = t.name('job');
      const args: JsonObject = { 'job-id': id, device: top!.node, 'backing-file': base!.file.path };
      await t.refused('block-stream', args, { text: /backing file/ });
      await checkNoJob(t, id);
      t.contains(await nodeInfo(t, top!.node), { backing_file_depth: 2 }, 'the chain must be as before');
      await t.execute('block-stream', { ...args, 'base-node': base!.node });
      await succeeded(t, id, 'stream');
      t.contains(await nodeInfo(t, top!.node), { backing_file_depth: 1 }, 'the chain must be shorter');
    },
  },
  {
    id: 'blockdev-snapshot/loop',
    title:
      'A snapshot whose overlay lies below the node would close a loop: it is refused, the chain stays as it was',
    requirements: ['blockdev-snapshot/no-loop'],
    needs: needs(chainNodes, { commands: ['blockdev-snapshot'] }),
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      for (const overlay of [base!, middle!, top!])
        await t.refused('blockdev-snapshot', { node: top!.node, overlay: overlay.node });
      t.contains(await nodeInfo(t, top!.node), { backing_file_depth: 2 }, 'the chain must be as before');
      await release(t, [base!.node, middle!.node, top!.node]);
      await checkContent(t, top!.file, stairs(3), 'the chain');
    },
  },
  {
    id: 'blockdev-add/image-above-itself',
    title:
      'Images that lead back to themselves by their backing files are refused; with another below they open',
    requirements: ['blockdev-add/backing-loop'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const [base] = await makeChain(t, 1);
      const [own, first, second] = [newFile(t), newFile(t), newFile(t)];
      for (const [file, below] of [
        [own, own],
        [first, second],
        [second, first],
      ] as const)
        await writeFile(file.local, imageAbove(below.path));
      for (const file of [own, first]) {
        const node = t.name('looped');
        const below = { driver: 'file', filename: file.path };
        await t.refused('blockdev-add', { driver: 'qcow2', 'node-name': node, file: below });
        await checkAbsent(t, node);
        const opened = await addQcow2(t, file, {
          backing: { driver: 'qcow2', file: { driver: 'file', filename: base!.path } },
        });
        t.contains(await nodeInfo(t, opened), { backing_file_depth: 1 }, 'the image must have one below');
        await release(t, [opened]);
      }
    },
  },
];
