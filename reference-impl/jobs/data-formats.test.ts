/** Jobs from, to and through images of other formats, while a guest writes: every byte is what a model holds. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import type { RootChild } from '../graph/node-graph.ts';
import { JobFixture } from '../testing/job-fixture.ts';
import { expectBytes } from '../testing/modelled-images.ts';

const CLUSTER = 65536;
/** Bytes; disks of vpc can have this size, as it is that of a geometry. */
const SIZE = 51 * CLUSTER;
const formats = ['vdi', 'vpc', 'vhdx', 'parallels', 'qcow', 'qed'];

/** A guest's writes of random bytes and zeroes, some at a time, and what the disk then holds. */
class Writer {
  readonly #random: Random;
  readonly disk = Buffer.alloc(SIZE);

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  async write(guest: RootChild, rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      const part = SIZE / 3;
      await Promise.all(
        [0, part, 2 * part].map((from) => {
          const offset = from + this.#random.below(part - 100_000);
          const length = 1 + this.#random.below(100_000);
          const isZero = this.#random.below(4) === 0;
          const data = isZero ? Buffer.alloc(length) : this.#random.bytes(length);
          this.disk.set(data, offset);
          return isZero ? guest.node.io.writeZeroes(offset, length) : guest.node.io.write(offset, data);
        }),
      );
    }
  }
}

async function withFixture(work: (fixture: JobFixture) => Promise<void>): Promise<void> {
  const fixture = new JobFixture();
  try {
    await work(fixture);
  } finally {
    await fixture.close();
  }
}

/** Has a backup make an image of the format, and opens it as the node `image`. */
async function makeImage(fixture: JobFixture, driver: string): Promise<void> {
  const filename = join(fixture.folder, 'image');
  await fixture.qcow2('empty', SIZE);
  const made = { device: 'empty', target: filename, format: driver, sync: 'full' };
  await fixture.run('drive-backup', { 'job-id': 'make', ...made });
  await fixture.idle();
  await fixture.run('blockdev-del', { 'node-name': 'empty' });
  await fixture.run('blockdev-add', { driver, 'node-name': 'image', file: { driver: 'file', filename } });
  expect(fixture.node('image').io.length()).toBe(SIZE);
}

async function ended(fixture: JobFixture): Promise<void> {
  await fixture.idle();
  expect(fixture.told('BLOCK_JOB_COMPLETED').filter(({ data }) => 'error' in (data ?? {}))).toEqual([]);
}

describe.each(formats)('%s', (format) => {
  test('a backup to a new image holds what the disk held when it began', () =>
    withFixture(async (fixture) => {
      const writer = new Writer(1);
      await fixture.qcow2('source', SIZE);
      const guest = fixture.guest('source');
      await writer.write(guest, 3);
      const held = Buffer.from(writer.disk);
      const target = join(fixture.folder, 'target');
      await fixture.run('drive-backup', { 'job-id': 'j', device: 'source', target, format, sync: 'full' });
      await writer.write(guest, 3);
      await ended(fixture);
      await fixture.run('blockdev-add', {
        driver: format,
        'node-name': 'copy',
        file: { driver: 'file', filename: target },
      });
      expectBytes('copy', await fixture.contents(fixture.node('copy')), held);
      expectBytes('source', await fixture.contents(guest.node), writer.disk);
    }));

  test('a mirror to a new image takes the guest with it, and goes back to another', () =>
    withFixture(async (fixture) => {
      const writer = new Writer(2);
      await fixture.qcow2('source', SIZE);
      const guest = fixture.guest('source');
      await writer.write(guest, 3);
      for (const [id, device, to] of [
        ['there', 'source', format],
        ['back', 'there', 'qcow2'],
      ] as const) {
        const target = join(fixture.folder, id);
        const named = { 'job-id': id, device, target, 'node-name': id };
        await fixture.run('drive-mirror', { ...named, format: to, sync: 'full' });
        await writer.write(guest, 2);
        await fixture.idle();
        await fixture.run('block-job-complete', { device: id });
        await ended(fixture);
        expect(guest.node.driverName).toBe(to);
        await writer.write(guest, 2);
        expectBytes(id, await fixture.contents(guest.node), writer.disk);
      }
    }));

  test('an overlay is committed to it and streamed from it', () =>
    withFixture(async (fixture) => {
      await makeImage(fixture, format);
      const writer = new Writer(3);
      await writer.write(fixture.guest('image'), 3);
      for (const [name, below] of [
        ['middle', 'image'],
        ['top', 'middle'],
      ] as const) {
        const file = join(fixture.folder, `${name}.qcow2`);
        const named = { 'snapshot-file': file, 'snapshot-node-name': name, format: 'qcow2' };
        await fixture.run('blockdev-snapshot-sync', { 'node-name': below, ...named });
        await writer.write(fixture.guest(name), 3);
      }
      const top = fixture.guest('top');
      const middle = fixture.node('middle').filename.shown;
      await fixture.run('block-commit', { 'job-id': 'c', device: 'top', top: middle });
      await writer.write(top, 2);
      await ended(fixture);
      expectBytes('top', await fixture.contents(top.node), writer.disk);
      await fixture.run('block-stream', { 'job-id': 's', device: 'top' });
      await writer.write(top, 2);
      await ended(fixture);
      expect(top.node.backing).toBeFalsy();
      expectBytes('top', await fixture.contents(top.node), writer.disk);
    }));
});
