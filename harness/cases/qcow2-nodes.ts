/** blockdev-add of qcow2 images: their backing files, and the dirty bitmaps that are stored in them or frozen. */
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeChain,
  makeEmpty,
  release,
} from './helpers/backing-chains.ts';
import { CRAWL, cancelled } from './helpers/job-steps.ts';
import { nodeIo, perform } from './helpers/node-io.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import {
  addNode,
  dataNodes,
  dataSource,
  findNode,
  MiB,
  makeFile,
  needs,
  newFile,
  nodeInfo,
  nodeNames,
  virtualSize,
} from './helpers/shared-setup.ts';

const bitmaps = needs(chainNodes, {
  commands: ['block-dirty-bitmap-add', 'block-dirty-bitmap-remove', 'x-debug-block-dirty-bitmap-sha256'],
});

const digest = (t: CaseContext, node: string, name: string) =>
  t.execute('x-debug-block-dirty-bitmap-sha256', { node, name });

export const qcow2Nodes: readonly CaseDefinition[] = [
  {
    id: 'qcow2/described',
    title: 'A qcow2 node tells its format, sizes and cluster size',
    requirements: ['blockdev-add/creates-node'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const node = await addQcow2(t, await makeEmpty(t));
      t.contains(
        await nodeInfo(t, node),
        {
          drv: 'qcow2',
          backing_file_depth: 0,
          image: { format: 'qcow2', 'virtual-size': CHAIN_SIZE, 'cluster-size': CLUSTER },
        },
        'the node must describe what the header says',
      );
    },
  },
  {
    id: 'qcow2/backing-default',
    title: 'Without backing the file that the header names is opened, read-only, and goes with the node',
    requirements: ['blockdev-add/backing-default', 'blockdev-del/deletes'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const files = await makeChain(t, 3);
      const node = await addQcow2(t, files[2]!);
      t.contains(
        await nodeInfo(t, node),
        {
          backing_file: files[1]!.path,
          backing_file_depth: 2,
          image: { 'backing-image': { filename: files[1]!.path } },
        },
        'the whole chain must be open',
      );
      await release(t, [node]);
      t.equal(
        (await nodeNames(t)).toSorted(),
        before.toSorted(),
        'deleting the top of a chain must delete the nodes that were opened for it',
      );
    },
  },
  {
    id: 'qcow2/backing-null',
    title: 'With backing null, and with an empty string, nothing is below, whatever the header names',
    requirements: ['blockdev-add/backing-null', 'blockdev-add/backing-empty'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const files = await makeChain(t, 2);
      for (const backing of [null, '']) {
        const node = t.name('qcow2');
        const { error } = await t.request({
          execute: 'blockdev-add',
          arguments: {
            driver: 'qcow2',
            'node-name': node,
            file: { driver: 'file', filename: files[1]!.path },
            backing,
          },
        });
        if (error !== undefined && backing === '') {
          t.info('blockdev-add/backing-empty: it is refused');
          continue;
        }
        t.contains(await nodeInfo(t, node), { backing_file_depth: 0 }, 'the node must have no backing node');
        await release(t, [node]);
      }
    },
  },
  {
    id: 'qcow2/backing-given',
    title: 'A backing node that is given takes the place of the file that the header names',
    requirements: ['blockdev-add/children-stay', 'blockdev-del/in-use'],
    needs: needs(chainNodes, { nodes: ['data'] }),
    async run(t: CaseContext) {
      const files = await makeChain(t, 2);
      const source = await dataSource(t, CHAIN_SIZE);
      const backing = t.name('data');
      await t.execute('blockdev-add', { ...source, 'node-name': backing });
      const node = await addQcow2(t, files[1]!, { backing });
      t.contains(
        await nodeInfo(t, node),
        { image: { 'backing-image': { format: source.driver } } },
        'the node must have the backing node that it was given',
      );
      await t.refused('blockdev-del', { 'node-name': backing });
      await release(t, [node]);
      t.check(
        (await findNode(t, backing)) !== undefined,
        'a backing node given by name must outlive the image above',
        'it is gone',
      );
    },
  },
  {
    id: 'qcow2/backing-missing',
    title: 'An image whose backing file is not there is refused, and nothing is left behind',
    requirements: ['blockdev-add/failure-leaves-nothing', 'blockdev-add/backing-default'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const backing = { name: `${t.dir}/nothing.img`, format: 'raw' };
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing }));
      const args = {
        driver: 'qcow2',
        'node-name': t.name('qcow2'),
        file: { driver: 'file', filename: file.path },
      };
      await t.refused('blockdev-add', args, { text: /No such file/ });
      t.equal(
        (await nodeNames(t)).toSorted(),
        before.toSorted(),
        'a refused blockdev-add must leave no node',
      );
      await addQcow2(t, await makeEmpty(t));
    },
  },
  {
    id: 'qcow2/not-qcow2',
    title: 'A file that is no qcow2 image is refused, and nothing is left behind',
    requirements: ['blockdev-add/failure-leaves-nothing'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const file = await makeFile(t, CHAIN_SIZE);
      const before = await nodeNames(t);
      const args = {
        driver: 'qcow2',
        'node-name': t.name('qcow2'),
        file: { driver: 'file', filename: file.path },
      };
      await t.refused('blockdev-add', args, { text: /Image is not in qcow2 format/ });
      t.equal(
        (await nodeNames(t)).toSorted(),
        before.toSorted(),
        'a refused blockdev-add must leave no node',
      );
      await addQcow2(t, await makeEmpty(t));
    },
  },
  {
    id: 'qcow2/resize',
    title: 'A qcow2 image grows, and has its new size when it is opened again',
    requirements: ['block_resize/by-node-name', 'block_resize/size-in-bytes'],
    needs: needs(chainNodes, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const node = await addQcow2(t, file);
      await t.execute('block_resize', { 'node-name': node, size: CHAIN_SIZE * 2 });
      t.equal(await virtualSize(t, node), CHAIN_SIZE * 2, 'the node must have the size that it was given');
      await release(t, [node]);
      t.equal(
        await virtualSize(t, await addQcow2(t, file)),
        CHAIN_SIZE * 2,
        'the image must have the size that it was given when it is opened again',
      );
    },
  },
  {
    id: 'dirty-bitmaps/persistent-kept',
    title: 'A persistent bitmap is there when the image is opened again; another is not',
    requirements: ['block-dirty-bitmap-add/persistent-kept', 'block-dirty-bitmap-add/persistent-default'],
    needs: needs(bitmaps, { members: ['block-dirty-bitmap-add.persistent'] }),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const first = await addQcow2(t, file);
      await t.execute('block-dirty-bitmap-add', {
        node: first,
        name: 'kept',
        persistent: true,
        granularity: 4096,
      });
      await t.execute('block-dirty-bitmap-add', { node: first, name: 'gone' });
      const before = await digest(t, first, 'kept');
      await release(t, [first]);
      const second = await addQcow2(t, file);
      t.equal(
        await digest(t, second, 'kept'),
        before,
        'a persistent bitmap must be the same when the image is opened again',
      );
      await t.refused(
        'x-debug-block-dirty-bitmap-sha256',
        { node: second, name: 'gone' },
        { text: /not found/ },
      );
    },
  },
  {
    id: 'dirty-bitmaps/persistent-removed',
    title: 'A persistent bitmap that was removed is not there when the image is opened again',
    requirements: ['block-dirty-bitmap-remove/storage-too'],
    needs: needs(bitmaps, { members: ['block-dirty-bitmap-add.persistent'] }),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const first = await addQcow2(t, file);
      await t.execute('block-dirty-bitmap-add', { node: first, name: 'b', persistent: true });
      await release(t, [first]);
      const second = await addQcow2(t, file);
      await t.execute('block-dirty-bitmap-remove', { node: second, name: 'b' });
      await release(t, [second]);
      const third = await addQcow2(t, file);
      await t.refused('x-debug-block-dirty-bitmap-sha256', { node: third, name: 'b' }, { text: /not found/ });
    },
  },
  {
    id: 'dirty-bitmaps/frozen',
    title: 'A bitmap that an incremental backup uses can be neither cleared nor removed until that has ended',
    requirements: ['block-dirty-bitmap-remove/frozen', 'block-dirty-bitmap-clear/frozen'],
    needs: needs(dataNodes, nodeIo, {
      commands: [
        'block-dirty-bitmap-add',
        'block-dirty-bitmap-remove',
        'drive-backup',
        'block-dirty-bitmap-clear',
        'block-job-cancel',
        'query-block-jobs',
      ],
      capabilities: ['sharedFiles'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      const node = await addNode(t, { size: 64 * MiB });
      const bitmap = { node, name: 'b' };
      await t.execute('block-dirty-bitmap-add', bitmap);
      await perform(t, node, { kind: 'write-zeroes', offset: 0, length: 64 * MiB });
      const id = t.name('job');
      const copy = { device: node, target: newFile(t).path, format: 'raw', sync: 'incremental', bitmap: 'b' };
      await t.execute('drive-backup', { 'job-id': id, ...copy, speed: CRAWL });
      for (const command of ['block-dirty-bitmap-clear', 'block-dirty-bitmap-remove'])
        await t.refused(command, bitmap, { text: /frozen|in use|busy/ });
      await cancelled(t, id);
      for (const command of ['block-dirty-bitmap-clear', 'block-dirty-bitmap-remove'])
        t.equal(
          await t.execute(command, bitmap),
          {},
          `${command} must return an empty object once the job has ended`,
        );
    },
  },
];
