/** blockdev-add and blockdev-del: nodes, their names, and what a refused call leaves. */
import type { Json, JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addNode,
  checkAbsent,
  dataNodes,
  dataSource,
  fileNodes,
  findNode,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeInfo,
  nodeNames,
  queryList,
  refusedAsNotFound,
} from './helpers/shared-setup.ts';
import { checkWorks } from './helpers/working-session.ts';

export const blockdevAdd: readonly CaseDefinition[] = [
  {
    id: 'blockdev-add/creates-node',
    title: 'blockdev-add makes one node of that name and driver',
    requirements: ['blockdev-add/creates-node', 'query-named-block-nodes/lists-nodes'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const name = t.name('data');
      const source = await dataSource(t);
      await t.execute('blockdev-add', { ...source, 'node-name': name });
      t.equal(
        (await nodeNames(t)).toSorted(),
        [...before, name].toSorted(),
        'query-named-block-nodes must list one more node, of the name that was given',
      );
      t.contains(
        await nodeInfo(t, name),
        { 'node-name': name, drv: source.driver },
        'the node must have the name and the driver that were given',
      );
    },
  },
  {
    id: 'blockdev-add/no-backend',
    title: 'blockdev-add makes no BlockBackend',
    requirements: ['blockdev-add/no-backend'],
    needs: needs(dataNodes, { commands: ['query-block'] }),
    async run(t: CaseContext) {
      const before = await t.execute('query-block');
      await nodeInfo(t, await addNode(t));
      t.equal(
        await t.execute('query-block'),
        before,
        'query-block must return the same before and after blockdev-add',
      );
    },
  },
  {
    id: 'blockdev-add/id-at-top-level',
    title:
      'id at the top level names a BlockBackend; endpoints are known to refuse it, and then make nothing',
    requirements: ['blockdev-add/id', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(dataNodes, { commands: ['query-block'] }),
    async run(t: CaseContext) {
      const [name, id] = [t.name('node'), t.name('backend')];
      const reply = await t.request({
        execute: 'blockdev-add',
        arguments: { ...(await dataSource(t)), 'node-name': name, id },
      });
      const backends = (await queryList(t, 'query-block')).map((entry) => entry.device);
      t.check(
        'return' in reply === backends.includes(id),
        'query-block must list the backend exactly if blockdev-add was accepted',
        `blockdev-add was ${'return' in reply ? 'accepted' : 'refused'} and the backend ${backends.includes(id) ? 'is' : 'is not'} listed`,
      );
      if ('error' in reply) {
        t.info('blockdev-add/id: id is no member');
        await checkAbsent(t, name);
        await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': name });
        await nodeInfo(t, name);
      }
    },
  },
  {
    id: 'blockdev-add/names-of-all-forms',
    title: 'Node names of letters, digits, -, . and _ that begin with a letter are taken as they are',
    requirements: ['blockdev-add/name-form', 'blockdev-add/name-length'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const stem = t.name('a');
      const source = await dataSource(t);
      for (const name of [`${stem}.b`, `${stem}-b_c.d`, stem.toUpperCase(), stem.padEnd(31, 'x')]) {
        await t.execute('blockdev-add', { ...source, 'node-name': name });
        await nodeInfo(t, name);
        await t.execute('blockdev-del', { 'node-name': name });
      }
    },
  },
  {
    id: 'blockdev-add/names-differ-in-case',
    title: 'Node names that differ only in case are two names',
    requirements: ['schema/case-sensitive', 'blockdev-add/name-taken'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const name = await addNode(t);
      const upper = name.toUpperCase();
      await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': upper });
      await nodeInfo(t, name);
      await nodeInfo(t, upper);
    },
  },
  {
    id: 'blockdev-add/names-ill-formed',
    title: 'Empty names, names that do not begin with a letter and names with other characters are refused',
    requirements: ['blockdev-add/name-form', 'blockdev-add/failure-leaves-nothing'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const source = await dataSource(t);
      for (const name of [
        '',
        '1a',
        '-a',
        '_a',
        '.a',
        '#a',
        'a b',
        'a+',
        'a/b',
        'é',
        'a\n',
        ' a',
        'a,b',
        'a:b',
      ])
        await t.refused('blockdev-add', { ...source, 'node-name': name }, { text: /^Invalid node.name/ });
      t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
      await checkWorks(t);
    },
  },
  {
    id: 'blockdev-add/name-too-long',
    title: 'A name of more than 31 characters is refused or cut, never half registered',
    requirements: ['blockdev-add/name-length'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const name = t.name('long').padEnd(40, 'x');
      const reply = await t.request({
        execute: 'blockdev-add',
        arguments: { ...(await dataSource(t)), 'node-name': name },
      });
      await checkAbsent(t, name);
      const cut = await findNode(t, name.slice(0, 31));
      t.check(
        'return' in reply === (cut !== undefined),
        'a node of the cut name must exist exactly if blockdev-add was accepted',
        `blockdev-add was ${'return' in reply ? 'accepted' : 'refused'} and there is ${cut === undefined ? 'none' : 'one'}`,
      );
      if (cut) await t.execute('blockdev-del', { 'node-name': name.slice(0, 31) });
      await t.refused('blockdev-del', { 'node-name': name });
      const fitting = t.name('long').padEnd(31, 'x');
      await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': fitting });
      await nodeInfo(t, fitting);
    },
  },
  {
    id: 'blockdev-add/name-required',
    title: 'A node without a node-name is refused at the top level',
    requirements: ['blockdev-add/name-required', 'blockdev-add/failure-leaves-nothing'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const source = await dataSource(t);
      await t.refused('blockdev-add', source, { text: /node-name/ });
      t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
      const name = t.name('node');
      await t.execute('blockdev-add', { ...source, 'node-name': name });
      await nodeInfo(t, name);
    },
  },
  {
    id: 'blockdev-add/name-taken',
    title: 'The name of an existing node is refused, and that node stays as it was',
    requirements: ['blockdev-add/name-taken', 'blockdev-add/failure-leaves-nothing'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const name = await addNode(t);
      const before = await nodeInfo(t, name);
      await t.refused(
        'blockdev-add',
        { ...(await dataSource(t, 2 * MiB)), 'node-name': name },
        { text: /[Dd]uplicate/ },
      );
      t.equal(await nodeInfo(t, name), before, 'the node that has the name must stay as it was');
    },
  },
  {
    id: 'blockdev-add/name-of-child-taken',
    title: 'The name of a child that was defined within its parent is taken, for a node and for a child',
    requirements: ['blockdev-add/name-taken', 'blockdev-add/failure-leaves-nothing'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const child = t.name('child');
      const file = async (name?: string) => ({
        driver: 'file',
        filename: (await makeFile(t, 64 * KiB)).path,
        ...(name !== undefined && { 'node-name': name }),
      });
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': t.name('raw'), file: await file(child) });
      const before = await nodeNames(t);
      const taken = { text: /[Dd]uplicate/ };
      await t.refused('blockdev-add', { driver: 'raw', 'node-name': child, file: await file() }, taken);
      await t.refused('blockdev-add', await file(child), taken);
      const second = { driver: 'raw', 'node-name': t.name('raw'), file: await file(child) };
      await t.refused('blockdev-add', second, taken);
      t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
    },
  },
  {
    id: 'blockdev-add/driver-unknown',
    title: 'A driver that does not exist, or is written otherwise, is refused',
    requirements: ['blockdev-add/driver-unknown', 'schema/enum-value', 'schema/case-sensitive'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const source = await dataSource(t);
      const { driver: known } = source;
      const misspelt = [known.toUpperCase(), known.replace('-', '_'), `${known} `, ''];
      for (const driver of ['no-such-driver', ...misspelt.filter((name) => name !== known)])
        await t.refused('blockdev-add', { ...source, driver, 'node-name': t.name('node') });
      t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
      const name = t.name('node');
      await t.execute('blockdev-add', { ...source, 'node-name': name });
      await nodeInfo(t, name);
    },
  },
  {
    id: 'blockdev-add/member-of-another-driver',
    title: 'A member that only another driver has is refused',
    requirements: ['schema/branch-members', 'blockdev-add/failure-leaves-nothing'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const source = await dataSource(t);
      for (const [member, value] of [
        ...(source.driver === 'file' ? [] : [['filename', `${t.dir}/x.img`] as const]),
        ['file', 'x'],
        ['offset', 0],
      ] as const)
        await t.refused(
          'blockdev-add',
          { ...source, 'node-name': t.name('node'), [member]: value },
          { text: new RegExp(`'${member}'`) },
        );
      t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
      const name = t.name('node');
      await t.execute('blockdev-add', { ...source, 'node-name': name });
      await nodeInfo(t, name);
    },
  },
  {
    id: 'blockdev-add/list-element',
    title: 'A list with one element of another type is refused as a whole; without that one it is taken',
    requirements: ['schema/list-elements', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(dataNodes, { drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const rule: Json = { event: 'l2_load' };
      const add = async (...rules: Json[]): Promise<JsonObject> => ({
        driver: 'blkdebug',
        'node-name': t.name('rules'),
        image: await dataSource(t),
        'inject-error': rules,
      });
      for (const element of [true, 'l2_load', 1, null, [rule]])
        await t.refused('blockdev-add', await add(rule, element), { text: /inject-error/ });
      t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
      await t.execute('blockdev-add', await add(rule, rule));
    },
  },
  {
    id: 'blockdev-add/many-nodes',
    title: 'Thirty-two nodes are listed, each once, and can all be deleted',
    requirements: ['query-named-block-nodes/lists-nodes', 'blockdev-del/deletes'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const added: string[] = [];
      for (let i = 0; i < 32; i++) added.push(await addNode(t));
      t.equal(
        (await nodeNames(t)).toSorted(),
        [...before, ...added].toSorted(),
        'query-named-block-nodes must list each of 32 nodes once',
      );
      for (const name of added) await t.execute('blockdev-del', { 'node-name': name });
      t.equal(await nodeNames(t), before, 'blockdev-del must take each of 32 nodes out of the list');
    },
  },
  {
    id: 'blockdev-del/deletes',
    title: 'blockdev-del takes back what blockdev-add made, and the name can be used again',
    requirements: ['blockdev-del/deletes'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const before = await queryList(t, 'query-named-block-nodes');
      const [name, source] = [t.name('data'), await dataSource(t)];
      await t.execute('blockdev-add', { ...source, 'node-name': name });
      for (let round = 0; round < 3; round++) {
        await nodeInfo(t, name);
        await t.execute('blockdev-del', { 'node-name': name });
        t.equal(
          await queryList(t, 'query-named-block-nodes'),
          before,
          'after blockdev-del the nodes must be those from before',
        );
        await t.execute('blockdev-add', { ...source, 'node-name': name });
      }
    },
  },
  {
    id: 'blockdev-del/node-unknown',
    title: 'A name that no node has is refused',
    requirements: ['blockdev-del/node-unknown'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const name = t.name('nothing');
      await t.refused('blockdev-del', { 'node-name': name }, { text: new RegExp(name) });
      await t.refused('blockdev-del', { 'node-name': '' });
      await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': name });
      await nodeInfo(t, name);
      await t.execute('blockdev-del', { 'node-name': name });
    },
  },
  {
    id: 'blockdev-del/twice',
    title: 'A node cannot be deleted twice',
    requirements: ['blockdev-del/node-unknown', 'blockdev-del/deletes'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const name = await addNode(t);
      await t.execute('blockdev-del', { 'node-name': name });
      await t.refused('blockdev-del', { 'node-name': name }, { text: new RegExp(name) });
    },
  },
  {
    id: 'blockdev-del/with-bitmap',
    title: 'A node that has a dirty bitmap can be deleted, and the bitmap goes with it',
    requirements: ['blockdev-del/deletes', 'block-dirty-bitmap-add/persistent-default'],
    needs: needs(dataNodes, {
      commands: ['block-dirty-bitmap-add', 'x-debug-block-dirty-bitmap-sha256', 'block-dirty-bitmap-clear'],
    }),
    async run(t: CaseContext) {
      const name = await addNode(t);
      await t.execute('block-dirty-bitmap-add', { node: name, name: 'b' });
      await t.execute('blockdev-del', { 'node-name': name });
      await refusedAsNotFound(
        t,
        'x-debug-block-dirty-bitmap-sha256/node-unknown',
        'x-debug-block-dirty-bitmap-sha256',
        { node: name, name: 'b' },
      );
      await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': name });
      await t.refused('block-dirty-bitmap-clear', { node: name, name: 'b' });
    },
  },
];
