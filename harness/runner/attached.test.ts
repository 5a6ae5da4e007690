/** On an endpoint that somebody else runs, a run touches only what it made itself, and leaves it running. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { cases } from '../cases/index.ts';
import { QmpClient } from '../qmp/client.ts';
import { Child } from '../targets/child-process.ts';
import { resolveTarget } from '../targets/index.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { connectUnix } from '../transports/unix.ts';
import { run } from './run.ts';

let folder: string;
let socket: string;
let daemon: Child;

beforeEach(async (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon'));
  folder = await mkdtemp(join(tmpdir(), 'attached-test-'));
  socket = join(folder, 'qmp');
});

afterEach(async () => {
  await daemon?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

function startDaemon(chardev: string): void {
  daemon = new Child({
    command: 'qemu-storage-daemon',
    args: [
      '--blockdev',
      'driver=null-co,node-name=theirs',
      '--chardev',
      `socket,id=m,${chardev}`,
      '--monitor',
      'chardev=m',
    ],
    cwd: folder,
  });
}

function runOn(address: string): Promise<RunRecord> {
  return run({
    target: resolveTarget(address),
    cases: () => cases,
    spec: loadBlockSchema(),
    patterns: ['blockdev-add', 'null-co/size', 'block_resize'],
    // QEMU 7.2 does not pass these, as its expectations say.
    exclude: ['block_resize/in-use-by-job', 'block_resize/cut-*'],
  });
}

async function nodesOf(): Promise<unknown[]> {
  const client = await QmpClient.connect(await connectUnix(socket));
  const nodes = (await client.execute('query-named-block-nodes')) as { 'node-name': string }[];
  await client.close();
  return nodes.map((node) => node['node-name']);
}

/** Resolves when a monitor greets on the socket. */
async function listening(): Promise<void> {
  for (;;) {
    const transport = await connectUnix(socket).catch(() => null);
    if (transport !== null) return (await QmpClient.connect(transport)).close();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a run leaves the nodes of others, and none of its own', async () => {
  startDaemon(`path=${socket},server=on,wait=on`);
  await listening();
  const record = await runOn(`unix:${socket}`);
  expect(record.totals).toMatchObject({ error: 0, timeout: 0, crash: 0, fail: 0 });
  expect(record.totals.pass).toBeGreaterThan(10);
  expect(daemon.running).toBe(true);
  expect(await nodesOf()).toEqual(['theirs']);
});

// QEMU 7.2 greets a client twice, about once in 300 times, that is there before its monitor is set up.
test('an endpoint may be the one that calls', { retry: 1 }, async () => {
  const running = runOn(`listen:unix:${socket}`);
  startDaemon(`path=${socket},server=off,reconnect=1`);
  const record = await running;
  expect(record.totals).toMatchObject({ error: 0, timeout: 0, crash: 0, fail: 0 });
  expect(record.totals.pass).toBeGreaterThan(10);
});

test('nobody there is a StartError', async () => {
  await expect(runOn(`unix:${socket}`)).rejects.toThrow(/ENOENT|no such/i);
});
