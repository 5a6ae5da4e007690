/** Each user of a node with each command on it: whether both agree. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, makeChain, makeEmpty } from '../helpers/backing-chains.ts';
import { backupJobs, CRAWL, crawlingBackup } from '../helpers/job-steps.ts';
import { startNbdServer } from '../helpers/node-io.ts';
import { needs, nodeNames, queryList } from '../helpers/shared-setup.ts';
import {
  COMMANDS,
  commandNeeds,
  LASTING,
  type Scene,
  spareNode,
  takenBack,
  underWay,
} from './commands-on-nodes.ts';
import { emptyNodes } from './empty-nodes.ts';
import { namesOfTheOtherKind } from './names-of-the-other-kind.ts';
import { checkOutcomes } from './outcomes.ts';
import { userPairCases } from './pairs.ts';
import { usersGone } from './users-gone.ts';

/** A job that uses the node. */
interface StartedJob {
  readonly execute: string;
  readonly args: JsonObject;
}

const backup = (args: JsonObject): StartedJob => ({ execute: 'blockdev-backup', args });
const mirror = (args: JsonObject): StartedJob => ({ execute: 'blockdev-mirror', args });

/** A user of a node, and what becomes of each command beside it, in their order. */
interface User {
  readonly id: string;
  readonly what: string;
  readonly outcomes: string;
  /** Once the job is gone, where they are others than those of an overlay, or of nobody. */
  readonly freed?: string;
  /** The chain has a node on top. */
  readonly hasTop?: boolean;
  readonly options?: JsonObject;
  use?(scene: Scene): Promise<void>;
  /** Puts a node above it, which is what the commands are tried on. Gives its name. */
  above?(scene: Scene): Promise<string>;
  /** Where the user is a job: what starts it, but for its id. */
  job?(scene: Scene): Promise<StartedJob>;
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
    job: async ({ t, node }) => backup({ device: node.node, target: await spareNode(t), sync: 'none' }),
  },
  {
    id: 'backup-target',
    what: 'a backup copies to',
    outcomes: '-------++++++-----',
    job: async ({ t, node }) => backup({ device: await spareNode(t), target: node.node, sync: 'none' }),
  },
  {
    id: 'mirror-source',
    what: 'a mirror copies',
    outcomes: '--?----++++++-?---',
    job: async ({ t, node }) => mirror({ device: node.node, target: await spareNode(t), sync: 'none' }),
  },
  {
    id: 'mirror-target',
    what: 'a mirror copies to',
    outcomes: '-------++--++-----',
    job: async ({ t, node }) => mirror({ device: await spareNode(t), target: node.node, sync: 'none' }),
  },
  {
    id: 'mirror-filter',
    what: 'a mirror put above its source',
    outcomes: '-------++++++-----',
    above: async ({ t, node }) => {
      const filter = t.name('filter');
      const { execute, args } = mirror({ device: node.node, target: await spareNode(t), sync: 'none' });
      await start(t, { execute, args: { ...args, 'filter-node-name': filter } });
      return filter;
    },
  },
  {
    id: 'stream-through',
    what: 'a stream copies out of',
    outcomes: '-------+++?++?----',
    hasTop: true,
    job: async ({ top }) => ({ execute: 'block-stream', args: { device: top!.node, speed: CRAWL } }),
  },
  {
    id: 'stream-base',
    what: 'is the base of a stream',
    outcomes: '-?-----+++?++-+---',
    freed: '-?+----++++++-+---',
    hasTop: true,
    job: async ({ t, top, node }) => {
      const device = await addQcow2(t, await makeEmpty(t), { backing: top!.node });
      return { execute: 'block-stream', args: { device, base: node.file.path, speed: 1 } };
    },
  },
  {
    id: 'commit-of-active',
    what: 'a commit copies down, as the active image',
    outcomes: '--?----++++++-----',
    job: async ({ node }) => ({ execute: 'block-commit', args: { device: node.node, speed: 1 } }),
  },
  {
    id: 'commit-into',
    what: 'a commit copies into',
    outcomes: '-------++??++-----',
    hasTop: true,
    job: async ({ top, node }) => ({
      execute: 'block-commit',
      args: { device: top!.node, base: node.file.path, speed: 1 },
    }),
  },
];

/** The chain, and a spare node, without any user of them. */
async function makeUnused(t: CaseContext, { hasTop = false, options = {} }: User): Promise<Scene> {
  const files = await makeChain(t, 3);
  const base = { node: await addQcow2(t, files[0]!, { 'read-only': true }), file: files[0]! };
  const node = { node: await addQcow2(t, files[1]!, { backing: base.node, ...options }), file: files[1]! };
  const scene = { t, base, node, spare: await spareNode(t) };
  return hasTop
    ? { ...scene, top: { node: await addQcow2(t, files[2]!, { backing: node.node }), file: files[2]! } }
    : scene;
}

