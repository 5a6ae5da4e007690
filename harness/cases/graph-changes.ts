/** change-backing-file, x-blockdev-change and x-blockdev-set-iothread: changes below the users of a node. */
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { addChain, chainNodes, readImage, release } from './helpers/backing-chains.ts';
import {
  addNode,
  checkAbsent,
  dataNodes,
  MiB,
  needs,
  nodeInfo,
  refusedAsNotFound,
} from './helpers/shared-setup.ts';
import { addGroup } from './helpers/throttling.ts';

/** Device `d0` over node `n0`. */
const drive: Topology = {
  name: 'node-drive',
  images: [{ path: 'node.img', format: 'raw', size: MiB }],
  options: ['-drive', 'if=none,id=d0,file=@DIR@/node.img,format=raw,node-name=n0'],
  monitors: 1,
};

const backing = needs(chainNodes, { commands: ['change-backing-file'] });
const quorums = needs(dataNodes, { commands: ['x-blockdev-change'], drivers: ['quorum'] });
const threads = needs(dataNodes, {
  commands: ['x-blockdev-set-iothread', 'object-add', 'object-del'],
  objects: ['iothread'],
});

async function addQuorum(t: CaseContext, children: string[]): Promise<string> {
  const name = t.name('quorum');
  await t.execute('blockdev-add', { driver: 'quorum', 'node-name': name, 'vote-threshold': 1, children });
  return name;
}

async function addThread(t: CaseContext): Promise<string> {
  const id = t.name('iothread');
  await t.execute('object-add', { 'qom-type': 'iothread', id });
  return id;
}

