/** The commands that a node is tried with while somebody uses it: each is taken back at once where it was accepted. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, Needs } from '../case.ts';
import { CHAIN_SIZE, chainNodes, type Layer, makeEmpty } from '../helpers/backing-chains.ts';
import { CRAWL, cancelled, endedReady } from '../helpers/job-steps.ts';
import { nbdExports } from '../helpers/node-io.ts';
import { addRaw, needs } from '../helpers/shared-setup.ts';

/** What the commands are tried on: the middle node of a chain of three qcow2 images, and what they need besides. */
export interface Scene {
  readonly t: CaseContext;
  readonly base: Layer;
  readonly node: Layer;
  /** Only where it is a user. */
  readonly top?: Layer;
  /** A raw node as long as the chain, for whatever needs a second one. */
  readonly spare: string;
}

/** Tries a command; takes it back if it is accepted. Tells whether it was. */
type Try = (scene: Scene) => Promise<boolean>;

async function accepted({ t }: Scene, execute: string, args: JsonObject): Promise<boolean> {
  return 'return' in (await t.request({ execute, arguments: args }));
}

/** A command that another takes back. */
function undone(
  execute: string,
  args: (scene: Scene) => JsonObject,
  undo: string,
  undoArgs: (scene: Scene, args: JsonObject) => JsonObject,
): Try {
  return async (scene) => {
    const made = args(scene);
    if (!(await accepted(scene, execute, made))) return false;
    await scene.t.execute(undo, undoArgs(scene, made));
    return true;
  };
}

const isMirror = (execute: string): boolean => execute === 'blockdev-mirror';

/** Waits until a job that was started does what it is for: a mirror is ready, others are at it. */
export async function underWay(t: CaseContext, execute: string, device: string): Promise<void> {
  if (isMirror(execute)) await t.event('BLOCK_JOB_READY', { device });
}

/** Cancels such a job. */
export const takenBack = (t: CaseContext, execute: string, id: string): Promise<unknown> =>
  isMirror(execute) ? endedReady(t, id) : cancelled(t, id);

/** A job that does not end by itself. */
function job(execute: string, args: (scene: Scene) => JsonObject): Try {
  return async (scene) => {
    const id = scene.t.name('job');
    if (!(await accepted(scene, execute, { 'job-id': id, ...args(scene) }))) return false;
    await underWay(scene.t, execute, id);
    await takenBack(scene.t, execute, id);
    return true;
  };
}

/** A job that the end of the case takes back. */
const starts =
  (execute: string, args: (scene: Scene) => JsonObject): Try =>
  (scene) =>
    accepted(scene, execute, { 'job-id': scene.t.name('job'), ...args(scene) });

const single =
  (execute: string, args: (scene: Scene) => JsonObject): Try =>
  (scene) =>
    accepted(scene, execute, args(scene));

const added = (options: (scene: Scene) => JsonObject): Try =>
  undone(
    'blockdev-add',
    (scene) => ({ 'node-name': scene.t.name('above'), ...options(scene) }),
    'blockdev-del',
    (_, made) => ({ 'node-name': made['node-name']! }),
  );

/** By name, in the order in which they are tried. */
export const COMMANDS: Readonly<Record<string, Try>> = {
  block_resize: single('block_resize', ({ node }) => ({ 'node-name': node.node, size: CHAIN_SIZE })),
  'backup of it': job('blockdev-backup', ({ node, spare }) => ({
    device: node.node,
    target: spare,
    sync: 'none',
  })),
  'backup to it': job('blockdev-backup', ({ node, spare }) => ({
    device: spare,
    target: node.node,
    sync: 'none',
  })),
  'mirror of it': job('blockdev-mirror', ({ node, spare }) => ({
    device: node.node,
    target: spare,
    sync: 'none',
  })),
  'mirror to it': job('blockdev-mirror', ({ node, spare }) => ({
    device: spare,
    target: node.node,
    sync: 'none',
  })),
  'change-backing-file': single('change-backing-file', ({ node, base }) => ({
    device: node.node,
    'image-node-name': node.node,
    'backing-file': base.file.path,
  })),
  'internal snapshot': undone(
    'blockdev-snapshot-internal-sync',
    ({ node }) => ({ device: node.node, name: 's' }),
    'blockdev-snapshot-delete-internal-sync',
    ({ node }) => ({ device: node.node, name: 's' }),
  ),
  'dirty bitmap': undone(
    'block-dirty-bitmap-add',
    ({ node }) => ({ node: node.node, name: 'b' }),
    'block-dirty-bitmap-remove',
    ({ node }) => ({ node: node.node, name: 'b' }),
  ),
  'write threshold': single('block-set-write-threshold', ({ node }) => ({
    'node-name': node.node,
    'write-threshold': 0,
  })),
  'export to read': undone(
    'nbd-server-add',
    ({ node }) => ({ device: node.node, name: 'reader' }),
    'nbd-server-remove',
    () => ({ name: 'reader' }),
  ),
  'export to write': undone(
    'nbd-server-add',
    ({ node }) => ({ device: node.node, name: 'writer', writable: true }),
    'nbd-server-remove',
    () => ({ name: 'writer' }),
  ),
  'node that reads it': added(({ node }) => ({ driver: 'raw', file: node.node, 'read-only': true })),
  'node that writes it': added(({ node }) => ({ driver: 'raw', file: node.node })),
  'blockdev-del': single('blockdev-del', ({ node }) => ({ 'node-name': node.node })),
};

/** Tried each in a scene of its own, since they change what there is. */
export const LASTING: Readonly<Record<string, Try>> = {
  'stream into it': starts('block-stream', ({ node }) => ({ device: node.node, speed: CRAWL })),
  'commit of it': starts('block-commit', ({ node }) => ({ device: node.node, speed: 1 })),
  'commit into it': starts('block-commit', ({ top, node }) => ({
    device: top?.node ?? node.node,
    base: node.file.path,
    speed: 1,
  })),
  'blockdev-snapshot': async (scene) => {
    const { t, node } = scene;
    const overlay = t.name('overlay');
    const file = await makeEmpty(t);
    await t.execute('blockdev-add', {
      driver: 'qcow2',
      'node-name': overlay,
      file: { driver: 'file', filename: file.path },
      backing: '',
    });
    return accepted(scene, 'blockdev-snapshot', { node: node.node, overlay });
  },
};

/** What all of them need. */
export const commandNeeds: Needs = needs(chainNodes, nbdExports, {
  commands: [
    'block_resize',
    'blockdev-backup',
    'blockdev-mirror',
    'block-stream',
    'block-commit',
    'block-job-cancel',
    'change-backing-file',
    'blockdev-snapshot',
    'blockdev-snapshot-internal-sync',
    'blockdev-snapshot-delete-internal-sync',
    'block-dirty-bitmap-add',
    'block-dirty-bitmap-remove',
    'block-set-write-threshold',
    'nbd-server-remove',
  ],
  events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
});

/** The spare node of a scene. */
export const spareNode = async (t: CaseContext): Promise<string> => (await addRaw(t, CHAIN_SIZE)).name;