async function makeScene(t: CaseContext, user: User): Promise<Scene> {
  const scene = await makeUnused(t, user);
  await user.use?.(scene);
  const node = (await user.above?.(scene)) ?? scene.node.node;
  if (user.job) await start(t, await user.job(scene));
  return { ...scene, node: { ...scene.node, node } };
}

/** Starts a job that is to go on. Gives its id. */
async function start(t: CaseContext, { execute, args }: StartedJob): Promise<string> {
  const device = t.name('user');
  await t.execute(execute, { 'job-id': device, ...args });
  await underWay(t, execute, device);
  return device;
}

/** The same scene, once the job was refused for its id, and again for its speed, and then started and cancelled. */
async function makeFreed(t: CaseContext, user: User, taken: string): Promise<Scene> {
  // Jobs in scenes before it may still end.
  const others = await nodeNames(t);
  const scene = await makeUnused(t, user);
  const job = await user.job!(scene);
  const before = await graphOf(t, others);
  for (const fault of [{ 'job-id': taken }, { 'job-id': t.name('job'), speed: -1 }]) {
    await t.refused(job.execute, { ...job.args, ...fault });
    t.equal(await graphOf(t, others), before, 'a job that is refused must leave every node as it was');
  }
  await takenBack(t, job.execute, await start(t, job));
  t.equal(
    withoutReadOnly(await graphOf(t, others)),
    withoutReadOnly(before),
    'a job that is cancelled must leave every node where it was',
  );
  return scene;
}

/** What all nodes but some are to each other, and whether they can be written. */
async function graphOf(t: CaseContext, others: readonly string[]): Promise<JsonObject[]> {
  const all = await queryList(t, 'query-named-block-nodes');
  const nodes = all.filter(({ 'node-name': name }) => !others.includes(name as string));
  const told = nodes.map(
    ({ 'node-name': name = null, ro = null, backing_file_depth = null, file = null }) => ({
      name,
      ro,
      backing_file_depth,
      file,
    }),
  );
  return told.toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
}

/** A base that was made writable may stay so for a job that is cancelled. */
const withoutReadOnly = (graph: readonly JsonObject[]): Json => graph.map((node) => ({ ...node, ro: null }));

/** Each command, in their order, as `User.outcomes` tells them. */
async function outcomesOf(scene: () => Promise<Scene>): Promise<string> {
  let got = '';
  const shared = await scene();
  for (const attempt of Object.values(COMMANDS)) got += (await attempt(shared)) ? '+' : '-';
  for (const attempt of Object.values(LASTING)) got += (await attempt(await scene())) ? '+' : '-';
  return got;
}

/** States that the outcomes are the foreseen ones. */
function checkCommands(t: CaseContext, got: string, outcomes: string, what: string): void {
  const names = [...Object.keys(COMMANDS), ...Object.keys(LASTING)];
  const required =
    `on a node that ${what} each command must be accepted or refused as its users agree` as const;
  checkOutcomes(t, names, got, outcomes, required);
}

function userCase(user: User): CaseDefinition {
  return {
    id: `node-users/${user.id}`,
    title: `Each command on a node that ${user.what} is accepted or refused as its users agree`,
    requirements: ['blockdev-add/users-agree'],
    needs: commandNeeds,
    async run(t: CaseContext) {
      await startNbdServer(t);
      checkCommands(t, await outcomesOf(() => makeScene(t, user)), user.outcomes, user.what);
    },
  };
}

/** A job that is no user of the node any more. */
function freedCase(user: User): CaseDefinition {
  const { id, hasTop = false } = user;
  const left = USERS.find((other) => other.id === (hasTop ? 'overlay' : 'nobody'))!;
  const outcomes = user.freed ?? left.outcomes;
  return {
    id: `node-users/${id}-freed`,
    title: `When a job (${id}) has been refused, or cancelled, the node takes the commands that it took before`,
    requirements: ['blockdev-add/users-agree'],
    needs: needs(commandNeeds, backupJobs),
    async run(t: CaseContext) {
      await startNbdServer(t);
      const taken = await crawlingBackup(t);
      const got = await outcomesOf(() => makeFreed(t, user, taken));
      checkCommands(t, got, outcomes, 'no job uses any more');
    },
  };
}

/** Cases of users of a node, and commands on it. */
export const nodeUserCases: readonly CaseDefinition[] = [
  ...USERS.map(userCase),
  ...USERS.filter(({ job }) => job !== undefined).map(freedCase),
  ...userPairCases,
  ...emptyNodes,
  ...namesOfTheOtherKind,
  ...usersGone,
];
