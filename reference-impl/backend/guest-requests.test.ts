/** What becomes of a guest's requests: limits, statistics, error policies, the machine that stops and goes on. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import { JobFixture } from '../testing/job-fixture.ts';
import { throttleConfig } from '../throttle/throttle-config.ts';
import { BlockBackend } from './block-backend.ts';
import { GuestIo, type GuestResult } from './guest-requests.ts';

const MILLISECOND = 1_000_000n;
const SIZE = 64 * 1024;
const LATENCY = 2n * MILLISECOND;

let fixture: JobFixture;
let backend: BlockBackend;
let results: GuestResult[];

beforeEach(() => {
  fixture = new JobFixture();
  results = [];
});

afterEach(async () => {
  const closed = fixture.close();
  // The last flush takes its time too.
  await settle(4);
  await closed;
});

/** A disk over nothing; requests fail as the rules say. */
async function disk(
  rules: JsonObject[] = [],
  policies: { rerror?: BlockdevOnError; werror?: BlockdevOnError } = {},
  settings: Partial<BlockBackend['settings']> = {},
  latency = LATENCY,
): Promise<GuestIo> {
  const { block } = fixture.endpoint;
  const image = { driver: 'null-co', size: SIZE, 'latency-ns': Number(latency) };
  const file = { driver: 'blkdebug', image, 'inject-error': rules };
  await block.add({ 'node-name': 'top', driver: 'raw', file });
  const all = { writeback: true, onReadError: 'report', onWriteError: 'enospc', ...settings } as const;
  backend = new BlockBackend(block.graph, 'd0', all);
  block.backends.add(backend);
  backend.insert(block.graph.find('top')!);
  return new GuestIo(backend, fixture.endpoint, fixture.endpoint.run, policies);
}

/** Waits until only the clock could bring more. */
async function after(request: Promise<GuestResult>, milliseconds = 2): Promise<GuestResult | undefined> {
  const before = results.length;
  void request.then((result) => results.push(result));
  await settle(milliseconds);
  return results[before];
}

async function settle(milliseconds = 2): Promise<void> {
  await fixture.idle();
  for (let passed = 0; passed < milliseconds; passed += 1) {
    fixture.clock.advance(MILLISECOND);
    await fixture.idle();
  }
}

const stats = (): JsonObject => backend.accounting.describe(fixture.clock.now());
const names = (): string[] => fixture.events.map(({ event }) => event);
const fails = (event: 'read_aio' | 'write_aio' | 'flush_to_disk', errno = 5, once = true) => ({
  event,
  errno,
  once,
});

test('requests are done and counted, with their times', async () => {
  const io = await disk();
  expect(await after(io.read(512, Buffer.alloc(512)))).toEqual({ ok: true });
  expect(await after(io.write(0, Buffer.alloc(1024)))).toEqual({ ok: true });
  expect(await after(io.writeZeroes(0, 2048))).toEqual({ ok: true });
  expect(await after(io.discard(0, 2048))).toEqual({ ok: true });
  expect(await after(io.flush())).toEqual({ ok: true });
  expect(stats()).toMatchObject({
    rd_operations: 1,
    rd_bytes: 512,
    rd_total_time_ns: Number(LATENCY),
    wr_operations: 2,
    wr_bytes: 3072,
    wr_total_time_ns: Number(2n * LATENCY),
    flush_operations: 1,
    flush_total_time_ns: Number(LATENCY),
    failed_rd_operations: 0,
  });
});

test('a request beyond the end is invalid, and no error', async () => {
  const io = await disk([], { rerror: 'stop', werror: 'stop' });
  await fixture.run('cont');
  expect(await after(io.read(SIZE, Buffer.alloc(512)))).toEqual({ ok: false, errno: 'EIO' });
  expect(await after(io.write(SIZE - 512, Buffer.alloc(1024)))).toEqual({ ok: false, errno: 'EIO' });
  expect(await after(io.writeZeroes(SIZE, 512))).toEqual({ ok: false, errno: 'EIO' });
  expect(stats()).toMatchObject({ invalid_rd_operations: 1, invalid_wr_operations: 2, wr_operations: 0 });
  expect(names()).toEqual(['RESUME']);
});

test.each([true, false])('an invalid request is an access where it counts: %j', async (counts) => {
  const io = await disk();
  fixture.clock.advance(1n);
  backend.accounting.configure({ countsInvalid: counts, countsFailed: true, intervals: [] }, 0n);
  await after(io.read(SIZE, Buffer.alloc(512)));
  expect('idle_time_ns' in stats()).toBe(counts);
});

test('an empty drive has no sector to ask for, and no medium to flush', async () => {
  const io = await disk();
  await backend.eject();
  expect(await after(io.read(0, Buffer.alloc(512)))).toEqual({ ok: false, errno: 'EIO' });
  expect(await after(io.flush())).toEqual({ ok: false, errno: 'ENOMEDIUM' });
  expect(stats()).toMatchObject({ invalid_rd_operations: 1, failed_flush_operations: 1 });
});

