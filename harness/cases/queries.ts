/** The queries: what they show of nothing, of nodes and of their counters. */
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { addChain, chainNodes } from './helpers/backing-chains.ts';
import { NOTHING_COUNTED } from './helpers/device-info.ts';
import { driveChain, driveOverBase, onDrive } from './helpers/drive-chain.ts';
import {
  addNode,
  addRaw,
  dataNodes,
  MiB,
  needs,
  nodeCommands,
  nodeInfo,
  nodeNames,
  queryList,
} from './helpers/shared-setup.ts';
import { checkWorks } from './helpers/working-session.ts';

const QUERIES = [
  'query-block',
  'query-blockstats',
  'query-block-jobs',
  'query-named-block-nodes',
  'query-version',
] as const;

/** For what only null-co has. */
const nullNodes = needs(nodeCommands, { drivers: ['null-co'] });

async function statsOf(t: CaseContext, name: string): Promise<JsonObject | undefined> {
  const list = await queryList(t, 'query-blockstats', { 'query-nodes': true });
  return list.find((entry) => entry['node-name'] === name);
}

/** States that query-blockstats tells of each node once. */
async function checkAllCounted(t: CaseContext): Promise<void> {
  const stats = await queryList(t, 'query-blockstats', { 'query-nodes': true });
  t.equal(
    stats.map((entry) => String(entry['node-name'])).toSorted(),
    (await nodeNames(t)).toSorted(),
    'query-blockstats must have one entry for each node',
  );
}

