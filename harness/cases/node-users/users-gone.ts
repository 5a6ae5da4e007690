/** Users that are refused, or that leave while another of their kind stays: what a node then takes. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, makeChain, makeEmpty } from '../helpers/backing-chains.ts';
import { connectTo, startNbdServer } from '../helpers/node-io.ts';
import { KiB, makeFile, needs, newFile } from '../helpers/shared-setup.ts';
import { offersDriver } from '../node-kinds.ts';
import { COMMANDS, commandNeeds, type Scene, spareNode } from './commands-on-nodes.ts';

/** Two of a kind, who bear each other. */
interface Kind {
  readonly what: string;
  come(scene: Scene, name: string): Promise<unknown>;
  leave(scene: Scene, name: string): Promise<unknown>;
}

const added = (options: (scene: Scene) => Promise<JsonObject>): Pick<Kind, 'come' | 'leave'> => ({
  come: async (scene, name) =>
    scene.t.execute('blockdev-add', { 'node-name': name, ...(await options(scene)) }),
  leave: ({ t }, name) => t.execute('blockdev-del', { 'node-name': name }),
});

const exported: Pick<Kind, 'come' | 'leave'> = {
  come: (scene, name) => scene.t.execute('nbd-server-add', { device: scene.node.node, name, writable: true }),
  leave: ({ t }, name) => t.execute('nbd-server-remove', { name }),
};

const KINDS: readonly Kind[] = [
  {
    what: 'nodes that read it',
    ...added(async (scene) => ({ driver: 'raw', file: scene.node.node, 'read-only': true })),
  },
  {
    what: 'overlays',
    ...added(async ({ t, node: { node: backing } }) => ({
      driver: 'qcow2',
      file: { driver: 'file', filename: (await makeEmpty(t)).path },
      backing,
    })),
  },
  { what: 'exports to write', ...exported },
];

async function makeScene(t: CaseContext): Promise<Scene> {
  const [below, above] = await makeChain(t, 2);
  const base = { node: await addQcow2(t, below!, { 'read-only': true }), file: below! };
  const image = { node: await addQcow2(t, above!, { backing: base.node }), file: above! };
  return { t, base, node: image, spare: await spareNode(t) };
}

/** The commands that the node takes; all but blockdev-del, which it is not to survive. */
async function taken(scene: Scene): Promise<string[]> {
  const names = [];
  for (const [name, attempt] of Object.entries(COMMANDS))
    if (name !== 'blockdev-del' && (await attempt(scene))) names.push(name);
  return names;
}

/** Calls that refer to the node and are refused, some of them late. */
async function refusals({ t, node: { node: image }, base, spare }: Scene): Promise<[string, JsonObject][]> {
  const name = t.name('refused');
  const file = async () => ({ driver: 'file', filename: (await makeEmpty(t)).path });
  const overlay = await addQcow2(t, await makeEmpty(t), { backing: base.node });
  const noImage = await makeFile(t, 64 * KiB);
  const snapshot = { 'node-name': image, 'snapshot-node-name': name };
  const definitions: JsonObject[] = [
    { driver: 'qcow2', file: image },
    { driver: 'raw', file: image, offset: 512, size: 1024 * 1024 * 1024 },
    { driver: 'raw', file: image, 'node-name': spare },
    { driver: 'qcow2', file: await file(), backing: image, 'node-name': '9' },
    { driver: 'qcow2', file: image, backing: base.node },
    ...(offersDriver(t.schema, 'quorum')
      ? [{ driver: 'quorum', 'vote-threshold': 2, children: [image, t.name('nothing')] }]
      : []),
    ...(offersDriver(t.schema, 'blkverify')
      ? [{ driver: 'blkverify', raw: image, test: t.name('nothing') }]
      : []),
  ];
  const all: [string, JsonObject][] = [
    ...definitions.map((options): [string, JsonObject] => [
      'blockdev-add',
      { 'node-name': name, ...options },
    ]),
    ['block_resize', { 'node-name': image, size: -1 }],
    ['block_resize', { 'node-name': image, size: 1000 }],
    ['change-backing-file', { device: image, 'image-node-name': spare, 'backing-file': 'x' }],
    ['blockdev-del', { 'node-name': base.node }],
    ['blockdev-snapshot', { node: image, overlay: image }],
    ['blockdev-snapshot', { node: image, overlay: spare }],
    ['blockdev-snapshot', { node: image, overlay }],
    ['blockdev-snapshot-sync', { ...snapshot, 'snapshot-file': noImage.path, mode: 'existing' }],
    ['blockdev-snapshot-sync', { ...snapshot, 'snapshot-file': newFile(t).path, mode: 'existing' }],
    ['blockdev-snapshot-sync', { ...snapshot, 'snapshot-file': newFile(t).path, format: 'raw' }],
    [
      'blockdev-snapshot-sync',
      { ...snapshot, 'snapshot-file': newFile(t).path, 'snapshot-node-name': spare },
    ],
    ['blockdev-snapshot-internal-sync', { device: image, name: '' }],
    ['blockdev-snapshot-delete-internal-sync', { device: image, name: 'none' }],
    ['x-blockdev-change', { parent: image, node: spare }],
    ['x-blockdev-create', { driver: 'qcow2', file: image, size: 1000 }],
    ['x-blockdev-create', { driver: 'qcow2', file: image, size: 64 * KiB, 'cluster-size': 1000 }],
  ];
  return all.filter(([command]) => t.endpointSchema.commands.has(command));
}

/** Cases of users that are gone, or never came. */
export const usersGone: readonly CaseDefinition[] = [
  {
    id: 'node-users/first-of-two-leaves',
    title:
      'When one of two users of a kind leaves, a node takes what it took beside the other, and then all again',
    requirements: ['blockdev-add/users-agree'],
    needs: commandNeeds,
    async run(t: CaseContext) {
      await startNbdServer(t);
      const scene = await makeScene(t);
      const alone = await taken(scene);
      for (const kind of KINDS) {
        const [first, second] = [t.name('first'), t.name('second')];
        await kind.come(scene, first);
        const beside = await taken(scene);
        await kind.come(scene, second);
        await kind.leave(scene, first);
        t.equal(await taken(scene), beside, `of two ${kind.what} the one that stays must count as before`);
        await t.refused('blockdev-del', { 'node-name': scene.node.node });
        await kind.leave(scene, second);
        t.equal(await taken(scene), alone, `without ${kind.what} the node must take what it took before`);
      }
      await t.execute('blockdev-del', { 'node-name': scene.node.node });
    },
  },
  {
    id: 'node-users/refused-ones',
    title:
      'After all calls that refer to a node and are refused it takes the same commands, and can be deleted',
    requirements: ['blockdev-add/users-agree', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(commandNeeds, { commands: ['blockdev-snapshot-sync'] }),
    async run(t: CaseContext) {
      const { local } = await startNbdServer(t);
      const scene = await makeScene(t);
      const before = await taken(scene);
      const { node } = scene.node;
      await t.execute('nbd-server-add', { device: node, name: 'guest', writable: true });
      const guest = await connectTo(t, local, 'guest');
      for (const [command, args] of await refusals(scene)) await t.refused(command, args);
      t.check(await guest.write(0, Buffer.alloc(512)), 'the node must be written as before', 'it is not');
      guest.close();
      await t.execute('nbd-server-remove', { name: 'guest' });
      t.equal(await taken(scene), before, 'the node must take the commands that it took before the refusals');
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
];