export const graphChanges: readonly CaseDefinition[] = [
  {
    id: 'change-backing-file/writes-header',
    title: 'The new name is in the header, of the top image and of one below; the graph is the same',
    requirements: ['change-backing-file/writes-header', 'change-backing-file/no-reopen'],
    needs: backing,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const unseen = `${t.dir}/unseen.img`;
      for (const { node } of [top!, middle!])
        t.equal(
          await t.execute('change-backing-file', {
            device: top!.node,
            'image-node-name': node,
            'backing-file': unseen,
          }),
          {},
          'change-backing-file must return an empty object',
        );
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file_depth: 2 },
        'the chain must be as long as before',
      );
      await t.refused('blockdev-del', { 'node-name': base!.node });
      await release(t, [base!.node, middle!.node, top!.node]);
      for (const { file } of [top!, middle!])
        t.equal(
          (await readImage(t, file)).backing,
          unseen,
          'the header must hold the backing-file that was given',
        );
    },
  },
  {
    id: 'change-backing-file/refused',
    title: 'An image outside the chain, one without backing file and an unknown one are refused',
    requirements: ['change-backing-file/in-chain'],
    needs: backing,
    async run(t: CaseContext) {
      const [base, top] = await addChain(t, 2);
      const [other] = await addChain(t, 1);
      const args = { device: top!.node, 'backing-file': `${t.dir}/x` };
      for (const node of [base!.node, other!.node, t.name('nothing'), ''])
        await t.refused('change-backing-file', { ...args, 'image-node-name': node });
      await release(t, [base!.node, top!.node]);
      t.equal(
        (await readImage(t, top!.file)).backing,
        base!.file.path,
        'the header must stay as it was after a refusal',
      );
    },
  },
  {
    id: 'change-backing-file/device-unknown',
    title: 'A device that does not exist is refused by change-backing-file',
    requirements: ['change-backing-file/device-unknown', 'change-backing-file/device-unknown-refused'],
    needs: backing,
    async run(t: CaseContext) {
      const [, top] = await addChain(t, 2);
      const args = { 'image-node-name': top!.node, 'backing-file': 'x' };
      const unknown = { device: t.name('nothing'), ...args };
      await refusedAsNotFound(t, 'change-backing-file/device-unknown', 'change-backing-file', unknown);
      await t.execute('change-backing-file', { device: top!.node, ...args });
    },
  },
  {
    id: 'x-blockdev-change/add-and-remove',
    title: 'A node that becomes the child of a quorum is in use, and free when it was detached again',
    requirements: ['x-blockdev-change/adds', 'x-blockdev-change/removes'],
    needs: quorums,
    async run(t: CaseContext) {
      const parent = await addQuorum(t, [await addNode(t), await addNode(t)]);
      const node = await addNode(t);
      t.equal(
        await t.execute('x-blockdev-change', { parent, node }),
        {},
        'x-blockdev-change must return an empty object when it adds a child',
      );
      await t.refused('blockdev-del', { 'node-name': node }, { text: /in use/ });
      t.equal(
        await t.execute('x-blockdev-change', { parent, child: 'children.2' }),
        {},
        'x-blockdev-change must return an empty object when it removes a child',
      );
      await t.execute('blockdev-del', { 'node-name': node });
      await checkAbsent(t, node);
    },
  },
  {
    id: 'x-blockdev-change/refused',
    title: 'child and node together or neither, and what does not exist, are refused; the quorum stays',
    requirements: ['x-blockdev-change/child-and-node', 'x-blockdev-change/unknown'],
    needs: quorums,
    async run(t: CaseContext) {
      const child = await addNode(t);
      const parent = await addQuorum(t, [child, await addNode(t)]);
      const node = await addNode(t);
      for (const args of [
        { parent },
        { parent, child: 'children.0', node },
        { parent, child: t.name('nothing') },
        { parent, child: 'children.7' },
        { parent, child: 'children.2' },
        { parent, child: 'CHILDREN.0' },
        { parent, child: 'children.00' },
        { parent, child: 'children' },
        { parent, child },
        { parent, child: '' },
        { parent, node: t.name('nothing') },
        { parent, node: parent },
        { parent, node: 'children.0' },
        { parent, node: '' },
        { parent: t.name('nothing'), node },
        { parent: 'children.0', node },
        { parent: '', node },
        { parent: '', child: 'children.0' },
      ])
        await t.refused('x-blockdev-change', args);
      await t.refused('blockdev-del', { 'node-name': child });
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'x-blockdev-change/quorum-only',
    title: 'A parent that is no quorum is refused',
    requirements: ['x-blockdev-change/quorum-only'],
    needs: needs(dataNodes, { commands: ['x-blockdev-change'], drivers: ['raw'] }),
    async run(t: CaseContext) {
      const [file, node, parent] = [await addNode(t), await addNode(t), t.name('raw')];
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': parent, file });
      await t.refused('x-blockdev-change', { parent, node }, { text: /does not support adding a child/ });
      await t.refused(
        'x-blockdev-change',
        { parent, child: 'file' },
        { text: /does not support removing a child/ },
      );
    },
  },
  {
    id: 'x-blockdev-set-iothread/moves',
    title: 'A free node, and one with a child, move to a thread, to another and back, and two to the same',
    requirements: ['x-blockdev-set-iothread/moves'],
    needs: needs(threads, { drivers: ['raw'] }),
    async run(t: CaseContext) {
      const [first, second] = [await addThread(t), await addThread(t)];
      const [child, parent] = [await addNode(t), t.name('raw')];
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': parent, file: child });
      const before = await nodeInfo(t, parent);
      for (const iothread of [first, second, second, null, null])
        t.equal(
          await t.execute('x-blockdev-set-iothread', { 'node-name': parent, iothread }),
          {},
          'x-blockdev-set-iothread must return an empty object',
        );
      t.equal(await nodeInfo(t, parent), before, 'the node must be told as before');
      const other = await addNode(t);
      for (const iothread of [first, null])
        for (const node of [parent, other])
          await t.execute('x-blockdev-set-iothread', { 'node-name': node, iothread });
    },
  },
  {
    id: 'x-blockdev-set-iothread/needs-force',
    title: 'The node of a device is refused a thread without force',
    requirements: ['x-blockdev-set-iothread/needs-force'],
    needs: threads,
    topology: drive,
    async run(t: CaseContext) {
      const iothread = await addThread(t);
      for (const args of [{ iothread }, { iothread: null }, { iothread, force: false }])
        await t.refused(
          'x-blockdev-set-iothread',
          { 'node-name': 'n0', ...args },
          { text: /associated with a BlockBackend/ },
        );
      await t.execute('x-blockdev-set-iothread', { 'node-name': 'n0', iothread: null, force: true });
      await nodeInfo(t, 'n0');
    },
  },
  {
    id: 'x-blockdev-set-iothread/refused',
    title: 'A node or thread that does not exist is refused',
    requirements: ['x-blockdev-set-iothread/unknown'],
    needs: threads,
    async run(t: CaseContext) {
      const [node, iothread] = [await addNode(t), await addThread(t)];
      const unknown = t.name('nothing');
      await t.refused(
        'x-blockdev-set-iothread',
        { 'node-name': node, iothread: unknown },
        { text: new RegExp(unknown) },
      );
      await t.refused(
        'x-blockdev-set-iothread',
        { 'node-name': unknown, iothread },
        { text: new RegExp(unknown) },
      );
      await t.refused('x-blockdev-set-iothread', { 'node-name': node, iothread: 7 });
    },
  },
  {
    id: 'x-blockdev-set-iothread/other-object',
    title: 'An object that is no thread is refused for one',
    requirements: ['x-blockdev-set-iothread/unknown'],
    needs: needs(threads, { objects: ['throttle-group'] }),
    async run(t: CaseContext) {
      const [node, iothread] = [await addNode(t), await addThread(t)];
      const group = await addGroup(t, {});
      await t.refused('x-blockdev-set-iothread', { 'node-name': node, iothread: group });
      for (const known of [iothread, null])
        await t.execute('x-blockdev-set-iothread', { 'node-name': node, iothread: known });
    },
  },
];