export const queries: readonly CaseDefinition[] = [
  {
    id: 'queries/nothing',
    title: 'Without devices and jobs query-block, query-blockstats and query-block-jobs return empty lists',
    requirements: ['query-block/every-device', 'query-blockstats/backends', 'query-block-jobs/lists-jobs'],
    needs: { commands: ['query-block', 'query-blockstats', 'query-block-jobs'], capabilities: ['owned'] },
    async run(t: CaseContext) {
      for (const command of ['query-block', 'query-blockstats', 'query-block-jobs'])
        t.equal(await t.execute(command), [], `${command} must return an empty list`);
      t.equal(
        await t.execute('query-blockstats', { 'query-nodes': false }),
        [],
        'query-blockstats with query-nodes false must return an empty list',
      );
    },
  },
  {
    id: 'queries/no-nodes',
    title: 'A fresh endpoint without block options has no nodes',
    requirements: ['query-named-block-nodes/lists-nodes', 'query-blockstats/nodes'],
    needs: { commands: ['query-named-block-nodes', 'query-blockstats'], capabilities: ['owned'] },
    fresh: true,
    async run(t: CaseContext) {
      t.equal(
        await t.execute('query-named-block-nodes'),
        [],
        'query-named-block-nodes must return an empty list',
      );
      t.equal(
        await t.execute('query-blockstats', { 'query-nodes': true }),
        [],
        'query-blockstats with query-nodes must return an empty list',
      );
      await checkWorks(t);
    },
  },
  {
    id: 'queries/unknown-arguments',
    title: 'A query refuses members that it does not have',
    requirements: ['schema/member-unknown'],
    needs: { commands: QUERIES },
    async run(t: CaseContext) {
      for (const command of QUERIES)
        await t.refused(command, { 'no-such-member': 1 }, { text: /no-such-member/ });
      await checkWorks(t);
    },
  },
  {
    id: 'queries/query-nodes-of-other-types',
    title: 'query-nodes is a boolean and nothing else',
    requirements: ['schema/member-type'],
    needs: needs(dataNodes, { commands: ['query-blockstats'] }),
    async run(t: CaseContext) {
      for (const value of [null, 0, 1, 'true', [], {}])
        await t.refused('query-blockstats', { 'query-nodes': value }, { text: /query-nodes/ });
      const entries = async (given: boolean) =>
        (await queryList(t, 'query-blockstats', { 'query-nodes': given })).length;
      const before = [await entries(false), await entries(true)];
      await addNode(t);
      t.equal(
        [await entries(false), await entries(true)],
        [before[0]!, before[1]! + 1],
        'a new node must have an entry exactly where query-nodes is true',
      );
    },
  },
  {
    id: 'queries/nodes-are-no-devices',
    title: 'Nodes without a device appear in query-named-block-nodes, not in query-block or query-blockstats',
    requirements: ['query-block/every-device', 'query-blockstats/backends', 'blockdev-add/no-backend'],
    needs: needs(dataNodes, { commands: ['query-block', 'query-blockstats'] }),
    async run(t: CaseContext) {
      const before = await t.execute('query-block');
      const name = await addNode(t);
      await nodeInfo(t, name);
      t.equal(
        await t.execute('query-block'),
        before,
        'query-block must return the same before and after a node was added',
      );
      const stats = await queryList(t, 'query-blockstats');
      t.check(
        !stats.some((entry) => entry['node-name'] === name),
        'query-blockstats must not list a node without device',
        'it does',
      );
    },
  },
  {
    id: 'queries/stats-of-nodes',
    title: 'With query-nodes each node has an entry, with its name and without backing',
    requirements: ['BlockStats/device', 'query-blockstats/nodes'],
    needs: needs(dataNodes, { commands: ['query-blockstats'] }),
    async run(t: CaseContext) {
      const names = [await addNode(t), await addNode(t)];
      const list = await queryList(t, 'query-blockstats', { 'query-nodes': true });
      for (const name of names) {
        const entries = list.filter((entry) => entry['node-name'] === name);
        t.equal(entries.length, 1, 'query-blockstats with query-nodes must list the node once');
        t.check(
          !('device' in entries[0]!),
          'the entry of a node without device must have no device',
          `device is ${shown(entries[0]!.device)}`,
        );
        t.check(!('backing' in entries[0]!), 'the entry of a node must have no backing', 'it has');
      }
    },
  },
  {
    id: 'queries/stats-of-every-node',
    title:
      'The statistics are of each node that there is: of children without names of their own, and of backing nodes',
    requirements: ['query-blockstats/nodes', 'query-named-block-nodes/lists-nodes'],
    needs: needs(chainNodes, { commands: ['query-blockstats'] }),
    async run(t: CaseContext) {
      await addChain(t, 3);
      await addRaw(t, MiB, { 'read-only': true });
      await checkAllCounted(t);
    },
  },
  {
    id: 'queries/stats-of-nodes-of-drives',
    title: 'The statistics are of each node that there is, also of those of a drive',
    requirements: ['query-blockstats/nodes', 'query-named-block-nodes/lists-nodes'],
    needs: onDrive('query-blockstats'),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const layers = await driveChain(t, 3);
      for (const { node } of layers) await nodeInfo(t, node);
      await checkAllCounted(t);
    },
  },
  {
    id: 'queries/stats-start-at-zero',
    title: 'The counters of a new node are zero, and there is no idle time yet',
    requirements: [
      'query-blockstats/counts',
      'query-blockstats/highest-offset',
      'query-blockstats/idle-time',
    ],
    needs: needs(dataNodes, { commands: ['query-blockstats'] }),
    async run(t: CaseContext) {
      const entry = await statsOf(t, await addNode(t));
      t.check(
        entry !== undefined && isJsonObject(entry.stats),
        'query-blockstats must have stats for the node',
        `${entry === undefined ? 'the node is not listed' : 'there are none'}`,
      );
      t.contains(entry.stats, NOTHING_COUNTED, 'all counters of a new node must be zero');
      t.equal(entry.stats.timed_stats ?? null, [], 'a new node must have no timed_stats');
      t.check(
        !('idle_time_ns' in entry.stats),
        'a new node must have no idle_time_ns',
        `it is ${shown(entry.stats.idle_time_ns)}`,
      );
    },
  },
  {
    id: 'queries/stats-parent',
    title: 'parent holds the statistics of the node that carries the data, which itself has none',
    requirements: ['query-blockstats/parent'],
    needs: needs(dataNodes, { commands: ['query-blockstats'], drivers: ['raw'] }),
    async run(t: CaseContext) {
      const child = await addNode(t);
      const name = t.name('raw');
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: child });
      const [entry, below] = [await statsOf(t, name), await statsOf(t, child)];
      t.check(
        entry !== undefined && below !== undefined,
        'query-blockstats must list both nodes',
        `it does not list ${entry === undefined ? 'the parent' : 'the child'}`,
      );
      t.contains(
        entry,
        { parent: { 'node-name': child } },
        'the parent in the statistics of a raw node must be its child',
      );
      t.check(
        !('parent' in below),
        'a node without children must have no parent in its statistics',
        'it has',
      );
    },
  },
  {
    id: 'queries/node-description',
    title: 'A node is described with driver, file name, format and size',
    requirements: [
      'query-named-block-nodes/image',
      'query-named-block-nodes/null-name',
      'schema/return-value',
    ],
    needs: nullNodes,
    async run(t: CaseContext) {
      const name = t.name('node');
      await t.execute('blockdev-add', { driver: 'null-co', 'node-name': name });
      const list = await queryList(t, 'query-named-block-nodes');
      const node = list.find((entry) => entry['node-name'] === name);
      t.check(node !== undefined, 'query-named-block-nodes must list the node', 'it does not');
      t.contains(
        node,
        { drv: 'null-co', image: { filename: node.file ?? null, format: 'null-co' } },
        'the node must be described with driver, file name and format',
      );
      t.equal(
        node.file ?? null,
        'null-co://',
        'a null-co node without options should have the file name null-co://',
        { severity: 'should', requirement: 'query-named-block-nodes/null-name' },
      );
    },
  },
  {
    id: 'queries/node-with-options-is-json',
    title: 'A node whose options no plain file name can tell is described by a json: name',
    requirements: ['query-named-block-nodes/json-name'],
    needs: nullNodes,
    async run(t: CaseContext) {
      const name = t.name('null');
      await t.execute('blockdev-add', { driver: 'null-co', 'node-name': name, size: 4096 });
      const node = (await queryList(t, 'query-named-block-nodes')).find(
        (entry) => entry['node-name'] === name,
      );
      t.check(
        typeof node?.file === 'string' && node.file.startsWith('json:'),
        'the file of a node with options should be a json: name',
        `it is ${shown(node?.file)}`,
        { severity: 'should' },
      );
      t.equal(
        JSON.parse(node.file.slice('json:'.length)) as JsonObject,
        { driver: 'null-co', size: 4096 },
        'the json: name should tell driver and size',
        { severity: 'should' },
      );
    },
  },
  {
    id: 'queries/change-nothing',
    title: 'Two queries in a row return the same',
    requirements: ['query-named-block-nodes/lists-nodes', 'protocol/one-reply-per-command'],
    needs: needs(dataNodes, { commands: QUERIES }),
    async run(t: CaseContext) {
      await addNode(t);
      for (const command of QUERIES)
        t.equal(await t.execute(command), await t.execute(command), `${command} must return the same twice`);
    },
  },
];
