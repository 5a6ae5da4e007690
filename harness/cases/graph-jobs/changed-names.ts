/** Names of images far below the top and of drives where nodes are asked for: in change-backing-file and block-stream. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addLayers,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeEmpty,
  makeLayers,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, guestFlush, onDrive } from '../helpers/drive-chain.ts';
import { checkNoJob, completed } from '../helpers/job-steps.ts';
import { needs, nodeInfo } from '../helpers/shared-setup.ts';

const CHANGE = 'change-backing-file';
const changes = needs(chainNodes, { commands: [CHANGE] });

/** Cases of names that lead elsewhere, and of images that are several below the one named as device. */
export const changedNames: readonly CaseDefinition[] = [
  {
    id: 'change-backing-file/far-below',
    title: 'Of a chain of five images each gets its own new name in its header, and the others keep theirs',
    requirements: ['change-backing-file/writes-header', 'change-backing-file/in-chain'],
    needs: changes,
    async run(t: CaseContext) {
      const image = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const layers = await addLayers(t, await makeLayers(t, [image, image, image, image, image]));
      const nodes = layers.map(({ node }) => node);
      const names = layers.slice(1).map(({ node }) => `${t.dir}/below-${node}.img`);
      for (const at of [3, 0, 2])
        await t.execute(CHANGE, {
          device: nodes[4]!,
          'image-node-name': nodes[at + 1]!,
          'backing-file': names[at]!,
        });
      await release(t, nodes);
      const found: (string | null)[] = [];
      for (const { file } of layers.slice(1)) found.push((await readImage(t, file)).backing);
      t.equal(
        found,
        [names[0]!, layers[1]!.file.path, names[2]!, names[3]!],
        'each header must name what it was given',
      );
    },
  },
  {
    id: 'change-backing-file/read-only-below',
    title: 'Read-only images below get their new names, and are read-only as before',
    requirements: ['change-backing-file/reopens', 'change-backing-file/writes-header'],
    needs: changes,
    async run(t: CaseContext) {
      const image = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const files = await makeLayers(t, [image, image, image, image]);
      const below = [t.name('low'), t.name('middle')];
      const opened = (index: number, backing?: JsonObject): JsonObject => ({
        driver: 'qcow2',
        'node-name': below[index - 1]!,
        file: { driver: 'file', filename: files[index]!.path },
        ...(backing && { backing }),
      });
      const device = await addQcow2(t, files[3]!, { backing: opened(2, opened(1)) });
      for (const node of below) {
        await t.execute(CHANGE, {
          device,
          'image-node-name': node,
          'backing-file': `${t.dir}/below-${node}.img`,
        });
        t.contains(await nodeInfo(t, node), { ro: true }, 'the image must be read-only as before');
      }
      await release(t, [device]);
      for (const [index, node] of below.entries())
        t.equal(
          (await readImage(t, files[index + 1]!)).backing,
          `${t.dir}/below-${node}.img`,
          'the header must name what it was given',
        );
    },
  },
  {
    id: 'change-backing-file/empty',
    title: 'An empty name is written as given: the image has no backing file from then on',
    requirements: ['change-backing-file/writes-header'],
    needs: changes,
    async run(t: CaseContext) {
      const image = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const layers = await addLayers(t, await makeLayers(t, [image, image]));
      const [base, top] = layers.map(({ node }) => node);
      await t.execute(CHANGE, { device: top!, 'image-node-name': top!, 'backing-file': '' });
      await release(t, [base!, top!]);
      t.check(
        !(await readImage(t, layers[1]!.file)).backing,
        'the header must name no backing file',
        'it names one',
      );
    },
  },
  {
    id: 'change-backing-file/image-by-device',
    title: 'A drive that is given as image-node-name is refused, and no header changes',
    requirements: ['change-backing-file/in-chain'],
    needs: onDrive(CHANGE),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base, top] = await driveChain(t, 2);
      const unseen = `${t.dir}/unseen.img`;
      const change = { device: DRIVE, 'backing-file': unseen };
      await t.refused(CHANGE, { ...change, 'image-node-name': DRIVE });
      await guestFlush(t);
      t.equal((await readImage(t, top!.file)).backing, base!.file.path, 'the header must stay as it was');
      await t.execute(CHANGE, { ...change, 'image-node-name': top!.node });
      t.equal((await readImage(t, top!.file)).backing, unseen, 'the header must change for the node');
    },
  },
  {
    id: 'block-stream/base-node-by-device',
    title: 'A drive that is given as base-node is refused, and its node is not',
    requirements: ['block-stream/base-node'],
    needs: needs(onDrive('block-stream', 'query-block-jobs'), {
      members: ['block-stream.base-node'],
      events: ['BLOCK_JOB_COMPLETED'],
    }),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const device = await addQcow2(t, await makeEmpty(t), { backing: base!.node });
      const id = t.name('job');
      const stream = (node: string): JsonObject => ({ 'job-id': id, device, 'base-node': node });
      await t.refused('block-stream', stream(DRIVE));
      await checkNoJob(t, id);
      await t.execute('block-stream', stream(base!.node));
      await completed(t, id, 'stream');
    },
  },
];
