/** Examples of commands for nodes, bitmaps and snapshots. */
import { join } from 'node:path';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { CHAIN_SIZE, chainNodes } from '../helpers/backing-chains.ts';
import { deviceBitmaps, insertedIn } from '../helpers/device-info.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, parseQcow2 } from '../helpers/qcow2-image.ts';
import {
  checkAbsent,
  dataNodes,
  dataSource,
  fileNodes,
  KiB,
  MiB,
  makeDirectory,
  makeFileIn,
  needs,
  nodeInfo,
  nodeNames,
  virtualSize,
} from '../helpers/shared-setup.ts';
import { DRIVE_BYTE, namedDrives } from './drives-of-examples.ts';
import { play } from './play.ts';

const CLUSTER = 64 * KiB;
const image = (size: number) => buildQcow2({ size, clusterSize: CLUSTER });

export const exampleNodes: readonly CaseDefinition[] = [
  {
    id: 'examples/resize',
    title: 'The example of block_resize gives the image of the device a size of 1 GiB',
    requirements: ['examples/resize'],
    needs: { commands: ['block_resize', 'query-named-block-nodes'] },
    topology: namedDrives,
    async run(t: CaseContext) {
      await play(t, 'block_resize', await makeDirectory(t));
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
    requirements: ['examples/bitmap-clear', 'examples/bitmap-remove', 'examples/bitmaps'],
    needs: {
      commands: [
        'block-dirty-bitmap-add',
        'block-dirty-bitmap-clear',
        'block-dirty-bitmap-remove',
        'query-block',
      ],
    },
    topology: namedDrives,
    async run(t: CaseContext) {
      const bitmap = { node: 'drive0', name: 'bitmap0' };
      const folder = await makeDirectory(t);
      await t.refused('block-dirty-bitmap-clear', bitmap);
      for (const verb of ['add', 'clear', 'remove']) {
        await play(t, `block-dirty-bitmap-${verb}`, folder);
        t.equal(
          (await deviceBitmaps(t, 'drive0')).map(({ name }) => name ?? null),
          verb === 'remove' ? [] : ['bitmap0'],
          'query-block must show the bitmap until it is removed',
        );
      }
      await t.refused('block-dirty-bitmap-clear', bitmap);
    },
  },
  {
    id: 'examples/snapshot',
    title:
      'The example of blockdev-snapshot puts a node that was opened without backing over the image of the device',
    requirements: ['examples/snapshot'],
    needs: needs(fileNodes, { commands: ['blockdev-snapshot', 'query-block'], drivers: ['qcow2'] }),
    topology: namedDrives,
    fresh: true,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await makeFileIn(folder, 'hd1.qcow2', image(MiB));
      await play(t, 'blockdev-snapshot', folder);
      t.contains(
        await insertedIn(t, 'ide-hd0'),
        { 'node-name': 'node1534', backing_file_depth: 1 },
        'the device must use the overlay, over its image',
      );
    },
  },
  {
    id: 'examples/snapshot-sync',
    title:
      'The example of blockdev-snapshot-sync makes a qcow2 file that the device uses, over its old image',
    requirements: ['examples/snapshot-sync'],
    needs: needs(chainNodes, { commands: ['blockdev-snapshot-sync', 'query-block'] }),
    topology: namedDrives,
    fresh: true,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await play(t, 'blockdev-snapshot-sync', folder);
      t.contains(
        await insertedIn(t, 'ide-hd0'),
        { file: `${folder.path}/my-image`, drv: 'qcow2', backing_file_depth: 1 },
        'the device must use the new file',
      );
      const made = parseQcow2(await bytesOf(t, join(folder.local, 'my-image')));
      t.equal(
        [made.size, made.backing],
        [MiB, `${t.dir}/ide-hd0.img`],
        'the new image must be as long as the old one, and name it',
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
      await play(t, 'block-set-write-threshold', await makeDirectory(t));
      t.contains(
        await nodeInfo(t, 'mydev'),
        { write_threshold: 17179869184 },
        'the node must report the threshold that was set',
      );
    },
  },
  {
    id: 'examples/blockdev-add',
    title: 'The first example of blockdev-add opens test.qcow2 as node test1',
    requirements: ['examples/blockdev-add'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      const { path } = await makeFileIn(folder, 'test.qcow2', image(CHAIN_SIZE));
      await play(t, 'blockdev-add', folder, { to: 1 });
      t.contains(
        await nodeInfo(t, 'test1'),
        { drv: 'qcow2', file: path, ro: false, image: { 'virtual-size': CHAIN_SIZE } },
        'the node must be the image that was named',
      );
    },
  },
  {
    id: 'examples/blockdev-add-backing',
    title:
      'The second example of blockdev-add opens an image past the host cache, over a raw file, and discards',
    requirements: ['examples/blockdev-add-backing'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await makeFileIn(folder, 'test.qcow2', image(CHAIN_SIZE));
      const { path } = await makeFileIn(folder, '4', Buffer.alloc(CHAIN_SIZE, DRIVE_BYTE));
      await play(t, 'blockdev-add', folder, { from: 1 });
      t.contains(
        await nodeInfo(t, 'node0'),
        {
          drv: 'qcow2',
          backing_file: path,
          backing_file_depth: 1,
          cache: { writeback: true, direct: true, 'no-flush': false },
        },
        'the node must have the backing file and the cache mode that were given',
      );
    },
  },
  {
    id: 'examples/blockdev-del',
    title: 'The example of blockdev-del adds node0 and deletes it',
    requirements: ['examples/blockdev-del'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await makeFileIn(folder, 'test.qcow2', image(CHAIN_SIZE));
      const before = (await nodeNames(t)).length;
      await play(t, 'blockdev-del', folder, { to: 1 });
      t.contains(await nodeInfo(t, 'node0'), { drv: 'qcow2' }, 'the node must be there when it was added');
      await play(t, 'blockdev-del', folder, { from: 1 });
      await checkAbsent(t, 'node0');
      t.equal((await nodeNames(t)).length, before, 'the file below the node must go with it');
    },
  },
  {
    id: 'examples/change-children',
    title: 'The examples of x-blockdev-change add new_node to quorum disk1 and delete the child children.1',
    requirements: ['examples/change-children'],
    needs: needs(fileNodes, nodeIo, {
      commands: ['x-blockdev-change'],
      nodes: ['data'],
      drivers: ['quorum'],
    }),
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      const { local } = await makeFileIn(folder, 'test.raw', 64 * KiB);
      const children = [t.name('child'), t.name('child')];
      for (const child of children)
        await t.execute('blockdev-add', { ...(await dataSource(t, 64 * KiB)), 'node-name': child });
      const quorum = { driver: 'quorum', 'node-name': 'disk1', 'vote-threshold': 1, children };
      await t.execute('blockdev-add', quorum);
      await play(t, 'x-blockdev-change', folder, { to: 2 });
      await t.refused('blockdev-del', { 'node-name': 'new_node' }, { text: /in use/ });
      await writeNode(t, 'disk1', 0, 64 * KiB, DRIVE_BYTE);
      t.check(
        (await bytesOf(t, local)).equals(Buffer.alloc(64 * KiB, DRIVE_BYTE)),
        'a write to the quorum must reach the new child',
        'it does not',
      );
      await t.refused('blockdev-del', { 'node-name': children[1]! }, { text: /in use/ });
      await play(t, 'x-blockdev-change', folder, { from: 2 });
      await t.execute('blockdev-del', { 'node-name': children[1]! });
      for (const node of [children[0]!, 'new_node'])
        await t.refused('blockdev-del', { 'node-name': node }, { text: /in use/ });
    },
  },
  {
    id: 'examples/set-iothread',
    title: 'The examples of x-blockdev-set-iothread move disk1 to iothread0, which is in use, and back',
    requirements: ['examples/set-iothread'],
    needs: needs(dataNodes, {
      commands: ['x-blockdev-set-iothread', 'object-add', 'object-del'],
      objects: ['iothread'],
    }),
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': 'disk1' });
      await t.execute('object-add', { 'qom-type': 'iothread', id: 'iothread0' });
      await play(t, 'x-blockdev-set-iothread', folder, { to: 1 });
      await nodeInfo(t, 'disk1');
      await play(t, 'x-blockdev-set-iothread', folder, { from: 1 });
      await t.execute('object-del', { id: 'iothread0' });
    },
  },
];
