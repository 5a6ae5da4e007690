/** Limits of drives, set as a client does: what a guest that always wants more gets through, on a stepped clock. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { JobFixture } from '../testing/job-fixture.ts';
import { BlockBackend } from './block-backend.ts';
import { GuestIo } from './guest-requests.ts';

const KiB = 1024;
const SIZE = 1024 * KiB;
const STEP_MS = 5;
const NONE = { bps: 0, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 };

let fixture: JobFixture;
let guests: AbortController;

beforeEach(() => {
  fixture = new JobFixture();
  guests = new AbortController();
});

afterEach(async () => {
  guests.abort();
  for (const backend of fixture.endpoint.block.backends.all) await limit(backend.name, {});
  await fixture.close();
});

/** A drive that takes no time, and its guest. */
async function drive(name: string): Promise<GuestIo> {
  const { block } = fixture.endpoint;
  await block.add({ 'node-name': `${name}-node`, driver: 'null-co', size: SIZE });
  const backend = new BlockBackend(block.graph, name, {
    writeback: true,
    onReadError: 'report',
    onWriteError: 'report',
  });
  block.backends.add(backend);
  backend.insert(block.graph.find(`${name}-node`)!);
  return new GuestIo(backend, fixture.endpoint, fixture.endpoint.run);
}

async function limit(device: string, limits: JsonObject): Promise<void> {
  await fixture.run('block_set_io_throttle', { device, ...NONE, ...limits });
}

/** Has the guest make requests of this size for ever, some at once. */
function want(io: GuestIo, what: 'read' | 'write', bytes: number, atOnce = 8): void {
  const data = Buffer.alloc(bytes);
  const go = async (): Promise<void> => {
    while (!guests.signal.aborted) await (what === 'read' ? io.read(0, data) : io.write(0, data));
  };
  for (let index = 0; index < atOnce; index += 1) void go();
}

async function pass(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds * 1000; passed += STEP_MS) {
    fixture.clock.advance(BigInt(STEP_MS) * 1_000_000n);
    await fixture.idle();
  }
}

interface Amounts {
  readonly rd_bytes: number;
  readonly wr_bytes: number;
  readonly rd_operations: number;
  readonly wr_operations: number;
}

function amounts(name: string): Amounts {
  const stats = fixture.endpoint.block.backends.find(name)!.accounting.describe(fixture.clock.now());
  const { rd_bytes, wr_bytes, rd_operations, wr_operations } = stats as JsonObject & Amounts;
  return { rd_bytes, wr_bytes, rd_operations, wr_operations };
}

/** What got through a second. */
async function rates(name: string, seconds: number): Promise<Amounts> {
  const before = amounts(name);
  await pass(seconds);
  const after = amounts(name);
  const grown = (member: keyof Amounts) => (after[member] - before[member]) / seconds;
  return {
    rd_bytes: grown('rd_bytes'),
    wr_bytes: grown('wr_bytes'),
    rd_operations: grown('rd_operations'),
    wr_operations: grown('wr_operations'),
  };
}

/** Within 5 %. */
function expectRate(rate: number, limited: number): void {
  expect(rate).toBeGreaterThan(limited * 0.95);
  expect(rate).toBeLessThan(limited * 1.05);
}

const bytesOf = (rate: Amounts) => rate.rd_bytes + rate.wr_bytes;
const operationsOf = (rate: Amounts) => rate.rd_operations + rate.wr_operations;

type Kind = readonly [member: string, limited: number, amount: (rate: Amounts) => number];

const kinds: readonly Kind[] = [
  ['bps', 1024 * KiB, bytesOf],
  ['bps_rd', 512 * KiB, ({ rd_bytes }) => rd_bytes],
  ['bps_wr', 512 * KiB, ({ wr_bytes }) => wr_bytes],
  ['iops', 200, operationsOf],
  ['iops_rd', 100, ({ rd_operations }) => rd_operations],
  ['iops_wr', 100, ({ wr_operations }) => wr_operations],
];

