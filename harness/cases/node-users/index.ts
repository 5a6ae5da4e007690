/** Each user of a node with each command on it: whether both agree. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, makeChain } from '../helpers/backing-chains.ts';
import { CRAWL } from '../helpers/job-steps.ts';
import { startNbdServer } from '../helpers/node-io.ts';
import { COMMANDS, commandNeeds, LASTING, type Scene, spareNode } from './commands-on-nodes.ts';
import { userPairCases } from './pairs.ts';

/** What becomes of each command, in their order: `+` accepted, `-` refused, `?` left to the endpoint. */
interface User {
  readonly id: string;
  readonly what: string;
  readonly outcomes: string;
  /** The chain has a node on top. */
  readonly hasTop?: boolean;
  readonly options?: JsonObject;
  use?(scene: Scene): Promise<void>;
}

async function startJob({ t }: Scene, execute: string, args: JsonObject): Promise<void> {
  const device = t.name('user');
  await t.execute(execute, { 'job-id': device, ...args });
  if (execute === 'blockdev-mirror') await t.event('BLOCK_JOB_READY', { device });
}

const USERS: readonly User[] = [
  { id: 'nobody', what: 'nobody uses', outcomes: '++++++++++++++++-+' },
  { id: 'read-only', what: 'is read-only', outcomes: '-+-+-+-+++++++++-+', options: { 'read-only': true } },
  { id: 'overlay', what: 'is the backing node of another', outcomes: '-?+----++++++-+-+-', hasTop: true },
  {
    id: 'writer',
    what: 'a node writes',
    outcomes: '+?+-+--++++++-+--+',
    use: async ({ t, node }) => {
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': t.name('user'), file: node.node });
    },
  },
  {
    id: 'reader',
    what: 'a node reads',
    outcomes: '+?+-+--++++++-+--+',
    use: async ({ t, node }) => {
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': t.name('user'),
        file: node.node,
        'read-only': true,
      });
    },
  },
  ...[true, false].map(
    (writable): User => ({
      id: writable ? 'writable-export' : 'export',
      what: writable ? 'is exported to be written' : 'is exported to be read',
      outcomes: '-+++-++++++++-++-+',
      use: async ({ t, node }) => {
        await t.execute('nbd-server-add', { device: node.node, name: t.name('user'), writable });
      },
    }),
  ),
  {
    id: 'backup-source',
    what: 'a backup copies',
    outcomes: '-?-----+++?++-?--?',
    use: async (scene) =>
      startJob(scene, 'blockdev-backup', {
        device: scene.node.node,
        target: await spareNode(scene.t),
        sync: 'none',
      }),
  },
  {
    id: 'backup-target',
    what: 'a backup copies to',
    outcomes: '-------++++++-----',
    use: async (scene) =>
      startJob(scene, 'blockdev-backup', {
        device: await spareNode(scene.t),
        target: scene.node.node,
        sync: 'none',
      }),
  },
  {
    id: 'mirror-source',
    what: 'a mirror copies',
    outcomes: '--?----++++++-?---',
    use: async (scene) =>
      startJob(scene, 'blockdev-mirror', {
        device: scene.node.node,
        target: await spareNode(scene.t),
        sync: 'none',
      }),
  },
  {
    id: 'mirror-target',
    what: 'a mirror copies to',
    outcomes: '-------++--++-----',
    use: async (scene) =>
      startJob(scene, 'blockdev-mirror', {
        device: await spareNode(scene.t),
        target: scene.node.node,
        sync: 'none',
      }),
  },
  {
    id: 'stream-through',
    what: 'a stream copies out of',
    outcomes: '-------+++?++?----',
    hasTop: true,
    use: (scene) => startJob(scene, 'block-stream', { device: scene.top!.node, speed: CRAWL }),
  },
  {
    id: 'stream-base',
    what: 'is the base of a stream',
    outcomes: '-?+----++++++-+-+-',
    hasTop: true,
    use: (scene) =>
      startJob(scene, 'block-stream', { device: scene.top!.node, base: scene.node.file.path, speed: CRAWL }),
  },
  {
    id: 'commit-of-active',
    what: 'a commit copies down, as the active image',
    outcomes: '--?----++++++-----',
    use: (scene) => startJob(scene, 'block-commit', { device: scene.node.node, speed: 1 }),
  },
  {
    id: 'commit-into',
    what: 'a commit copies into',
    outcomes: '-------++??++-----',
    hasTop: true,
    use: (scene) =>
      startJob(scene, 'block-commit', { device: scene.top!.node, base: scene.node.file.path, speed: 1 }),
  },
];

async function makeScene(t: CaseContext, { hasTop = false, options = {}, use }: User): Promise<Scene> {
  const files = await makeChain(t, 3);
  const base = { node: await addQcow2(t, files[0]!), file: files[0]! };
  const node = { node: await addQcow2(t, files[1]!, { backing: base.node, ...options }), file: files[1]! };
  const scene = { t, base, node, spare: await spareNode(t) };
  const whole: Scene = hasTop
    ? { ...scene, top: { node: await addQcow2(t, files[2]!, { backing: node.node }), file: files[2]! } }
    : scene;
  await use?.(whole);
  return whole;
}

function userCase(user: User): CaseDefinition {
  return {
    id: `node-users/${user.id}`,
    title: `Each command on a node that ${user.what} is accepted or refused as its users agree`,
    requirements: ['blockdev-add/users-agree'],
    needs: commandNeeds,
    async run(t: CaseContext) {
      await startNbdServer(t);
      let got = '';
      const scene = await makeScene(t, user);
      for (const attempt of Object.values(COMMANDS)) got += (await attempt(scene)) ? '+' : '-';
      for (const attempt of Object.values(LASTING))
        got += (await attempt(await makeScene(t, user))) ? '+' : '-';
      const names = [...Object.keys(COMMANDS), ...Object.keys(LASTING)];
      const wrong = names.filter(
        (_, index) => user.outcomes[index] !== '?' && user.outcomes[index] !== got[index],
      );
      t.equal(
        wrong,
        [],
        `on a node that ${user.what} each command must be accepted or refused as its users agree`,
        { got },
      );
    },
  };
}

/** Cases of users of a node, and commands on it. */
export const nodeUserCases: readonly CaseDefinition[] = [...USERS.map(userCase), ...userPairCases];
