/** Nodes that keep what is read through them, as `-drive copy-on-read=on` makes them. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IoError } from '../host/errno.ts';
import { JobFixture } from '../testing/job-fixture.ts';
import type { Node } from './node.ts';

const KiB = 1024;
const CLUSTER = 64 * KiB;
const SIZE = 8 * CLUSTER;

let fixture: JobFixture;
let image: Node;

beforeEach(async () => {
  fixture = new JobFixture();
  await fixture.qcow2('base', SIZE);
  await fixture.node('base').io.write(0, Buffer.alloc(SIZE, 7));
  await fixture.node('base').io.writeZeroes(2 * CLUSTER, CLUSTER);
  await fixture.node('base').io.writeZeroes(4 * CLUSTER, CLUSTER / 2);
  await fixture.qcow2('image', SIZE, 'base');
  image = fixture.node('image');
  image.io.enableCopyOnRead();
});

afterEach(() => fixture.close());

/** The clusters that the image has of its own: `d` data, `z` zeroes, `.` what shows through. */
async function clusters(node = image): Promise<string> {
  let map = '';
  for (let at = 0; at < SIZE; at += CLUSTER) {
    const { allocated, zero } = await node.io.blockStatus(at, CLUSTER);
    map += allocated ? (zero ? 'z' : 'd') : '.';
  }
  return map;
}

async function read(offset: number, length: number, node = image): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await node.io.read(offset, buffer);
  return buffer;
}

test.each([
  [0, 512, 'd.......'],
  [CLUSTER - 512, 1024, 'dd......'],
  [2 * CLUSTER + 512, 512, '..z.....'],
  // A part that is zero makes no cluster of zeroes.
  [4 * CLUSTER, 512, '....d...'],
  [SIZE - 512, 1024, '.......d'],
  [SIZE, 512, '........'],
])('a read at %d of %d bytes copies the clusters that it touches', async (offset, length, map) => {
  const contents = await fixture.contents(fixture.node('base'));
  const expected = Buffer.concat([contents.subarray(offset, offset + length)], length);
  expect((await read(offset, length)).equals(expected)).toBe(true);
  expect(await clusters()).toBe(map);
  expect((await fixture.contents(image)).equals(contents)).toBe(true);
});

test('what the image has of its own stays', async () => {
  await image.io.write(512, Buffer.alloc(512, 9));
  await read(0, 2 * CLUSTER);
  expect((await read(512, 512)).equals(Buffer.alloc(512, 9))).toBe(true);
  expect(await clusters()).toBe('dd......');
});

test('copies are no writes to bitmaps, nor to the highest offset', async () => {
  await fixture.run('block-dirty-bitmap-add', { node: 'image', name: 'b' });
  await read(0, CLUSTER);
  expect(image.bitmaps.describe()).toMatchObject([{ name: 'b', count: 0 }]);
  expect(image.io.highestWrite).toBe(0);
});

test('a read-only image is only read', async () => {
  await image.setReadOnly(true);
  await read(0, 512);
  expect(await clusters()).toBe('........');
});

test('a copy that fails fails the read', async () => {
  const writing = vi.spyOn(image.state, 'write').mockRejectedValueOnce(new IoError('ENOSPC'));
  await expect(read(0, 512)).rejects.toThrow(new IoError('ENOSPC'));
  expect(writing).toHaveBeenCalledOnce();
  expect(await read(0, 512)).toEqual(Buffer.alloc(512, 7));
});

test('below a snapshot it stays writable, and goes on copying what is read through it', async () => {
  const guest = fixture.guest('image');
  await fixture.run('blockdev-snapshot-sync', {
    'node-name': 'image',
    'snapshot-file': join(fixture.folder, 'top.qcow2'),
    'snapshot-node-name': 'top',
    format: 'qcow2',
  });
  expect(guest.node.name).toBe('top');
  expect(image.readOnly).toBe(false);
  await read(0, 512, guest.node);
  expect(await clusters()).toBe('d.......');
});
