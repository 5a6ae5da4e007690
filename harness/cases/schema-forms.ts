/** Forms that a schema does not allow, at the top of arguments and deep within them, in every element of a list; and their right twins. */
import type { Json, JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { addChain, chainNodes } from './helpers/backing-chains.ts';
import { isFile } from './helpers/image-files.ts';
import { checkNoJob } from './helpers/job-steps.ts';
import {
  addNode,
  checkAbsent,
  dataNodes,
  dataSource,
  needs,
  newFile,
  nodeInfo,
} from './helpers/shared-setup.ts';

/** Members of the options of a node, none of which its schema allows. */
const WRONG_MEMBERS: readonly JsonObject[] = [
  { 'no-such-member': 1 },
  { 'no-such-member': null },
  { 'no-such-member': {} },
  // Spelled otherwise.
  ...['read_only', 'READ-ONLY', 'Read-Only', ' read-only'].map((name) => ({ [name]: true })),
  { detect_zeroes: 'off' },
  { DISCARD: 'unmap' },
  // Values that are none of an enum.
  ...['UNMAP', 'Unmap', 'unm', 'un-map', ' unmap', '', 'no-such-value'].map((discard) => ({ discard })),
  { driver: 'RAW' },
  { driver: 'ra' },
  { driver: '' },
  // Values of other types, also such as read like the right one.
  ...[null, 1, 0, true, ['unmap'], {}].map((discard) => ({ discard })),
  ...[null, 1, 0, 'true', 'on', '', [], [true], {}].map((value) => ({ 'read-only': value })),
  ...[null, 1, true, ['node'], {}].map((name) => ({ 'node-name': name })),
  ...[null, 1, true, 'direct', [], [{}]].map((cache) => ({ cache })),
  ...[null, true, '0', '', [], [0], {}, 0.5].map((offset): JsonObject => ({ offset })),
  ...[2n ** 63n, 2n ** 64n, 2n ** 65n, 10n ** 30n, -(2n ** 65n), -(10n ** 30n)].map((offset) => ({ offset })),
  // The same one level deeper.
  ...[{ direct: 1 }, { direct: null }, { direct: 'on' }, { no_flush: true }, { DIRECT: true }].map(
    (cache): JsonObject => ({ cache }),
  ),
  ...[{ 'no-such-member': 1 }, { 'no-such-member': null }].map((cache): JsonObject => ({ cache })),
  // A member of another branch.
  { 'latency-ns': 1 },
  { 'latency-ns': null },
];

/** Members that it allows, and that are easily taken for missing or wrong. */
const RIGHT_MEMBERS: readonly JsonObject[] = [
  { 'read-only': false },
  { offset: 0 },
  { discard: 'unmap' },
  { discard: 'ignore' },
  { 'detect-zeroes': 'off' },
  { cache: { direct: false } },
  { cache: { 'no-flush': false, direct: false } },
];

/** What stands for a node where it is a child, and is none: a list, even of one, no type that is none of its kinds, nothing. */
const NO_CHILDREN: readonly Json[] = [
  null,
  1,
  true,
  0.5,
  [],
  {},
  { driver: null },
  { driver: 'no-such-driver' },
];

/** Raw nodes one over another, `depth` of them below the topmost, over a data source; the lowest has these members besides. */
async function rawOver(t: CaseContext, depth: number, members: JsonObject): Promise<JsonObject> {
  let options: JsonObject = { driver: 'raw', file: await dataSource(t), ...members };
  for (let level = 0; level < depth; level += 1) options = { driver: 'raw', file: options };
  return options;
}

/** An action that adds a bitmap. */
const adds = (node: string, name: Json, more: JsonObject = {}): JsonObject => ({
  type: 'block-dirty-bitmap-add',
  data: { node, name, ...more },
});

/** Cases of forms. */
export const schemaForms: readonly CaseDefinition[] = [
  {
    id: 'schema/forms-of-nodes',
    title: 'Members, values and types that options of a node do not have are refused at every depth',
    requirements: [
      'schema/member-unknown',
      'schema/member-type',
      'schema/enum-value',
      'schema/case-sensitive',
      'schema/branch-members',
      'schema/integer-range',
      'schema/valid-form-is-taken',
    ],
    needs: needs(dataNodes, { drivers: ['raw'] }),
    async run(t: CaseContext) {
      for (const depth of [0, 2]) {
        const name = t.name('raw');
        const named = async (members: JsonObject): Promise<JsonObject> => ({
          'node-name': name,
          ...(await rawOver(t, depth, members)),
        });
        for (const members of WRONG_MEMBERS) await t.refused('blockdev-add', await named(members));
        await checkAbsent(t, name);
        for (const members of RIGHT_MEMBERS) {
          await t.execute('blockdev-add', await named(members));
          await nodeInfo(t, name);
          await t.execute('blockdev-del', { 'node-name': name });
        }
      }
    },
  },
  {
    id: 'schema/words-of-optional-members',
    title: 'A word that a member does not know is refused also where the member may be left out',
    requirements: ['schema/enum-value', 'schema/refused-before-effects'],
    needs: needs(chainNodes, {
      commands: ['blockdev-backup', 'blockdev-mirror', 'block-stream', 'drive-backup', 'transaction'],
      nodes: ['data'],
    }),
    async run(t: CaseContext) {
      const [, top] = await addChain(t, 2);
      const [device, node, target, id] = [top!.node, t.name('node'), await addNode(t), t.name('job')];
      const file = newFile(t);
      const options = { driver: 'null-co', 'node-name': node };
      const copies = { 'job-id': id, device, target, sync: 'full' };
      const made = { 'job-id': id, device, target: file.path, sync: 'full', format: 'qcow2' };
      const abort = [{ type: 'abort', data: {} }];
      for (const [command, args, member] of [
        ['blockdev-add', options, 'detect-zeroes'],
        ['blockdev-add', options, 'discard'],
        ['blockdev-backup', copies, 'on-source-error'],
        ['blockdev-backup', copies, 'on-target-error'],
        ['blockdev-mirror', copies, 'on-source-error'],
        ['blockdev-mirror', copies, 'on-target-error'],
        ['block-stream', { 'job-id': id, device }, 'on-error'],
        ['drive-backup', made, 'mode'],
      ] as const)
        for (const word of ['no-such-word', '', 'Report', 'Existing', 'OFF'])
          await t.refused(command, { ...args, [member]: word });
      const properties = { 'completion-mode': 'Individual' };
      await t.refused('transaction', { actions: abort, properties }, { text: /Individual/ });
      await checkAbsent(t, node);
      await checkNoJob(t, id);
      t.check(!(await isFile(t, file.local)), 'no image must have been made', 'there is one');
    },
  },
  {
    id: 'schema/forms-of-children',
    title: 'A child is a name or options, or where it may be missing null, and nothing else, also in a list',
    requirements: [
      'schema/alternate-type',
      'schema/member-missing',
      'schema/list-elements',
      'schema/valid-form-is-taken',
    ],
    needs: needs(dataNodes, { drivers: ['raw', 'quorum'] }),
    async run(t: CaseContext) {
      const [below, name] = [await addNode(t), t.name('node')];
      // Who takes words for names finds these.
      for (const word of ['true', 'null'])
        await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': word });
      const raw = { driver: 'raw', 'node-name': name };
      const quorum = { driver: 'quorum', 'node-name': name, 'vote-threshold': 1 };
      const wrong = [...NO_CHILDREN, [below], [{ ...(await dataSource(t)) }]];
      await t.refused('blockdev-add', raw);
      for (const file of wrong) {
        await t.refused('blockdev-add', { ...raw, file });
        await t.refused('blockdev-add', { ...raw, file: { driver: 'raw', file } });
        for (const children of [[file], [below, file], [file, below], [below, { driver: 'raw', file }]])
          await t.refused('blockdev-add', { ...quorum, children });
      }
      await t.refused('blockdev-add', { ...raw, file: { driver: 'raw' } });
      for (const children of [null, 1, true, below, { ...(await dataSource(t)) }])
        await t.refused('blockdev-add', { ...quorum, children });
      await t.refused('blockdev-add', quorum);
      await t.refused('blockdev-add', {
        ...quorum,
        children: [below, { ...(await dataSource(t)), 'no-such-member': 1 }],
      });
      await checkAbsent(t, name);
      const right = [
        { ...raw, file: below },
        { ...raw, file: await dataSource(t) },
        { ...quorum, children: [below, await dataSource(t)] },
      ];
      for (const options of right) {
        await t.execute('blockdev-add', options);
        await t.execute('blockdev-del', { 'node-name': name });
      }
    },
  },
  {
    id: 'schema/forms-of-actions',
    title:
      'One action of another form refuses a whole transaction, wherever it stands and however little is wrong',
    requirements: [
      'schema/list-elements',
      'schema/member-missing',
      'schema/member-unknown',
      'schema/member-type',
      'schema/enum-value',
      'schema/refused-before-effects',
    ],
    needs: needs(dataNodes, { commands: ['transaction', 'block-dirty-bitmap-add'] }),
    async run(t: CaseContext) {
      const [node, name] = [await addNode(t), t.name('bitmap')];
      const good = adds(node, t.name('bitmap'));
      const right = adds(node, name);
      const wrong: readonly Json[] = [
        null,
        1,
        true,
        'block-dirty-bitmap-add',
        [],
        [right],
        {},
        { type: 'block-dirty-bitmap-add' },
        { data: right.data! },
        { type: 'block-dirty-bitmap-add', data: {} },
        { type: 'block-dirty-bitmap-add', data: { node } },
        { type: 'block-dirty-bitmap-add', data: { name } },
        { ...right, data: null },
        { ...right, data: [] },
        { ...right, data: [right.data!] },
        { ...right, 'no-such-member': 1 },
        { ...right, 'no-such-member': null },
        ...[
          'Block-dirty-bitmap-add',
          'block_dirty_bitmap_add',
          'block-dirty-bitmap-ad',
          '',
          0,
          null,
          true,
          ['block-dirty-bitmap-add'],
        ].map((type) => ({ ...right, type })),
        ...[1, true, null, ['a'], {}].map((other) => adds(node, other)),
        ...['no-such-member', 'NAME', 'granularity_', ''].map((member) => adds(node, name, { [member]: 1 })),
        adds(node, name, { 'no-such-member': null }),
        ...[null, true, '65536', 65536.5, -1, 2 ** 32, []].map((granularity) =>
          adds(node, name, { granularity }),
        ),
        ...[null, 0, 1, 'on', 'false', []].map((persistent) => adds(node, name, { persistent })),
      ];
      for (const action of wrong)
        for (const actions of [
          [action, good],
          [good, action],
        ])
          await t.refused('transaction', { actions });
      for (const actions of [null, 1, 'x', {}, right]) await t.refused('transaction', { actions });
      for (const properties of [
        null,
        [],
        'grouped',
        { 'completion-mode': 'GROUPED' },
        { 'completion-mode': 'group' },
        { 'completion-mode': '' },
        { 'completion-mode': 1 },
        { 'completion-mode': null },
        { completion_mode: 'grouped' },
        { 'no-such-member': 1 },
      ])
        await t.refused('transaction', { actions: [good, right], properties });
      for (const actions of [[], [good, right]]) await t.execute('transaction', { actions });
    },
  },
  {
    id: 'schema/forms-of-names',
    title:
      'Commands, and members at the top of arguments, are named exactly so, with dashes, underscores and case',
    requirements: ['schema/case-sensitive', 'schema/member-unknown', 'schema/member-type'],
    needs: needs(dataNodes, { commands: ['block-dirty-bitmap-add', 'block_resize'] }),
    async run(t: CaseContext) {
      const [node, name] = [await addNode(t), t.name('bitmap')];
      for (const command of ['block-resize', 'block_dirty_bitmap_add', 'Block_Resize', 'BLOCK_RESIZE'])
        await t.refused(command, { 'node-name': node, size: 4096 }, { class: 'CommandNotFound' });
      for (const args of [
        { node_name: node },
        { 'NODE-NAME': node },
        { 'node-name': node, node_name: node },
        { 'node-name': node, 'Node-Name': node },
        { 'node-name': node, 'no-such-member': null },
        { 'node-name': [node] },
        { 'node-name': true },
        { 'node-name': null },
        {},
      ])
        await t.refused('blockdev-del', args);
      await nodeInfo(t, node);
      for (const wrong of [1, true, null, {}, [name]])
        await t.refused('block-dirty-bitmap-add', { node, name: wrong });
      for (const persistent of [0, 1, 'on', 'off', '', null])
        await t.refused('block-dirty-bitmap-add', { node, name, persistent });
      for (const args of [{ 'no-such-member': null }, { '': 1 }]) await t.refused('query-version', args);
      await t.execute('block-dirty-bitmap-add', { node, name, persistent: false });
    },
  },
];
