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
  readonly driver: string;
  /** Where the name stands in it. */
  readonly member: string;
  /** All of it but the driver. */
  readonly define: (t: CaseContext, name: string) => Promise<JsonObject> | JsonObject;
  /** Whether the definition is taken once there is a raw node of that name. */
  readonly isSound: boolean;
}

const over = ({ path }: CaseFile): JsonObject => ({ driver: 'file', filename: path });

/** A node that may stand beside the one that is referred to. */
const other = async (t: CaseContext): Promise<JsonObject> => over(await makeFile(t, CHAIN_SIZE));

/** The definition of a qcow2 image, which names a backing file of its own if told to. */
async function overlay(t: CaseContext, namesBacking: boolean): Promise<JsonObject> {
  const base = await makeEmpty(t);
  const backing = { name: base.path, format: 'qcow2' };
  const image = { size: CHAIN_SIZE, clusterSize: CLUSTER, ...(namesBacking && { backing }) };
  return { file: over(await makeFile(t, buildQcow2(image))) };
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
    driver,
    member: 'file',
    define: (_: CaseContext, file: string) => ({ file, 'read-only': true }),
    isSound: false,
  })),
  { driver: 'raw', member: 'file', define: (_, file) => ({ file }), isSound: true },
  {
    driver: 'raw',
    member: 'file.file',
    define: (_, file) => ({ file: { driver: 'raw', file } }),
    isSound: true,
  },
  ...[false, true].map((namesBacking) => ({
    driver: 'qcow2',
    member: 'backing',
    define: async (t: CaseContext, name: string) => ({ ...(await overlay(t, namesBacking)), backing: name }),
    isSound: true,
  })),
  {
    driver: 'qcow2',
    member: 'backing.backing',
    define: async (t, name) => ({
      ...(await overlay(t, true)),
      backing: { driver: 'qcow2', ...(await overlay(t, true)), backing: name },
    }),
    isSound: true,
  },
  { driver: 'blkdebug', member: 'image', define: (_, image) => ({ image }), isSound: true },
  {
    driver: 'blkverify',
    member: 'test',
    define: async (t, test) => ({ test, raw: await other(t) }),
    isSound: true,
  },
  {
    driver: 'blkverify',
    member: 'raw',
    define: async (t, raw) => ({ test: await other(t), raw }),
    isSound: true,
  },
  ...[0, 1, 2].map((at) => ({
    driver: 'quorum',
    member: `children.${at}`,
    async define(t: CaseContext, name: string) {
      const children: (JsonObject | string)[] = [await other(t), await other(t)];
      children.splice(at, 0, name);
      return { 'vote-threshold': 1, children };
    },
    isSound: true,
  })),
  {
    driver: 'throttle',
    member: 'file',
    define: async (t, file) => ({ 'throttle-group': await addGroup(t, {}), file }),
    isSound: true,
  },
  {
    driver: 'replication',
    member: 'file',
    define: (_, file) => ({ mode: 'primary', file }),
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
      for (const { driver, member, define, isSound } of REFERENCES) {
        if (!offersDriver(t.schema, driver)) continue;
        const [name, above] = [t.name('nothing'), t.name('above')];
        const args = { driver, 'node-name': above, ...(await define(t, name)) };
        const refusal = { text: new RegExp(`Cannot find .*${name}`) };
        await t.refused('blockdev-add', args, refusal);
        t.equal(await nodeNames(t), before, `a ${driver} node that was refused must leave nothing`);
        if (!isSound) continue;
        await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: await other(t) });
        await t.execute('blockdev-add', args);
        t.contains(await nodeInfo(t, above), { drv: driver }, `a known ${member} must be taken`);
        for (const node of [above, name]) await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
];