test('limits hold requests back, and the time they wait counts', async () => {
  const io = await disk();
  backend.setLimits(throttleConfig({ 'iops-total': 100 }));
  const done: bigint[] = [];
  for (let index = 0; index < 13; index += 1)
    void io.read(0, Buffer.alloc(512)).then(() => done.push(fixture.clock.now() / MILLISECOND));
  await settle(40);
  expect(done.slice(0, 11)).toEqual(Array(11).fill(2n));
  expect(done.slice(11)).toEqual([12n, 22n]);
  expect(stats()).toMatchObject({ rd_total_time_ns: (11 * 2 + 12 + 22) * Number(MILLISECOND) });
});

test('flushes and discards are not held back', async () => {
  const io = await disk();
  backend.setLimits(throttleConfig({ 'iops-total': 1 }));
  await after(io.write(0, Buffer.alloc(512)));
  void io.write(0, Buffer.alloc(512));
  expect(await after(io.flush())).toEqual({ ok: true });
  expect(await after(io.discard(0, 512))).toEqual({ ok: true });
});

/** Three writes, of which the limits of the drive let one pass. */
async function heldBack(io: GuestIo): Promise<Promise<GuestResult | undefined>[]> {
  backend.setLimits(throttleConfig({ 'bps-total': 1 }));
  const requests = [0, 512, 1024].map((offset) => after(io.write(offset, Buffer.alloc(512)), 0));
  await settle();
  expect(results).toHaveLength(1);
  return requests;
}

test.each<[what: string, drains: () => Promise<unknown>]>([
  [
    'a drained section of its node',
    async () => (await fixture.endpoint.block.graph.drainedBegin([backend.node!]))(),
  ],
  ['one of all nodes', () => fixture.endpoint.block.graph.drainAll()],
  ['stop', () => fixture.run('stop')],
  ['aio_flush', () => fixture.run('human-monitor-command', { 'command-line': 'qemu-io d0 aio_flush' })],
])('limits hold nothing back in %s, which waits for it', async (_, drains) => {
  const io = await disk();
  await heldBack(io);
  let drained = false;
  void drains().then(() => {
    drained = true;
  });
  await fixture.idle();
  expect(drained).toBe(false);
  await settle(4);
  expect(drained).toBe(true);
  expect(results).toHaveLength(3);
  void io.write(0, Buffer.alloc(512));
  await settle();
  expect(results).toHaveLength(3);
});

test.each(['eject', 'close'] as const)('a medium goes when its requests have ended: %s', async (verb) => {
  const io = await disk();
  fixture.node('top').takeFromMonitor();
  await heldBack(io);
  void backend[verb]();
  await settle(4);
  expect(results).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
  expect(backend.node).toBeUndefined();
});

test('a drained section of other nodes is none of the drive', async () => {
  const io = await disk();
  await fixture.endpoint.block.add({ 'node-name': 'other', driver: 'null-co' });
  await heldBack(io);
  const { graph } = fixture.endpoint.block;
  await (await graph.drainedBegin([graph.find('other')!]))();
  await settle();
  expect(results).toHaveLength(1);
});

test('stop flushes, and nobody hears of what fails there', async () => {
  const io = await disk([fails('flush_to_disk')], { werror: 'report' });
  await after(write(io));
  void fixture.run('stop');
  await settle();
  expect(fixture.events).toEqual([]);
  // The one error was met.
  expect(await after(io.flush())).toEqual({ ok: true });
});

test('a drive that writes through flushes every write', async () => {
  const io = await disk([fails('flush_to_disk')], { werror: 'report' }, { writeback: false });
  expect(await after(io.write(0, Buffer.alloc(512)), 4)).toEqual({ ok: false, errno: 'EIO' });
  expect(await after(io.write(0, Buffer.alloc(512)), 4)).toEqual({ ok: true });
});

const write = (io: GuestIo) => io.write(0, Buffer.alloc(512));
const read = (io: GuestIo) => io.read(0, Buffer.alloc(512));

test.each([
  ['read', 'report', 5, 'report', false],
  ['write', 'report', 28, 'report', false],
  ['write', 'enospc', 5, 'report', false],
  ['read', 'ignore', 5, 'ignore', true],
  ['write', 'ignore', 28, 'ignore', true],
] as const)('an error of a %s with %s (%d): %s', async (operation, policy, errno, action, ok) => {
  const policies = operation === 'read' ? { rerror: policy, werror: policy } : { werror: policy };
  const io = await disk([fails(`${operation}_aio`, errno)], policies);
  await fixture.run('cont');
  const result = await after(operation === 'read' ? read(io) : write(io));
  expect(result).toEqual(ok ? { ok } : { ok, errno: errno === 5 ? 'EIO' : 'ENOSPC' });
  expect(fixture.events.slice(1)).toEqual([
    {
      event: 'BLOCK_IO_ERROR',
      data: {
        device: 'd0',
        'node-name': 'top',
        operation,
        action,
        ...(policy === 'enospc' ? { nospace: false } : {}),
        reason: errno === 5 ? 'Input/output error' : 'No space left on device',
      },
    },
  ]);
  const short = operation === 'read' ? 'rd' : 'wr';
  expect(stats()).toMatchObject({
    [`failed_${short}_operations`]: ok ? 0 : 1,
    [`${short}_operations`]: ok ? 1 : 0,
    [`${short}_bytes`]: ok ? 512 : 0,
  });
  expect(io.ioStatus).toBe(policy === 'enospc' ? 'ok' : undefined);
});

