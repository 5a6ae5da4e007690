/**
 * Steps that end with a command which has an effect, and what `success-has-effect` says where that is swallowed.
 */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Deviation } from '../../reports/record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../cases/case.ts';
import { addChain, makeEmpty } from '../cases/helpers/backing-chains.ts';
import { crawlingBackup } from '../cases/helpers/job-steps.ts';
import { addNode, addRaw, MiB } from '../cases/helpers/shared-setup.ts';
import { run } from '../runner/run.ts';
import type { Target, Topology } from '../targets/target.ts';
import { lyingTarget } from './lying-target.ts';

const spec = loadBlockSchema();

/** Steps at the end of which the command is sent, and succeeds. */
export interface Scene {
  readonly command: string;
  readonly run: (t: CaseContext) => Promise<unknown>;
  readonly topology?: Topology;
  /** What the check says of it, after the command's name. */
  readonly says: RegExp;
  /** The action of a transaction that is named in its place. */
  readonly action?: string;
}

/** What `success-has-effect` reports of the scene, and what else there is to say. */
export async function told(
  target: Target,
  scene: Scene,
): Promise<{ found: readonly Deviation[]; outcome: string }> {
  const definition: CaseDefinition = {
    id: `effect/${scene.command}`,
    title: scene.command,
    requirements: ['protocol/success-is-an-object'],
    ...(scene.topology && { topology: scene.topology }),
    fresh: true,
    run: async (t) => void (await scene.run(t)),
  };
  const record = await run({
    target,
    spec,
    cases: () => [definition],
    limits: { eventTimeout: 1_000, caseTimeout: 20_000 },
  });
  const [result] = record.cases;
  const found = result!.deviations.filter(({ check }) => check === 'success-has-effect');
  return { found, outcome: `${result!.outcome} ${result!.reason ?? ''}` };
}

/** Fails the test unless the check is silent on the target, and fires where the command is swallowed. */
export async function seen(target: Target, scene: Scene): Promise<void> {
  expect(await told(target, scene)).toMatchObject({ found: [], outcome: expect.stringMatching(/^pass/) });
  const deaf = lyingTarget(target, (command) => (command === scene.command ? { return: {} } : null));
  const { found, outcome } = await told(deaf, scene);
  expect([outcome, ...found.map(({ message }) => message)]).toContainEqual(
    expect.stringMatching(
      new RegExp(`^${scene.action ?? scene.command} succeeded, and ${scene.says.source}`),
    ),
  );
}

export const resize = (t: CaseContext, node: string, size: number) =>
  t.execute('block_resize', { 'node-name': node, size });

/** Starts a server and tells where it listens. */
async function serve(t: CaseContext): Promise<{ socket: string; address: JsonObject }> {
  const name = t.name('nbd');
  const address = { addr: { type: 'unix', data: { path: `${t.dir}/${name}` } } };
  await t.execute('nbd-server-start', address);
  return { socket: join(t.scratch, name), address };
}

async function exported(t: CaseContext): Promise<string> {
  await serve(t);
  const node = await addNode(t);
  await t.execute('nbd-server-add', { device: node });
  return node;
}

/** Device `d0` with an image in node `a`, device `e0` without. */
const drives: Topology = {
  name: 'two-drives',
  images: [{ path: 'drive.img', format: 'raw', size: MiB }],
  options: ['-drive', 'if=none,id=d0,file=@DIR@/drive.img,format=raw,node-name=a', '-drive', 'if=none,id=e0'],
  monitors: 1,
};

const LIMITS = { bps: 0, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 };

/** What the reference has. */
export const SCENES: readonly Scene[] = [
  { command: 'blockdev-add', says: /there is no node '/, run: (t) => addNode(t) },
  {
    command: 'blockdev-del',
    says: /the node '.*' is still there/,
    run: async (t) => t.execute('blockdev-del', { 'node-name': await addNode(t) }),
  },
  {
    command: 'block_resize',
    says: /image\.virtual-size is what it was/,
    run: async (t) => resize(t, (await addRaw(t, MiB)).name, 2 * MiB),
  },
  {
    command: 'block-set-write-threshold',
    says: /write_threshold is what it was/,
    run: async (t) =>
      t.execute('block-set-write-threshold', { 'node-name': await addNode(t), 'write-threshold': 512 }),
  },
  {
    command: 'blockdev-snapshot',
    says: /nothing changed/,
    run: async (t) => {
      const [base] = await addChain(t, 1);
      const overlay = t.name('overlay');
      const file = { driver: 'file', filename: (await makeEmpty(t)).path };
      await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': overlay, file });
      await t.execute('blockdev-snapshot', { node: base!.node, overlay });
    },
  },
  {
    command: 'blockdev-snapshot-sync',
    says: /there is no file '/,
    run: async (t) =>
      t.execute('blockdev-snapshot-sync', {
        'node-name': (await addChain(t, 1))[0]!.node,
        'snapshot-file': `${t.dir}/${t.name('overlay')}.qcow2`,
        'snapshot-node-name': t.name('overlay'),
      }),
  },
  {
    command: 'block-dirty-bitmap-add',
    says: /there is no bitmap 'b'/,
    run: async (t) => t.execute('block-dirty-bitmap-add', { node: await addNode(t), name: 'b' }),
  },
  {
    command: 'block-dirty-bitmap-remove',
    says: /the bitmap 'b' is still there/,
    run: async (t) => {
      const node = await addNode(t);
      await t.execute('block-dirty-bitmap-add', { node, name: 'b' });
      await t.execute('block-dirty-bitmap-remove', { node, name: 'b' });
    },
  },
  {
    command: 'transaction',
    action: 'block-dirty-bitmap-add',
    says: /there is no bitmap 'b'/,
    run: async (t) => {
      const data = { node: await addNode(t), name: 'b' };
      await t.execute('transaction', { actions: [{ type: 'block-dirty-bitmap-add', data }] });
    },
  },
  { command: 'blockdev-backup', says: /there was no job/, run: (t) => crawlingBackup(t) },
  {
    command: 'block-commit',
    says: /there was no job/,
    run: async (t) =>
      t.execute('block-commit', { 'job-id': t.name('job'), device: (await addChain(t, 2))[1]!.node }),
  },
  {
    command: 'block-job-pause',
    says: /paused is what it was/,
    run: async (t) => t.execute('block-job-pause', { device: await crawlingBackup(t) }),
  },
  {
    command: 'block-job-resume',
    says: /paused is what it was/,
    run: async (t) => {
      const device = await crawlingBackup(t);
      await t.execute('block-job-pause', { device });
      await t.execute('block-job-resume', { device });
    },
  },
  {
    command: 'block-job-set-speed',
    says: /speed is what it was/,
    run: async (t) => t.execute('block-job-set-speed', { device: await crawlingBackup(t), speed: 2048 }),
  },
  { command: 'nbd-server-start', says: /there is no nbd-server/, run: (t) => serve(t) },
  { command: 'nbd-server-add', says: /there is no export '/, run: (t) => exported(t) },
  {
    command: 'nbd-server-remove',
    says: /the export '.*' is still there/,
    run: async (t) => t.execute('nbd-server-remove', { name: await exported(t) }),
  },
  {
    command: 'nbd-server-stop',
    says: /the nbd-server is still there/,
    run: async (t) => {
      await exported(t);
      await t.execute('nbd-server-stop');
    },
  },
  {
    command: 'block_set_io_throttle',
    says: /inserted\.bps is what it was/,
    topology: drives,
    run: (t) => t.execute('block_set_io_throttle', { device: 'd0', ...LIMITS, bps: 4096 }),
  },
];