describe('each limit is kept within 5 %', () => {
  test.each(kinds)('%s', async (member, limited, amount) => {
    const io = await drive('d0');
    // Those of the other direction are let go, and would not leave time for these.
    const other = member.endsWith('_rd') ? 'write' : member.endsWith('_wr') ? 'read' : undefined;
    await limit('d0', { [member]: limited });
    if (other !== 'read') want(io, 'read', 4 * KiB);
    if (other !== 'write') want(io, 'write', 4 * KiB);
    await pass(1);
    expectRate(amount(await rates('d0', 5)), limited);
  });

  test.each(kinds)('%s in a burst, and behind it', async (member, limited, amount) => {
    const io = await drive('d0');
    await limit('d0', { [member]: limited, [`${member}_max`]: 3 * limited, [`${member}_max_length`]: 4 });
    if (!member.endsWith('_rd')) want(io, 'write', 4 * KiB);
    if (!member.endsWith('_wr')) want(io, 'read', 4 * KiB);
    // The first tenth of a second's worth goes at once.
    await pass(0.2);
    expectRate(amount(await rates('d0', 3)), 3 * limited);
    // The bucket holds a burst of 4 s, and leaks all the while.
    await pass(4);
    expectRate(amount(await rates('d0', 5)), limited);
  });

  test.each([1, 4])('a burst is as long as is said, %d s, if nothing went before', async (length) => {
    const io = await drive('d0');
    await limit('d0', { iops: 50, iops_max: 250, iops_max_length: length });
    want(io, 'read', 512);
    await pass(20);
    const { rd_operations } = amounts('d0');
    expectRate(rd_operations, 20 * 50 + length * 250);
  });

  test.each([
    [4 * KiB, 200],
    [8 * KiB, 100],
    [6 * KiB, 200 / 1.5],
    [512, 200],
  ])('iops_size: requests of %d bytes pass %d times a second', async (bytes, expected) => {
    const io = await drive('d0');
    await limit('d0', { iops: 200, iops_size: 4 * KiB });
    want(io, 'write', bytes);
    await pass(1);
    expectRate((await rates('d0', 5)).wr_operations, expected);
  });

  test('of several limits the strictest holds', async () => {
    const io = await drive('d0');
    await limit('d0', { iops: 100, bps_rd: 100 * KiB, bps_wr: 1000 * KiB });
    want(io, 'read', 10 * KiB);
    await pass(1);
    expectRate((await rates('d0', 5)).rd_operations, 10);
  });
});

describe('a group', () => {
  test('shares its limit evenly among its drives, whatever the size and number of their requests', async () => {
    const names = ['d0', 'd1', 'd2'];
    for (const [index, name] of names.entries()) {
      const io = await drive(name);
      await limit(name, { iops: 150, group: 'g' });
      want(io, index === 1 ? 'write' : 'read', (index + 1) * 4 * KiB, 4 ** index);
    }
    await pass(1);
    const before = names.map((name) => operationsOf(amounts(name)));
    await pass(6);
    const shares = names.map((name, index) => (operationsOf(amounts(name)) - before[index]!) / 6);
    expectRate(
      shares.reduce((sum, share) => sum + share, 0),
      150,
    );
    // Reads and writes take turns, and each of the readers has half of the reads.
    expectRate(shares[1]!, 75);
    expectRate(shares[0]!, 37.5);
    expectRate(shares[2]!, 37.5);
  });

  test('gives all to one while the others rest', async () => {
    const io = await drive('d0');
    await drive('d1');
    await limit('d1', { bps: 1024 * KiB, group: 'g' });
    await limit('d0', { bps: 1024 * KiB, group: 'g' });
    want(io, 'write', 64 * KiB);
    await pass(1);
    expectRate((await rates('d0', 5)).wr_bytes, 1024 * KiB);
  });

  test('has the limits that were set last, also for the others in it', async () => {
    const first = await drive('d0');
    await drive('d1');
    await limit('d0', { iops: 100, group: 'g' });
    await limit('d1', { iops: 40, group: 'g' });
    want(first, 'read', 512);
    await pass(1);
    expectRate((await rates('d0', 5)).rd_operations, 40);
  });

  test('is left by what gets a group of its own', async () => {
    const first = await drive('d0');
    const second = await drive('d1');
    await limit('d0', { iops: 100, group: 'g' });
    await limit('d1', { iops: 100, group: 'g' });
    await limit('d1', { iops: 60, group: 'h' });
    for (const io of [first, second]) want(io, 'read', 512);
    await pass(1);
    const others = rates('d1', 5);
    expectRate((await others).rd_operations, 60);
    expectRate((await rates('d0', 5)).rd_operations, 100);
  });
});
