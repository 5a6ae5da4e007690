/** Changes of the graph and of images that are refused, or fail half way: what is left is used as before. */
import type { JsonObject } from '../../spec/json.ts';
import { qcow2Faults } from '../qcow2/qcow2-faults.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addChain,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeEmpty,
  readImage,
  release,
} from './helpers/backing-chains.ts';
import { addBitmap, checkDirty } from './helpers/bitmaps.ts';
import { failingFile } from './helpers/failing-files.ts';
import { bytesOf } from './helpers/image-files.ts';
import { backupJobs, completed } from './helpers/job-steps.ts';
import { attempt, nodeBytes, perform, readNode, writeNode } from './helpers/node-io.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import {
  addNode,
  addRaw,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  newFile,
  queryList,
} from './helpers/shared-setup.ts';
import { storedBitmaps } from './helpers/stored-bitmaps.ts';

const WRITE = { kind: 'write', offset: 0, length: 512, byte: 9 } as const;

/** Cases of what is left by changes that are refused. */
export const changesThatFail: readonly CaseDefinition[] = [
  {
    id: 'change-backing-file/too-long',
    title:
      'A name that no header holds changes neither what is told nor the header, nor makes an image writable',
    requirements: ['change-backing-file/writes-header', 'change-backing-file/reopens'],
    needs: needs(chainNodes, nodeBytes, { commands: ['change-backing-file'] }),
    async run(t: CaseContext) {
      const [base, middle] = await addChain(t, 2);
      const nodes = [base!.node, middle!.node];
      const file = await makeEmpty(t);
      const options = { 'read-only': true, backing: middle!.node };
      const top = { file, node: await addQcow2(t, file, options) };
      const change = { device: top.node, 'image-node-name': top.node };
      const notWritten = async () => {
        const outcome = await attempt(t, top.node, WRITE);
        t.check(outcome !== 'done', 'a read-only image must not be written', 'it is');
      };
      const before = await queryList(t, 'query-named-block-nodes');
      for (const length of [1024, 5000, CLUSTER])
        await t.refused('change-backing-file', { ...change, 'backing-file': 'x'.repeat(length) });
      t.equal(
        await queryList(t, 'query-named-block-nodes'),
        before,
        'all nodes must be told as before the refusals',
      );
      await notWritten();
      const backing = 'y'.repeat(1023);
      await t.execute('change-backing-file', { ...change, 'backing-file': backing });
      await notWritten();
      await release(t, [...nodes, top.node]);
      t.equal((await readImage(t, file)).backing, backing, 'the header must hold the longest name');
    },
  },
  {
    id: 'x-blockdev-change/refused-changes-nothing',
    title: 'A quorum uses a child whose removal is refused, and gives no name to one that it does not take',
    requirements: [
      'x-blockdev-change/keeps-threshold',
      'x-blockdev-change/adds',
      'x-blockdev-change/removes',
    ],
    needs: needs(fileNodes, nodeBytes, { commands: ['x-blockdev-change'], drivers: ['quorum'] }),
    async run(t: CaseContext) {
      const parent = t.name('quorum');
      const children = [await addRaw(t, 64 * KiB), await addRaw(t, 64 * KiB)];
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 2,
        children: children.map(({ name }) => name),
      });
      const change = (what: JsonObject) => t.execute('x-blockdev-change', { parent, ...what });
      const refused = (what: JsonObject) => t.refused('x-blockdev-change', { parent, ...what });
      for (const child of ['children.1', 'children.0']) await refused({ child });
      for (const node of [children[0]!.name, t.name('nothing'), parent]) await refused({ node });
      await perform(t, parent, { ...WRITE, length: 4 * KiB });
      for (const { name } of children) {
        const bytes = await readNode(t, name, 0, 4 * KiB);
        t.check(
          bytes.every((byte) => byte === 9),
          'each child must have what was written',
          'one has not',
        );
      }
      const spare = await addNode(t, { size: 64 * KiB });
      await change({ node: spare });
      await refused({ node: spare });
      await change({ child: 'children.2' });
      await change({ node: spare });
      await change({ child: 'children.2' });
      await t.execute('blockdev-del', { 'node-name': spare });
      await release(t, [...children.map(({ name }) => name), parent]);
    },
  },
  {
    id: 'blockdev-snapshot/refused-beside-a-job',
    title: 'A backup of a node whose snapshots are refused goes on to its end, and has copied all',
    requirements: ['blockdev-snapshot/overlay-has-backing', 'blockdev-backup/copies'],
    needs: needs(chainNodes, backupJobs, nodeBytes, {
      commands: [
        'block-job-set-speed',
        'blockdev-snapshot',
        'blockdev-snapshot-sync',
        'blockdev-snapshot-internal-sync',
        'transaction',
      ],
    }),
    async run(t: CaseContext) {
      const size = 8 * MiB;
      const node = await addQcow2(t, await makeFile(t, buildQcow2({ size, clusterSize: CLUSTER })));
      await writeNode(t, node, size - CLUSTER, CLUSTER, 9);
      const [base] = await addChain(t, 1);
      const overlay = await addQcow2(t, await makeEmpty(t), { backing: base!.node });
      const { name: target } = await addRaw(t, size);
      const id = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': id, device: node, target, sync: 'full', speed: 1 });
      const snapshot = { node, overlay };
      await t.refused('blockdev-snapshot', snapshot);
      await t.refused('blockdev-snapshot-sync', {
        'node-name': node,
        'snapshot-node-name': overlay,
        'snapshot-file': newFile(t).path,
      });
      await t.refused('blockdev-snapshot-internal-sync', { device: node, name: '' });
      await t.refused('transaction', { actions: [{ type: 'blockdev-snapshot', data: snapshot }] });
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await completed(t, id, 'backup');
      const copied = await readNode(t, target, size - CLUSTER, CLUSTER);
      t.check(
        copied.every((byte) => byte === 9),
        'the target must hold what the node holds',
        'it holds something else',
      );
    },
  },
  {
    id: 'dirty-bitmaps/removal-fails',
    title: 'A stored bitmap whose removal fails in the file is still there, tracks, and can be removed then',
    requirements: ['block-dirty-bitmap-remove/storage-too', 'block-dirty-bitmap-add/tracks-writes'],
    needs: needs(chainNodes, nodeBytes, {
      commands: ['block-dirty-bitmap-add', 'block-dirty-bitmap-remove', 'x-debug-block-dirty-bitmap-sha256'],
      members: ['block-dirty-bitmap-add.persistent'],
      drivers: ['blkdebug'],
    }),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const names = ['first', 'second'];
      const node = await addQcow2(t, file);
      for (const name of names) await addBitmap(t, node, name, { persistent: true, granularity: CLUSTER });
      await release(t, [node]);
      const again = await addQcow2(t, file, {
        file: {
          ...failingFile(file, { event: 'cluster_alloc', state: 2, errno: 5, once: true }),
          'set-state': [{ event: 'read_aio', new_state: 2 }],
        },
      });
      const marks = { node: again, name: 'first', size: CHAIN_SIZE, granularity: CLUSTER };
      await writeNode(t, again, CLUSTER, CLUSTER, 1);
      // From here on the next cluster that is allocated for the image fails.
      await readNode(t, again, CLUSTER, 512);
      await t.refused('block-dirty-bitmap-remove', { node: again, name: 'first' });
      await checkDirty(t, marks, [1], 'when its removal had failed');
      await writeNode(t, again, 3 * CLUSTER, CLUSTER, 1);
      await checkDirty(t, marks, [1, 3], 'that was written after its removal had failed');
      await t.execute('block-dirty-bitmap-remove', { node: again, name: 'first' });
      await release(t, [again]);
      const bytes = await bytesOf(t, file.local);
      t.equal(
        storedBitmaps(bytes).map(({ name }) => name),
        ['second'],
        'the image must keep the other bitmap alone',
      );
      const faults = qcow2Faults(bytes).map(({ text }) => text);
      t.equal(faults, [], 'nothing of the bitmap that was removed must be left in the image');
    },
  },
];
