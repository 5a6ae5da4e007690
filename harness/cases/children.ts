/** Children of nodes: given by name or defined within, who owns them, and how long they live. */
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import {
  addNode,
  checkAbsent,
  dataNodes,
  dataSource,
  MiB,
  needs,
  nodeInfo,
  nodeNames,
  queryList,
} from './helpers/shared-setup.ts';

const overData = needs(dataNodes, { drivers: ['raw'] });

export const children: readonly CaseDefinition[] = [
  {
    id: 'children/by-name',
    title: 'A child given by name is that very node: no other node is made',
    requirements: ['blockdev-add/children-stay', 'raw/file'],
    needs: overData,
    async run(t: CaseContext) {
      const child = await addNode(t, { size: 3 * MiB });
      const before = await nodeNames(t);
      const parent = t.name('raw');
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': parent, file: child });
      t.equal(
        (await nodeNames(t)).toSorted(),
        [...before, parent].toSorted(),
        'the parent must be the only new node',
      );
      t.contains(
        await nodeInfo(t, parent),
        { image: { 'virtual-size': 3 * MiB } },
        'the parent must be as long as its child',
      );
    },
  },
  {
    id: 'children/outlive-their-parent',
    title: 'A child given by name outlives the node that referred to it',
    requirements: ['blockdev-add/children-stay', 'blockdev-del/deletes'],
    needs: overData,
    async run(t: CaseContext) {
      const child = await addNode(t);
      const before = await nodeInfo(t, child);
      const parent = t.name('raw');
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': parent, file: child });
      await t.execute('blockdev-del', { 'node-name': parent });
      await checkAbsent(t, parent);
      t.equal(
        await nodeInfo(t, child),
        before,
        'a child given by name must stay as it was when its parent goes',
      );
      await t.execute('blockdev-del', { 'node-name': child });
    },
  },
  {
    id: 'children/in-use',
    title: 'A node that another refers to cannot be deleted, until that one has gone',
    requirements: ['blockdev-del/in-use'],
    needs: overData,
    async run(t: CaseContext) {
      const child = await addNode(t);
      const parent = t.name('raw');
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': parent, file: child });
      await t.refused('blockdev-del', { 'node-name': child }, { text: /in use/ });
      await nodeInfo(t, child);
      await t.execute('blockdev-del', { 'node-name': parent });
      await t.execute('blockdev-del', { 'node-name': child });
      await checkAbsent(t, child);
    },
  },
  {
    id: 'children/shared-by-two',
    title: 'Read-only nodes may share a child, which is listed once and stays in use until all have gone',
    requirements: [
      'blockdev-del/in-use',
      'blockdev-add/children-stay',
      'query-named-block-nodes/lists-nodes',
    ],
    needs: overData,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const child = await addNode(t);
      const parents: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        const parent = t.name('raw');
        const options = { driver: 'raw', 'node-name': parent, 'read-only': true };
        await t.execute('blockdev-add', { ...options, file: child });
        parents.push(parent);
        t.equal(
          (await nodeNames(t)).toSorted(),
          [...before, child, ...parents].toSorted(),
          'each node must be listed once, whoever uses it',
        );
      }
      for (const parent of parents) {
        await t.refused('blockdev-del', { 'node-name': child }, { text: /in use/ });
        await t.execute('blockdev-del', { 'node-name': parent });
      }
      await t.execute('blockdev-del', { 'node-name': child });
    },
  },
  {
    id: 'children/inline-with-name',
    title: 'A child defined within with a node-name is a node of that name',
    requirements: ['blockdev-add/inline-child', 'query-named-block-nodes/lists-nodes'],
    needs: overData,
    async run(t: CaseContext) {
      const [parent, child] = [t.name('raw'), t.name('child')];
      const source = await dataSource(t, 2 * MiB);
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': parent,
        file: { ...source, 'node-name': child },
      });
      t.contains(
        await nodeInfo(t, parent),
        { drv: 'raw' },
        'query-named-block-nodes must list the parent with its driver',
      );
      t.contains(
        await nodeInfo(t, child),
        { drv: source.driver },
        'query-named-block-nodes must list the child under its name, with its driver',
      );
    },
  },
  {
    id: 'children/inline-without-name',
    title: 'A child defined within without a node-name gets a generated one that begins with #',
    requirements: ['blockdev-add/inline-child', 'query-named-block-nodes/lists-nodes'],
    needs: overData,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const [parent, source] = [t.name('raw'), await dataSource(t)];
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': parent, file: source });
      const added = (await nodeNames(t)).filter((name) => name !== parent && !before.includes(name));
      t.equal(added.length, 1, 'one node besides the parent must be new');
      t.check(added[0]!.startsWith('#'), 'the generated name must begin with #', `it is ${shown(added[0])}`);
      t.contains(
        await nodeInfo(t, added[0]!),
        { drv: source.driver },
        'the node of the generated name must be the child',
      );
    },
  },
  {
    id: 'children/generated-names-differ',
    title: 'Generated names are unique, also across deletion',
    requirements: ['blockdev-add/inline-child'],
    needs: overData,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      for (let i = 0; i < 8; i++)
        await t.execute('blockdev-add', {
          driver: 'raw',
          'node-name': t.name('raw'),
          file: { driver: 'raw', file: await dataSource(t) },
        });
      const names = await nodeNames(t);
      t.equal(names.length, before.length + 24, 'each blockdev-add must make three nodes');
      t.equal(names.toSorted(), [...new Set(names)].toSorted(), 'no generated name must occur twice');
    },
  },
  {
    id: 'children/inline-is-not-owned',
    title: 'A child defined within, named or not, cannot be deleted by itself',
    requirements: ['blockdev-del/not-added'],
    needs: overData,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const child = t.name('child');
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': t.name('raw'),
        file: { ...(await dataSource(t)), 'node-name': child },
      });
      const parent = t.name('raw');
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': parent,
        file: await dataSource(t),
      });
      const generated = (await nodeNames(t)).filter((name) => name.startsWith('#') && !before.includes(name));
      for (const name of [child, ...generated]) {
        await t.refused('blockdev-del', { 'node-name': name }, { text: /not owned by the monitor/ });
        await nodeInfo(t, name);
      }
    },
  },
  {
    id: 'children/inline-goes-with-parent',
    title: 'Children defined within are gone with their parent, at every depth',
    requirements: ['blockdev-del/deletes'],
    needs: overData,
    async run(t: CaseContext) {
      const before = await queryList(t, 'query-named-block-nodes');
      const parent = t.name('raw');
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': parent,
        file: {
          driver: 'raw',
          'node-name': t.name('middle'),
          file: { driver: 'raw', file: { ...(await dataSource(t)), 'node-name': t.name('leaf') } },
        },
      });
      t.equal((await nodeNames(t)).length, before.length + 4, 'blockdev-add must make four nodes');
      await t.execute('blockdev-del', { 'node-name': parent });
      t.equal(
        await queryList(t, 'query-named-block-nodes'),
        before,
        'after blockdev-del the nodes must be those from before',
      );
    },
  },
  {
    id: 'children/inline-over-named',
    title: 'A named node below an inline child stays when the top is deleted',
    requirements: ['blockdev-add/children-stay', 'blockdev-del/deletes'],
    needs: overData,
    async run(t: CaseContext) {
      const leaf = await addNode(t);
      const [parent, middle] = [t.name('raw'), t.name('middle')];
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': parent,
        file: { driver: 'raw', 'node-name': middle, file: leaf },
      });
      await t.refused('blockdev-del', { 'node-name': leaf }, { text: /in use/ });
      await t.execute('blockdev-del', { 'node-name': parent });
      await checkAbsent(t, middle);
      await nodeInfo(t, leaf);
    },
  },
  {
    id: 'children/reference-unknown',
    title: 'A child given by a name that no node has, its own parent included, is refused',
    requirements: ['blockdev-add/reference-unknown', 'blockdev-add/failure-leaves-nothing'],
    needs: overData,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const name = t.name('raw');
      for (const file of [t.name('nothing'), name, ''])
        await t.refused('blockdev-add', { driver: 'raw', 'node-name': name, file }, { text: /Cannot find/ });
      t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: await addNode(t) });
      await nodeInfo(t, name);
    },
  },
  {
    id: 'children/reference-of-other-types',
    title: 'A child that is neither a name nor a definition is refused',
    requirements: ['schema/alternate-type', 'blockdev-add/failure-leaves-nothing'],
    needs: overData,
    async run(t: CaseContext) {
      const name = t.name('raw');
      for (const file of [null, true, 1, 1.5, []])
        await t.refused('blockdev-add', { driver: 'raw', 'node-name': name, file }, { text: /'file'/ });
      await t.refused(
        'blockdev-add',
        { driver: 'raw', 'node-name': name, file: {} },
        { text: /file\.driver/ },
      );
      await checkAbsent(t, name);
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: await dataSource(t) });
      await nodeInfo(t, name);
    },
  },
  {
    id: 'children/bad-child-leaves-nothing',
    title: 'A refused child, at any depth, leaves neither parent nor other children',
    requirements: ['blockdev-add/failure-leaves-nothing', 'blockdev-add/name-form'],
    needs: overData,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const name = t.name('raw');
      const [twin, source] = [await addNode(t), await dataSource(t)];
      for (const file of [
        { ...source, 'node-name': '9x' },
        { ...source, 'node-name': name },
        { ...source, 'node-name': twin },
        { driver: 'raw', 'node-name': t.name('middle'), file: { ...source, 'node-name': '' } },
        { driver: 'raw', 'node-name': t.name('middle'), file: t.name('nothing') },
      ])
        await t.refused('blockdev-add', { driver: 'raw', 'node-name': name, file });
      t.equal(
        (await nodeNames(t)).toSorted(),
        [...before, twin].toSorted(),
        'a refused blockdev-add must make no node',
      );
    },
  },
];
