/** What was accepted is reported by the queries, and deleting it again leaves everything as it was. */
import { oneof } from 'fast-check';
import { argumentsOf } from '../../../../generators/arbitraries/command-arguments.ts';
import { at } from '../../../../generators/types/path.ts';
import { effectsOf } from '../../../../spec/effects/effects-of.ts';
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../../../spec/json.ts';
import type { Command } from '../../../../spec/model.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { shown } from '../../case-text.ts';
import { dataNodes, findNode, MiB, needs, nodeInfo, queryList } from '../../helpers/shared-setup.ts';
import { Fixture } from './fixture.ts';
import { holds, type Problem } from './search.ts';

const NOT_LISTED: Problem = ['query-named-block-nodes must list a node that was accepted', 'it does not'];
const NOT_DELETED: Problem = ['after blockdev-del the nodes must be those from before', 'they are not'];

const RUNS = 80;
const RUNS_RESIZE = 20;
const RUNS_QUERIES = 20;

export const effectCases: readonly CaseDefinition[] = [
  {
    id: 'derived/properties/nodes-added-and-deleted',
    title:
      'A node that is added is reported as it was asked for, and deleting it leaves everything as it was',
    requirements: ['schema/valid-form-is-taken', 'schema/return-value'],
    needs: dataNodes,
    run: addedAndDeleted,
  },
  {
    id: 'derived/properties/sizes-set',
    title: 'A size that block_resize takes is what the queries report',
    requirements: ['schema/valid-form-is-taken', 'schema/return-value'],
    needs: needs(dataNodes, {
      commands: ['block_resize'],
      drivers: ['raw', 'file'],
      capabilities: ['sharedFiles'],
    }),
    run: sizesSet,
  },
  {
    id: 'derived/properties/queries-pure',
    title: 'Queries with any valid arguments change nothing',
    requirements: ['schema/return-value', 'schema/optional-members'],
    needs: dataNodes,
    run: queriesPure,
  },
];

async function addedAndDeleted(t: CaseContext): Promise<void> {
  const fixture = await Fixture.make(t);
  const name = t.name('added');
  const command = t.schema.commands.get('blockdev-add')!;
  await holds<JsonObject>(t, fixture, {
    arbitrary: argumentsOf(command, () => fixture.live).map((args) => ({ ...args, 'node-name': name })),
    runs: RUNS,
    async attempt(args) {
      const before = await nodes(t);
      const { error } = await t.request({ execute: 'blockdev-add', arguments: args });
      if (error !== undefined) return null;
      const node = await findNode(t, name);
      const wrong = node === undefined ? NOT_LISTED : differenceOf(command.name, args, node);
      const undone = await fixture.restore('blockdev-add', args);
      if (wrong !== null || undone !== null) return wrong ?? undone;
      return jsonEqual(await nodes(t), before) ? null : NOT_DELETED;
    },
  });
}

/** What is wrong with a node's description after the command; null if all is as it was asked for. */
function differenceOf(command: string, args: JsonObject, node: JsonObject): Problem | null {
  for (const [argument, { as, otherwise }] of Object.entries(effectsOf(command).reported ?? {})) {
    const asked = at(args, argument.split('.')) ?? otherwise;
    const reported = at(node, as.split('.')) ?? null;
    if (asked !== undefined && !jsonEqual(reported, asked))
      return [
        `query-named-block-nodes must tell as ${as} what ${command} was given as ${argument}`,
        `expected ${shown(asked)}, got ${shown(reported)}`,
      ];
  }
  return null;
}

async function sizesSet(t: CaseContext): Promise<void> {
  const fixture = await Fixture.make(t);
  const node = fixture.live.nodes.at(-1)!;
  const command: Command = t.schema.commands.get('block_resize')!;
  const { as } = effectsOf(command.name).reported!.size!;
  await holds<Json>(t, fixture, {
    arbitrary: argumentsOf(command, () => fixture.live).map(({ size }) => size!),
    runs: RUNS_RESIZE,
    async attempt(size) {
      const { error } = await t.request({ execute: 'block_resize', arguments: { 'node-name': node, size } });
      const told = at(await nodeInfo(t, node), as.split('.'));
      t.check(told !== undefined, `query-named-block-nodes must tell ${as} of ${node}`, 'it does not');
      const reported = BigInt(told as number | bigint);
      if (error !== undefined)
        return reported === BigInt(MiB)
          ? null
          : ['a refused block_resize must leave the size', `it is ${reported}`];
      await t.execute('block_resize', { 'node-name': node, size: MiB });
      // Sizes are whole sectors.
      const asked = BigInt(size as number | bigint);
      return reported >= asked && reported - asked < 512n
        ? null
        : ['the size must be the one that block_resize was given', `expected ${asked}, got ${reported}`];
    },
  });
}

async function queriesPure(t: CaseContext): Promise<void> {
  const fixture = await Fixture.make(t);
  const queries = [...t.schema.commands.values()].filter(({ name }) => name.startsWith('query-'));
  const calls = queries.map((command) =>
    argumentsOf(command, () => fixture.live).map((args) => ({ execute: command.name, arguments: args })),
  );
  await holds<JsonObject>(t, fixture, {
    arbitrary: oneof(...calls),
    runs: RUNS_QUERIES,
    async attempt(message) {
      const before = await nodes(t);
      await t.request(message);
      return jsonEqual(await nodes(t), before)
        ? null
        : [`${String(message.execute)} must leave the nodes as they are`, 'they changed'];
    },
  });
}

/** All nodes, without what changes by itself. */
async function nodes(t: CaseContext): Promise<Json> {
  return (await queryList(t, 'query-named-block-nodes')).map((node) => withoutUsage(node)!);
}

function withoutUsage(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(withoutUsage);
  if (!isJsonObject(value)) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'actual-size')
      .map(([name, item]) => [name, withoutUsage(item)]),
  );
}
