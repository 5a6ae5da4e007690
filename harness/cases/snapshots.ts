/** blockdev-snapshot and blockdev-snapshot-sync: a new image on top. */
import type { Json } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition, Needs } from './case.ts';
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
import { insertedIn } from './helpers/device-info.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import {
  addNode,
  type CaseFile,
  findNode,
  KiB,
  MiB,
  makeFile,
  needs,
  newFile,
  nodeInfo,
  nodeNames,
  refusedAsNotFound,
} from './helpers/shared-setup.ts';

const DRIVE = 'snapshot.img';

/** Device `d0` with a raw image in node `a`. Its cases leave an overlay behind, and so take an endpoint each. */
const drive: Topology = {
  name: 'snapshot-drive',
  images: [{ path: DRIVE, format: 'raw', size: MiB }],
  options: ['-drive', `if=none,id=d0,file=@DIR@/${DRIVE},format=raw,node-name=a`],
  monitors: 1,
};

const snapshots = needs(chainNodes, { commands: ['blockdev-snapshot'] });
const onDevices = (...commands: string[]): Needs =>
  needs(chainNodes, { commands: ['query-block', ...commands] });

const overlayOf = (t: CaseContext, file: CaseFile) => addQcow2(t, file, { backing: null });

export const snapshotCases: readonly CaseDefinition[] = [
  {
    id: 'blockdev-snapshot/overlay-without-backing',
    title:
      'An overlay whose driver keeps no backing file is refused, and an overlay of qcow2 is taken afterwards',
    requirements: ['blockdev-snapshot/installs-backing'],
    needs: snapshots,
    async run(t: CaseContext) {
      const [base] = await addChain(t, 1);
      const overlay = t.name('raw');
      const file = { driver: 'file', filename: (await makeFile(t, CHAIN_SIZE)).path };
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': overlay, file });
      const before = await nodeInfo(t, overlay);
      await t.refused('blockdev-snapshot', { node: base!.node, overlay });
      t.equal(await nodeInfo(t, overlay), before, 'a refused overlay must stay as it was');
      await t.execute('blockdev-del', { 'node-name': overlay });
      const good = await overlayOf(t, await makeEmpty(t));
      await t.execute('blockdev-snapshot', { node: base!.node, overlay: good });
      await release(t, [base!.node, good]);
    },
  },
  {
    id: 'blockdev-snapshot/nodes',
    title: 'A snapshot of a node makes it the backing node of the overlay',
    requirements: [
      'blockdev-snapshot/node-or-device',
      'blockdev-snapshot/installs-backing',
      'blockdev-del/in-use',
    ],
    needs: snapshots,
    async run(t: CaseContext) {
      const [base] = await addChain(t, 1);
      const overlay = await overlayOf(t, await makeEmpty(t));
      t.contains(
        await nodeInfo(t, overlay),
        { backing_file_depth: 0 },
        'the overlay must have no backing node before the snapshot',
      );
      t.equal(
        await t.execute('blockdev-snapshot', { node: base!.node, overlay }),
        {},
        'blockdev-snapshot must return an empty object',
      );
      t.contains(
        await nodeInfo(t, overlay),
        { backing_file_depth: 1, image: { 'backing-image': { filename: base!.file.path } } },
        'the node must be the backing node of the overlay',
      );
      await t.refused('blockdev-del', { 'node-name': base!.node }, { text: /in use|busy/ });
      await release(t, [base!.node, overlay]);
    },
  },
  {
    id: 'blockdev-snapshot/device-follows',
    title: 'A snapshot of what a device uses makes the device use the overlay',
    requirements: [
      'blockdev-snapshot/node-or-device',
      'blockdev-snapshot/device-follows',
      'blockdev-snapshot/installs-backing',
    ],
    needs: onDevices('blockdev-snapshot'),
    topology: drive,
    fresh: true,
    async run(t: CaseContext) {
      const overlay = await overlayOf(t, await makeEmpty(t));
      await t.execute('blockdev-snapshot', { node: 'd0', overlay });
      t.contains(
        await insertedIn(t, 'd0'),
        { 'node-name': overlay, backing_file_depth: 1 },
        'the device must use the overlay',
      );
      await t.refused('blockdev-del', { 'node-name': overlay });
    },
  },
  {
    id: 'blockdev-snapshot/would-be-a-cycle',
    title: 'An overlay below its node, directly or further down, is refused, and both stay as they were',
    requirements: ['blockdev-snapshot/no-loop'],
    needs: snapshots,
    async run(t: CaseContext) {
      const overlay = await overlayOf(t, await makeEmpty(t));
      const above = [overlay];
      for (const name of ['near', 'far', 'farther'].map((each) => t.name(each))) {
        await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: above.at(-1)! });
        above.push(name);
      }
      for (const node of above) await t.refused('blockdev-snapshot', { node, overlay });
      t.contains(
        await nodeInfo(t, overlay),
        { backing_file_depth: 0 },
        'a refused snapshot must leave the overlay without backing node',
      );
      await release(t, above);
    },
  },
  {
    id: 'blockdev-snapshot/refused',
    title: 'Unknown nodes, and an overlay that has a backing image or is the node itself, are refused',
    requirements: ['blockdev-snapshot/node-unknown', 'blockdev-snapshot/overlay-has-backing'],
    needs: snapshots,
    async run(t: CaseContext) {
      const [base, top] = await addChain(t, 2);
      const [node] = await addChain(t, 1);
      const overlay = await overlayOf(t, await makeEmpty(t));
      for (const args of [
        { node: t.name('nothing'), overlay },
        { node: node!.node, overlay: t.name('nothing') },
        { node: '', overlay },
        { node: node!.node, overlay: '' },
        { node: node!.node, overlay: top!.node },
        { node: node!.node, overlay: node!.node },
      ])
        await t.refused('blockdev-snapshot', args);
      t.contains(
        await nodeInfo(t, overlay),
        { backing_file_depth: 0 },
        'a refused snapshot must leave the overlay without backing node',
      );
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file: base!.file.path },
        'a refused snapshot must leave the chain as it was',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/device',
    title: 'A snapshot of a device makes a qcow2 image over the present one, which the device uses',
    requirements: ['blockdev-snapshot-sync/creates-overlay', 'blockdev-snapshot-sync/snapshot-node-name'],
    needs: onDevices('blockdev-snapshot-sync'),
    topology: drive,
    fresh: true,
    async run(t: CaseContext) {
      const [file, name] = [newFile(t), t.name('overlay')];
      const args = { device: 'd0', 'snapshot-file': file.path, 'snapshot-node-name': name };
      t.equal(
        await t.execute('blockdev-snapshot-sync', args),
        {},
        'blockdev-snapshot-sync must return an empty object',
      );
      t.contains(
        await insertedIn(t, 'd0'),
        { 'node-name': name, drv: 'qcow2', file: file.path, backing_file_depth: 1 },
        'the device must use the new image',
      );
      t.equal(
        (await readImage(t, file)).backing,
        `${t.dir}/${DRIVE}`,
        'the header of the new image must name the old one',
      );
      t.contains(await nodeInfo(t, 'a'), { drv: 'raw', ro: true }, 'the old image must be read-only');
    },
  },
  {
    id: 'blockdev-snapshot-sync/existing',
    title: 'A snapshot with mode existing uses the image that is there, and refuses if none is',
    requirements: ['blockdev-snapshot-sync/existing'],
    needs: onDevices('blockdev-snapshot-sync'),
    topology: drive,
    fresh: true,
    async run(t: CaseContext) {
      const args = { device: 'd0', mode: 'existing', format: 'qcow2' };
      await t.refused(
        'blockdev-snapshot-sync',
        { ...args, 'snapshot-file': newFile(t).path },
        { text: /No such file/ },
      );
      const backing = { name: `${t.dir}/${DRIVE}`, format: 'raw' };
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing }));
      await t.execute('blockdev-snapshot-sync', { ...args, 'snapshot-file': file.path });
      t.contains(
        await insertedIn(t, 'd0'),
        { drv: 'qcow2', file: file.path },
        'the device must use the image that was there',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/refused',
    title: 'Bad names, formats, modes and places of a snapshot are refused, and the device keeps its image',
    requirements: ['blockdev-snapshot-sync/snapshot-node-name', 'blockdev-snapshot-sync/creates-overlay'],
    needs: onDevices('blockdev-snapshot-sync'),
    topology: drive,
    async run(t: CaseContext) {
      const taken = await addNode(t);
      const args = { device: 'd0', 'snapshot-file': newFile(t).path };
      const raw = { mode: 'existing', format: 'raw', 'snapshot-file': (await makeFile(t, CHAIN_SIZE)).path };
      const nodes = await nodeNames(t);
      for (const fault of [
        raw,
        { ...raw, 'snapshot-node-name': t.name('raw') },
        { 'snapshot-node-name': taken },
        { 'snapshot-node-name': 'd0' },
        { 'snapshot-node-name': '1x' },
        { format: 'nothing' },
        { mode: 'nothing' },
        { 'snapshot-file': `${t.dir}/nothing/x` },
      ])
        await t.refused('blockdev-snapshot-sync', { ...args, ...fault });
      t.equal((await nodeNames(t)).toSorted(), nodes.toSorted(), 'a refused snapshot must leave no node');
      t.contains(
        await insertedIn(t, 'd0'),
        { 'node-name': 'a' },
        'the device must keep its image after a refusal',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/node-needs-a-name',
    title: 'A snapshot by node-name needs a name for the new node; a file that was there stays as it was',
    requirements: ['blockdev-snapshot-sync/snapshot-node-name'],
    needs: needs(chainNodes, { commands: ['blockdev-snapshot-sync'] }),
    async run(t: CaseContext) {
      const [base] = await addChain(t, 1);
      const file = await makeFile(t, 64 * KiB);
      await t.refused(
        'blockdev-snapshot-sync',
        { 'node-name': base!.node, 'snapshot-file': file.path },
        { text: /name missing/ },
      );
      t.check(
        (await findNode(t, base!.node))?.backing_file_depth === 0,
        'the node must stay as it was',
        'its backing_file_depth is not 0',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/device-unknown',
    title: 'A snapshot of a device that does not exist is refused',
    requirements: ['blockdev-snapshot-sync/device-unknown', 'blockdev-snapshot-sync/device-unknown-refused'],
    needs: needs(chainNodes, { commands: ['blockdev-snapshot-sync'] }),
    async run(t: CaseContext) {
      const args: Record<string, Json> = { 'snapshot-file': newFile(t).path };
      const unknown = { device: t.name('nothing'), ...args };
      await refusedAsNotFound(t, 'blockdev-snapshot-sync/device-unknown', 'blockdev-snapshot-sync', unknown);
      const [base] = await addChain(t, 1);
      const known = { 'node-name': base!.node, 'snapshot-node-name': t.name('overlay'), ...args };
      await t.execute('blockdev-snapshot-sync', known);
    },
  },
];
