/** Each place of a node's definition that takes the name of another node, given one that no node has. */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { CHAIN_SIZE, CLUSTER, makeEmpty } from './helpers/backing-chains.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import { type CaseFile, fileNodes, makeFile, needs, nodeInfo, nodeNames } from './helpers/shared-setup.ts';
import { addGroup } from './helpers/throttling.ts';
import { offersDriver } from './node-kinds.ts';

/** A definition that refers to a node. */
interface Reference {
  /** Where the name stands in it. */
  readonly member: string;
  readonly define: (t: CaseContext, name: string) => Promise<JsonObject> | JsonObject;
  /** Whether the definition is taken once there is a raw node of that name. */
  readonly isSound: boolean;
}

const over = ({ path }: CaseFile): JsonObject => ({ driver: 'file', filename: path });

/** A node that may stand beside the one that is referred to. */
const other = async (t: CaseContext): Promise<JsonObject> => over(await makeFile(t, CHAIN_SIZE));

/** The definition of an image, which names a backing file of its own if told to. */
async function overlay(t: CaseContext, namesBacking: boolean): Promise<JsonObject> {
  const base = await makeEmpty(t);
  const backing = { name: base.path, format: 'qcow2' };
  const image = { size: CHAIN_SIZE, clusterSize: CLUSTER, ...(namesBacking && { backing }) };
  return { driver: 'qcow2', file: over(await makeFile(t, buildQcow2(image))) };
}

const FORMATS = [
  'bochs',
  'cloop',
  'dmg',
  'luks',
  'parallels',
  'qcow',
  'qcow2',
  'qed',
  'vdi',
  'vhdx',
  'vmdk',
  'vpc',
];

const REFERENCES: readonly Reference[] = [
  ...FORMATS.map((driver) => ({
    member: 'file',
    define: (_: CaseContext, name: string) => ({ driver, file: name, 'read-only': true }),
    isSound: false,
  })),
  { member: 'file', define: (_, name) => ({ driver: 'raw', file: name }), isSound: true },
  {
    member: 'file.file',
    define: (_, name) => ({ driver: 'raw', file: { driver: 'raw', file: name } }),
    isSound: true,
  },
  ...[false, true].map((namesBacking) => ({
    member: 'backing',
    define: async (t: CaseContext, name: string) => ({ ...(await overlay(t, namesBacking)), backing: name }),
    isSound: true,
  })),
  {
    member: 'backing.backing',
    define: async (t, name) => ({
      ...(await overlay(t, true)),
      backing: { ...(await overlay(t, true)), backing: name },
    }),
    isSound: true,
  },
  { member: 'image', define: (_, name) => ({ driver: 'blkdebug', image: name }), isSound: true },
  {
    member: 'test',
    define: async (t, name) => ({ driver: 'blkverify', test: name, raw: await other(t) }),
    isSound: true,
  },
  {
    member: 'raw',
    define: async (t, name) => ({ driver: 'blkverify', test: await other(t), raw: name }),
    isSound: true,
  },
  ...[0, 1, 2].map((at) => ({
    member: `children.${at}`,
    async define(t: CaseContext, name: string) {
      const children: (JsonObject | string)[] = [await other(t), await other(t)];
      children.splice(at, 0, name);
      return { driver: 'quorum', 'vote-threshold': 1, children };
    },
    isSound: true,
  })),
  {
    member: 'file',
    define: async (t, file) => ({ driver: 'throttle', 'throttle-group': await addGroup(t, {}), file }),
    isSound: true,
  },
  {
    member: 'file',
    define: (_, file) => ({ driver: 'replication', mode: 'primary', file }),
    isSound: false,
  },
];

export const unknownReferences: readonly CaseDefinition[] = [
  {
    id: 'children/every-reference-unknown',
    title:
      'Whichever child is given by a name that no node has, the node is refused; with such a node it is made',
    requirements: ['blockdev-add/reference-unknown', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(fileNodes, { drivers: ['raw'] }),
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      for (const { member, define, isSound } of REFERENCES) {
        const name = t.name('nothing');
        const definition = await define(t, name);
        const { driver } = definition;
        if (!offersDriver(t.schema, String(driver))) continue;
        const above = t.name('above');
        const args = { 'node-name': above, ...definition };
        const refusal = { text: new RegExp(`Cannot find .*${name}`) };
        await t.refused('blockdev-add', args, refusal);
        t.equal(await nodeNames(t), before, `a ${String(driver)} node that was refused must leave nothing`);
        if (!isSound) continue;
        await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: await other(t) });
        await t.execute('blockdev-add', args);
        t.contains(await nodeInfo(t, above), { drv: driver! }, `a known ${member} must be taken`);
        for (const node of [above, name]) await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
];
