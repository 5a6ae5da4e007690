/** An I/O error at every single request of a small job, under every policy: what is told, and how the job ends. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import { CommandError } from '../errors.ts';
import type { Node } from '../graph/node.ts';
import { IoError } from '../io/errno.ts';
import { errorAction } from './error-policy.ts';
import { Bench } from './testing.ts';

const CLUSTER = 65536;
const CLUSTERS = 4;
const POLICIES: readonly BlockdevOnError[] = ['report', 'ignore', 'stop', 'enospc', 'auto'];

let bench: Bench;

beforeEach(async () => {
  bench = new Bench();
  for (const name of ['s', 't'])
    await bench.run('blockdev-add', { driver: 'null-co', 'node-name': name, size: CLUSTERS * CLUSTER });
});

afterEach(() => bench.close());

/** Lets the nth request of this kind to a node fail, once. */
function fail(node: Node, kind: 'read' | 'write', nth: number, code: string): void {
  const state = node.state as unknown as Record<typeof kind, (...request: unknown[]) => Promise<void>>;
  const original = state[kind];
  let count = 0;
  state[kind] = (...request) => {
    count += 1;
    return count === nth ? Promise.reject(new IoError(code)) : original(...request);
  };
}

const JOBS = {
  backup: (policies: JsonObject) =>
    bench.run('blockdev-backup', { 'job-id': 'j', device: 's', target: 't', sync: 'full', ...policies }),
  mirror: (policies: JsonObject) =>
    bench.run('blockdev-mirror', {
      'job-id': 'j',
      device: 's',
      target: 't',
      sync: 'full',
      granularity: CLUSTER,
      'buf-size': CLUSTER,
      ...policies,
    }),
} as const;

const cases = (['backup', 'mirror'] as const).flatMap((kind) =>
  (['EIO', 'ENOSPC'] as const).flatMap((code) => POLICIES.map((policy) => [kind, code, policy] as const)),
);

describe.each(cases)('%s, %s, policy %s', (kind, code, policy) => {
  test.each((['read', 'write'] as const).flatMap((side) => [1, 2, 3, 4].map((nth) => [side, nth] as const)))(
    '%s %i',
    (side, nth) => check(kind, code, policy, side, nth),
  );
});

test.each(['backup', 'mirror'] as const)(
  '%s: what fails for ever and is ignored lets others end it',
  async (kind) => {
    fill(bench.node('s'));
    bench.node('t').state.write = () => Promise.reject(new IoError('EIO'));
    await JOBS[kind]({ 'on-target-error': 'ignore' });
    await bench.idle();
    await bench.pass(30);
    expect(bench.told('BLOCK_JOB_ERROR').length).toBeGreaterThan(2);
    await bench.run('block-job-cancel', { device: 'j' });
    await bench.pass(10);
    expect(await bench.run('query-block-jobs')).toEqual([]);
  },
);

/** Makes a null node one that has data, for those who ask before they copy. */
function fill({ state }: Node): void {
  state.blockStatus = (_offset, length) => Promise.resolve({ length, zero: false, allocated: true });
  state.read = (_offset, buffer) => Promise.resolve(void buffer.fill(7));
}

async function check(
  kind: keyof typeof JOBS,
  code: 'EIO' | 'ENOSPC',
  policy: BlockdevOnError,
  side: 'read' | 'write',
  nth: number,
): Promise<void> {
  const action = errorAction(policy, new IoError(code));
  fill(bench.node('s'));
  fail(bench.node(side === 'read' ? 's' : 't'), side, nth, code);
  await JOBS[kind]({ 'on-source-error': policy, 'on-target-error': policy });
  await bench.idle();
  expect(bench.told('BLOCK_JOB_ERROR').map(({ data }) => data)).toEqual([
    { device: 'j', operation: side, action },
  ]);
  if (action === 'stop') {
    const [job] = (await bench.run('query-block-jobs')) as [JsonObject];
    expect(job).toMatchObject({
      status: 'paused',
      paused: true,
      'io-status': code === 'ENOSPC' ? 'nospace' : 'failed',
    });
    await expect(bench.run('block-job-cancel', { device: 'j' })).rejects.toThrow(
      new CommandError("The block job for device 'j' is currently paused"),
    );
    await bench.run('block-job-resume', { device: 'j' });
    await bench.idle();
  }
  if (kind === 'mirror' && action !== 'report') {
    expect(bench.events.at(-1)?.event).toBe('BLOCK_JOB_READY');
    await bench.run('block-job-complete', { device: 'j' });
    await bench.idle();
  }
  const [completed, ...more] = bench.told('BLOCK_JOB_COMPLETED');
  expect(more).toEqual([]);
  expect(completed?.data.error).toBe(action === 'report' ? new IoError(code).message : undefined);
  if (action !== 'report') expect(completed?.data.offset).toBe(CLUSTERS * CLUSTER);
  expect(bench.machine.jobs.all).toEqual([]);
  for (const node of bench.machine.block.graph.nodes)
    expect([node.name, node.blockers.reason('resize')]).toEqual([node.name, undefined]);
}

test('a bitmap keeps what it held when the backup fails, and what was written meanwhile', async () => {
  await bench.run('block-dirty-bitmap-add', { node: 's', name: 'b' });
  const { bitmap } = bench.machine.block.bitmap('s', 'b');
  bitmap.mark(0, CLUSTER);
  await bench.qcow2('o', CLUSTERS * CLUSTER);
  const target = `${bench.folder}/o.qcow2`;
  await bench.run('blockdev-del', { 'node-name': 'o' });
  const backup = {
    'job-id': 'j',
    device: 's',
    target,
    format: 'qcow2',
    mode: 'existing',
    sync: 'incremental',
    bitmap: 'b',
    speed: 1,
  };
  await bench.run('drive-backup', backup);
  await bench.idle();
  await expect(bench.run('block-dirty-bitmap-clear', { node: 's', name: 'b' })).rejects.toThrow('frozen');
  await expect(bench.run('block-dirty-bitmap-remove', { node: 's', name: 'b' })).rejects.toThrow('frozen');
  await bench.node('s').requests.write(2 * CLUSTER, new Uint8Array(512));
  expect(bitmap.count()).toBe(CLUSTER);
  await bench.run('block-job-cancel', { device: 'j' });
  await bench.idle();
  expect(bench.told('BLOCK_JOB_CANCELLED')).toHaveLength(1);
  expect(bitmap.count()).toBe(2 * CLUSTER);
});