test('a failed flush is told as a write', async () => {
  const io = await disk([fails('flush_to_disk')], { werror: 'report' });
  await after(write(io));
  expect(await after(io.flush())).toEqual({ ok: false, errno: 'EIO' });
  expect(fixture.events[0]!.data).toMatchObject({ operation: 'write', action: 'report' });
  expect(stats()).toMatchObject({ failed_flush_operations: 1, failed_wr_operations: 0 });
});

test.each([
  [5, 'failed', false],
  [28, 'nospace', true],
] as const)('an error stops the machine until it goes on, errno %d', async (errno, status, nospace) => {
  const io = await disk([fails('write_aio', errno, false)], { werror: 'stop' });
  await fixture.run('cont');
  expect(io.ioStatus).toBe('ok');
  expect(await after(write(io))).toBeUndefined();
  expect(names()).toEqual(['RESUME', 'BLOCK_IO_ERROR', 'STOP']);
  expect(fixture.events[1]!.data).toMatchObject({ action: 'stop', nospace });
  expect(io.ioStatus).toBe(status);
  expect(fixture.endpoint.run.describe()).toMatchObject({ status: 'io-error', running: false });
  // An error that is not counted yet: the request has not ended.
  expect(stats()).toMatchObject({ failed_wr_operations: 0, wr_operations: 0 });
  await fixture.run('cont');
  expect(names().slice(3)).toEqual(['RESUME']);
  expect(io.ioStatus).toBe('ok');
  await settle();
  expect(names().slice(3)).toEqual(['RESUME', 'BLOCK_IO_ERROR', 'STOP']);
  expect(io.ioStatus).toBe(status);
});

test('it is made again when cont has been answered', async () => {
  const io = await disk([fails('write_aio', 5, false)], { werror: 'stop' }, {}, 0n);
  await fixture.run('cont');
  await after(write(io));
  fixture.events.length = 0;
  void fixture.run('cont').then(() => fixture.events.push({ event: 'return', data: {} }));
  await settle();
  expect(names()).toEqual(['RESUME', 'return', 'BLOCK_IO_ERROR', 'STOP']);
});

test('a request that succeeds when it is made again ends well, and counts once', async () => {
  const io = await disk([fails('read_aio')], { rerror: 'stop' });
  await fixture.run('cont');
  expect(await after(read(io))).toBeUndefined();
  await settle(10);
  await fixture.run('cont');
  await settle();
  expect(results).toEqual([{ ok: true }]);
  expect(stats()).toMatchObject({
    rd_operations: 1,
    failed_rd_operations: 0,
    rd_total_time_ns: Number(LATENCY),
  });
});

test('a machine that does not run is not stopped, and the request waits for it to run', async () => {
  const io = await disk([fails('read_aio')], { rerror: 'stop' });
  expect(await after(read(io))).toBeUndefined();
  expect(names()).toEqual(['BLOCK_IO_ERROR']);
  expect(fixture.endpoint.run.describe()).toMatchObject({ status: 'prelaunch' });
  await fixture.run('cont');
  await settle();
  expect(results).toEqual([{ ok: true }]);
});

test('the machine stops once for several errors, and all are made again', async () => {
  const io = await disk([fails('read_aio'), fails('write_aio', 28)], { rerror: 'stop', werror: 'stop' });
  await fixture.run('cont');
  const reading = after(read(io));
  const writing = after(io.write(512, Buffer.alloc(512)));
  expect([await reading, await writing]).toEqual([undefined, undefined]);
  expect(names().filter((name) => name === 'STOP')).toHaveLength(1);
  expect(io.ioStatus).toBe('failed');
  await fixture.run('cont');
  await settle();
  expect(results).toEqual([{ ok: true }, { ok: true }]);
});

test('a device that is reset gives up what waited', async () => {
  const io = await disk([fails('read_aio')], { rerror: 'stop' });
  await fixture.run('cont');
  await after(read(io));
  io.reset();
  await settle();
  expect(results).toEqual([{ ok: false, errno: 'EIO' }]);
  await fixture.run('cont');
  await settle();
  expect(names().slice(3)).toEqual(['RESUME']);
});
