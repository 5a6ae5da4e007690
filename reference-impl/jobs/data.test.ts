/** What images hold after jobs, with guests writing meanwhile, against models of them in memory. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { Node } from '../graph/node.ts';
import { run, whyMissing } from '../testing-programs.ts';
import { Bench } from './testing.ts';

const SIZE = 1 << 20;
const UNIT = 4096;

let bench: Bench;

interface Given {
  readonly layers: Write[][];
  readonly early: Write[];
  readonly late: Write[];
  readonly slow: boolean;
}

interface Write {
  readonly at: number;
  readonly units: number;
  readonly pattern: number;
}

const write: fc.Arbitrary<Write> = fc.record({
  at: fc.nat(SIZE / UNIT - 1),
  units: fc.integer({ min: 1, max: 40 }),
  pattern: fc.integer({ min: 0, max: 255 }),
});
const writes = fc.array(write, { maxLength: 6 });

/** Writes to a disk, all at once, and to the model of it; gives those written: one that overlaps an earlier one is left out. */
async function apply(disk: { readonly node: Node }, model: Buffer, list: readonly Write[]): Promise<Write[]> {
  const applied: Write[] = [];
  const taken = new Set<number>();
  const requests: Promise<void>[] = [];
  for (const { at, units, pattern } of list) {
    const range = Array.from({ length: Math.min(units, SIZE / UNIT - at) }, (_, index) => at + index);
    if (range.some((unit) => taken.has(unit))) continue;
    for (const unit of range) taken.add(unit);
    applied.push({ at, units: range.length, pattern });
    const data = new Uint8Array(range.length * UNIT).fill(pattern);
    model.set(data, at * UNIT);
    requests.push(disk.node.requests.write(at * UNIT, data));
  }
  await Promise.all(requests);
  return applied;
}

/** A chain of images, the base first, each with writes of its own; what the top shows. */
async function makeChain(layers: readonly (readonly Write[])[]): Promise<Buffer> {
  const model = Buffer.alloc(SIZE);
  for (const [index, list] of layers.entries()) {
    await bench.qcow2(`i${index}`, SIZE, index === 0 ? undefined : `i${index - 1}`);
    await apply({ node: bench.node(`i${index}`) }, model, list);
  }
  return model;
}

const layers = fc.array(writes, { minLength: 1, maxLength: 4 });
const scenario = fc.record({ layers, early: writes, late: writes, slow: fc.boolean() });
const RUNS = { numRuns: 8, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false };

const missing = whyMissing(['qemu-img'], 'qemu');

test('qemu-img is here to check the images that the jobs below leave', ({ skip }) => {
  skip(missing !== undefined, missing);
});

async function checkImages(folder: string): Promise<void> {
  if (missing !== undefined) return;
  for (const name of readdirSync(folder)) await run('qemu-img', 'check', '-q', join(folder, name));
}

/** Runs a property, each time on an endpoint of its own, whose images must be clean afterwards. */
async function holds(property: (given: Given) => Promise<void>): Promise<void> {
  const once = async (given: Given) => {
    bench = new Bench();
    try {
      await property(given);
      await bench.end();
      await checkImages(bench.folder);
    } finally {
      await bench.close();
    }
  };
  await fc.assert(fc.asyncProperty(scenario, once), RUNS);
}

function speed(slow: boolean): JsonObject {
  return slow ? { speed: 4 << 20 } : {};
}

test.each(['full', 'top', 'none'] as const)('backup %s: as it was at the beginning', async (sync) => {
  await holds(async ({ layers: images, early, late, slow }) => {
    const shown = await makeChain(images);
    const top = `i${images.length - 1}`;
    await bench.qcow2(
      `it`,
      SIZE,
      sync === 'full' || images.length === 1 ? undefined : `i${images.length - 2}`,
    );
    const disk = bench.guest(top);
    const before = Buffer.from(shown);
    await bench.run('blockdev-backup', {
      'job-id': 'j',
      device: top,
      target: `it`,
      sync,
      ...speed(slow),
    });
    const written = await apply(disk, shown, early);
    await bench.idle();
    written.push(...(await apply(disk, shown, late)));
    if (sync === 'none') await bench.run('block-job-cancel', { device: 'j' });
    await bench.pass(2_000);
    expect(bench.machine.jobs.all).toEqual([]);
    expect((await bench.contents(disk.node)).equals(shown)).toBe(true);
    const copy = await bench.contents(bench.node(`it`));
    if (sync !== 'none') expect(copy.equals(before)).toBe(true);
    // Only what the guest has changed has been copied.
    else for (const { at, units } of written) expectSame(copy, before, at * UNIT, units * UNIT);
  });
});

function expectSame(got: Buffer, expected: Buffer, start: number, length: number): void {
  const end = Math.min(SIZE, start + length);
  expect(got.subarray(start, end).equals(expected.subarray(start, end))).toBe(true);
}

