/** Examples of the spec's prose, sent as they stand there but for the folder of their files. */
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { insertedIn } from './helpers/device-info.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import {
  dataNodes,
  dataSource,
  fileNodes,
  MiB,
  makeFile,
  needs,
  nodeInfo,
  virtualSize,
} from './helpers/shared-setup.ts';

/** The drives that the examples name, each with its node. */
const named: Topology = {
  name: 'drives-of-the-examples',
  images: ['scratch', 'drive0', 'ide-hd0'].map((id) => ({ path: `${id}.img`, format: 'raw', size: MiB })),
  options: ['scratch', 'drive0', 'ide-hd0'].flatMap((id) => [
    '-drive',
    `if=none,id=${id},file=@DIR@/${id}.img,format=raw,node-name=${id}-node`,
  ]),
  monitors: 1,
};

export const exampleCases: readonly CaseDefinition[] = [
  {
    id: 'examples/resize',
    title: 'The example of block_resize gives the image of the device a size of 1 GiB',
    requirements: ['examples/resize'],
    needs: { commands: ['block_resize', 'query-named-block-nodes'] },
    topology: named,
    async run(t: CaseContext) {
      const reply = await t.execute('block_resize', { device: 'scratch', size: 1073741824 });
      t.equal(reply, {}, 'block_resize must return an empty object');
      t.equal(
        await virtualSize(t, 'scratch-node'),
        1073741824,
        'the image must have the size that was asked for',
      );
      await t.execute('block_resize', { device: 'scratch', size: MiB });
    },
  },
  {
    id: 'examples/bitmaps',
    title: 'The examples of the three bitmap commands add bitmap0 to drive0, clear it and remove it',
    requirements: ['examples/bitmaps'],
    needs: {
      commands: ['block-dirty-bitmap-add', 'block-dirty-bitmap-clear', 'block-dirty-bitmap-remove'],
    },
    topology: named,
    async run(t: CaseContext) {
      const bitmap = { node: 'drive0', name: 'bitmap0' };
      await t.refused('block-dirty-bitmap-clear', bitmap);
      for (const verb of ['add', 'clear', 'remove'])
        t.equal(
          await t.execute(`block-dirty-bitmap-${verb}`, bitmap),
          {},
          `${verb} must return an empty object`,
        );
      await t.refused('block-dirty-bitmap-clear', bitmap);
    },
  },
  {
    id: 'examples/snapshot',
    title:
      'The example of blockdev-snapshot puts a node that was opened without backing over the image of the device',
    requirements: ['examples/snapshot'],
    needs: needs(fileNodes, { commands: ['blockdev-snapshot', 'query-block'], drivers: ['qcow2'] }),
    topology: named,
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQcow2({ size: MiB, clusterSize: 64 * 1024 }));
      await t.execute('blockdev-add', {
        driver: 'qcow2',
        'node-name': 'node1534',
        file: { driver: 'file', filename: file.path },
        backing: '',
      });
      const reply = await t.execute('blockdev-snapshot', { node: 'ide-hd0', overlay: 'node1534' });
      t.equal(reply, {}, 'blockdev-snapshot must return an empty object');
      t.contains(
        await insertedIn(t, 'ide-hd0'),
        { 'node-name': 'node1534', backing_file_depth: 1 },
        'the device must use the overlay, over its image',
      );
    },
  },
  {
    id: 'examples/threshold',
    title: 'The example of block-set-write-threshold sets 16 GiB for the node mydev',
    requirements: ['examples/threshold'],
    needs: needs(dataNodes, { commands: ['block-set-write-threshold'] }),
    async run(t: CaseContext) {
      await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': 'mydev' });
      const given = { 'node-name': 'mydev', 'write-threshold': 17179869184 };
      t.equal(
        await t.execute('block-set-write-threshold', given),
        {},
        'the command must return an empty object',
      );
      t.contains(
        await nodeInfo(t, 'mydev'),
        { write_threshold: 17179869184 },
        'the node must report the threshold that was set',
      );
    },
  },
];