test.each(['complete', 'cancel'] as const)(
  'mirror, then %s: the same, also what is written last',
  async (ending) => {
    await holds(async ({ layers: images, early, late, slow }) => {
      const shown = await makeChain(images);
      const top = `i${images.length - 1}`;
      await bench.qcow2(`it`, SIZE);
      const disk = bench.guest(top);
      const source = disk.node;
      await bench.run('blockdev-mirror', {
        'job-id': 'j',
        device: top,
        target: `it`,
        sync: 'full',
        ...speed(slow),
      });
      await apply(disk, shown, early);
      await bench.pass(3_000);
      const writing = apply(disk, shown, late);
      await bench.run(`block-job-${ending}`, { device: 'j' });
      await writing;
      await bench.pass(3_000);
      expect(bench.events.at(-1)?.event).toBe('BLOCK_JOB_COMPLETED');
      expect(disk.node).toBe(ending === 'complete' ? bench.node(`it`) : source);
      expect((await bench.contents(disk.node)).equals(shown)).toBe(true);
      if (ending === 'cancel') expect((await bench.contents(bench.node(`it`))).equals(shown)).toBe(true);
    });
  },
);

test('stream: the image shows the same without its backing files', async () => {
  await holds(async ({ layers: images, early, late, slow }) => {
    const shown = await makeChain(images);
    const top = `i${images.length - 1}`;
    const disk = bench.guest(top);
    await bench.run('block-stream', { 'job-id': 'j', device: top, ...speed(slow) });
    await apply(disk, shown, early);
    await bench.idle();
    await apply(disk, shown, late);
    await bench.pass(2_000);
    expect(bench.events.at(-1)).toMatchObject({ event: 'BLOCK_JOB_COMPLETED' });
    expect(disk.node.backing).toBeUndefined();
    expect((await bench.contents(disk.node)).equals(shown)).toBe(true);
  });
});

test('commit of the active layer: the base shows what the top did, and takes its place', async () => {
  await holds(async ({ layers: images, early, late }) => {
    const shown = await makeChain([...images, early]);
    const top = `i${images.length}`;
    const disk = bench.guest(top);
    await bench.run('block-commit', { 'job-id': 'j', device: top });
    await bench.idle();
    const writing = apply(disk, shown, late);
    await bench.run('block-job-complete', { device: 'j' });
    await writing;
    await bench.idle();
    expect(bench.events.at(-1)).toMatchObject({ event: 'BLOCK_JOB_COMPLETED' });
    expect(disk.node).toBe(bench.node(`i0`));
    expect((await bench.contents(disk.node)).equals(shown)).toBe(true);
  });
});

test('commit of what is between: the top shows the same over the base alone', async () => {
  await holds(async ({ layers: images, early, late }) => {
    const shown = await makeChain([[], ...images, early]);
    const top = `i${images.length + 1}`;
    const disk = bench.guest(top);
    const between = bench.node(`i${images.length}`).filename.shown;
    await bench.run('block-commit', { 'job-id': 'j', device: top, top: between });
    await apply(disk, shown, late);
    await bench.idle();
    expect(bench.events.at(-1)).toMatchObject({ event: 'BLOCK_JOB_COMPLETED' });
    expect(disk.node.backing?.node).toBe(bench.node(`i0`));
    expect((await bench.contents(disk.node)).equals(shown)).toBe(true);
  });
});

test('incremental backups in a row hold what the source held at the last one', async () => {
  await holds(async ({ layers: images, early, late }) => {
    const shown = await makeChain([images[0]!]);
    const top = `i0`;
    await bench.qcow2(`it`, SIZE);
    const disk = bench.guest(top);
    await bench.run('block-dirty-bitmap-add', { node: top, name: 'b' });
    const { bitmap } = bench.machine.block.bitmap(top, 'b');
    bitmap.mark(0, SIZE);
    const target = join(bench.folder, `it.qcow2`);
    await bench.run('blockdev-del', { 'node-name': `it` });
    for (const list of [early, late]) {
      const before = Buffer.from(shown);
      const job = {
        'job-id': 'j',
        device: top,
        target,
        format: 'qcow2',
        mode: 'existing',
        bitmap: 'b',
        sync: 'incremental',
      };
      await bench.run('drive-backup', job);
      await apply(disk, shown, list);
      await bench.idle();
      expect(bench.events.at(-1)?.data.error).toBeUndefined();
      expect(bitmap.frozen).toBe(false);
      const file = { driver: 'file', filename: target };
      await bench.run('blockdev-add', { driver: 'qcow2', 'node-name': `it`, file, backing: null });
      expect((await bench.contents(bench.node(`it`))).equals(before)).toBe(true);
      await bench.run('blockdev-del', { 'node-name': `it` });
    }
  });
});
