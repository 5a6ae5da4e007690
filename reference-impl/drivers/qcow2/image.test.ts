/** Rules of an open image that whole disks do not show: repair, guarded metadata, passed discards, options. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { run } from '../../testing/external-programs.ts';
import { type FileChild, make, openFile, openImage, withoutTools } from '../../testing/qcow2-fixture.ts';
import { stress } from '../../testing/qcow2-stress.ts';
import type { ChildHandle } from '../driver.ts';
import { read } from './reading.ts';
import { resize } from './resize.ts';
import { write, writeCompressed } from './writing.ts';
import { discard, writeZeroes } from './zeroing.ts';

const SIZE = 1 << 20;
const CLUSTER = 4096;

let folder: string;
let path: string;
let file: FileChild;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-image-'));
  path = join(folder, 'disk.qcow2');
  await writeFile(path, '');
  file = await openFile(path);
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

const fresh = (options: JsonObject = {}) => make(file, { size: SIZE, 'cluster-size': CLUSTER, ...options });

async function put(offset: number, hex: string): Promise<void> {
  await file.write(offset, Buffer.from(hex, 'hex'));
}

const DIRTY = [79, '01'] as const;

describe.skipIf(withoutTools !== undefined)(`repair${withoutTools ? `: ${withoutTools}` : ''}`, () => {
  /** The first refcount block lies in the third cluster. */
  const breakages: readonly { name: string; breaks: () => Promise<void> }[] = [
    { name: 'counts lost', breaks: () => put(2 * CLUSTER, '00'.repeat(CLUSTER)) },
    { name: 'counts too high', breaks: () => put(2 * CLUSTER, '0007'.repeat(CLUSTER / 2)) },
    { name: 'no block', breaks: () => put(CLUSTER, '00'.repeat(8)) },
  ];
  test.each(breakages)('$name: a dirty image is sound once it was open for writing', async ({ breaks }) => {
    await fresh({ 'lazy-refcounts': true });
    const first = await openImage(file);
    let model: Uint8Array = new Uint8Array(SIZE);
    model = await stress(first.image, model, new Random(1), 10, false);
    await first.image.snapshots.create({ name: 's', seconds: 0, nanoseconds: 0 });
    model = await stress(first.image, model, new Random(2), 10, false);
    await first.image.close();
    await breaks();
    await put(...DIRTY);
    const second = await openImage(file);
    expect(second.image.dirty).toBe(false);
    expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
    const bytes = new Uint8Array(SIZE);
    await read(second.image, 0, bytes);
    expect(Buffer.compare(bytes, model)).toBe(0);
    await second.image.close();
  });

  test('is left to those who may write', async () => {
    await fresh();
    await put(...DIRTY);
    const { image } = await openImage(file, {}, undefined, false);
    expect(image.dirty).toBe(true);
  });
});

describe('guarded metadata', () => {
  /** Layout of a fresh image: header, refcount table, refcount block, L1 table; then the first L2 table and data. */
  const sections: [section: string, cluster: number, text: string][] = [
    ['main-header', 0, 'qcow2_header'],
    ['refcount-table', 1, 'refcount table'],
    ['refcount-block', 2, 'refcount block'],
    ['active-l1', 3, 'active L1 table'],
    ['active-l2', 4, 'active L2 table'],
  ];
  test.each(sections)('%s is not overwritten, and the image is dead', async (section, cluster, text) => {
    await fresh();
    const first = await openImage(file);
    await write(first.image, 0, new Uint8Array(2 * CLUSTER).fill(1));
    await first.image.close();
    // the second entry of the first L2 table leads the write astray; offset 0 would mean that there is none
    if (cluster > 0) await put(4 * CLUSTER + 8, `8${(cluster * CLUSTER).toString(16).padStart(15, '0')}`);
    // without its count the header's place looks free
    else await put(2 * CLUSTER, '0000');
    const before = Buffer.alloc(CLUSTER);
    await file.read(cluster * CLUSTER, before);
    const { image, reports } = await openImage(file, {
      'overlap-check': { template: 'none', [section]: true },
    });
    const at = cluster > 0 ? CLUSTER : 2 * CLUSTER;
    await expect(write(image, at, new Uint8Array(CLUSTER).fill(9))).rejects.toMatchObject({ code: 'EIO' });
    expect(reports).toEqual([
      {
        msg: `Preventing invalid write on metadata (overlaps with ${text})`,
        offset: cluster * CLUSTER,
        size: CLUSTER,
        fatal: true,
      },
    ]);
    const after = Buffer.alloc(CLUSTER);
    await file.read(cluster * CLUSTER, after);
    // of the header only the mark that it is corrupt changes
    if (cluster === 0) before[79] = 2;
    expect(Buffer.compare(after, before)).toBe(0);
    await expect(read(image, 0, new Uint8Array(1))).rejects.toMatchObject({ code: 'EIO' });
    await expect(openImage(file)).rejects.toEqual(
      new CommandError('qcow2: Image is corrupt; cannot be opened read/write'),
    );
  });
});

describe('discards', () => {
  test.each([
    ['by request', {}, [[5 * CLUSTER, CLUSTER]]],
    ['not by request', { 'pass-discard-request': false }, []],
  ] as const)('reach the file: %s', async (_name, options, expected) => {
    await fresh();
    const passed: [number, number][] = [];
    const watched: ChildHandle = {
      ...file,
      discard: async (offset, length) => void passed.push([offset, length]),
    };
    const { image } = await openImage(watched, options);
    await write(image, 0, new Uint8Array(2 * CLUSTER).fill(1));
    await discard(image, 0, CLUSTER + 100);
    await image.close();
    expect(passed).toEqual(expected);
  });
});

describe('requests', () => {
  test('a discard hides what is below, also where the image has nothing', async () => {
    await fresh();
    const below = {
      length: () => SIZE,
      read: async (_offset: number, buffer: Uint8Array) => void buffer.fill(7),
    };
    const { image } = await openImage(file, {}, below);
    await discard(image, 0, CLUSTER);
    const bytes = new Uint8Array(2 * CLUSTER);
    await read(image, 0, bytes);
    expect([bytes[0], bytes[CLUSTER - 1], bytes[CLUSTER]]).toEqual([0, 0, 7]);
  });

  test('zeroes keep their place unless it may be given up', async () => {
    await fresh();
    const { image } = await openImage(file);
    await write(image, 0, new Uint8Array(3 * CLUSTER).fill(1));
    await writeZeroes(image, 0, CLUSTER, false);
    await writeZeroes(image, CLUSTER, CLUSTER, true);
    expect((await image.mapping.lookup(0, 1)).kind).toBe('zero-allocated');
    expect((await image.mapping.lookup(1, 1)).kind).toBe('zero');
    const bytes = new Uint8Array(3 * CLUSTER);
    await read(image, 0, bytes);
    expect(bytes.subarray(0, 2 * CLUSTER).every((byte) => byte === 0)).toBe(true);
    expect(bytes.subarray(2 * CLUSTER).every((byte) => byte === 1)).toBe(true);
  });

  test('a compressed write of a cluster that is in use is refused', async () => {
    await fresh();
    const { image } = await openImage(file);
    await write(image, 0, new Uint8Array(1).fill(1));
    await expect(writeCompressed(image, 0, new Uint8Array(CLUSTER))).rejects.toMatchObject({ code: 'EIO' });
  });

  test('an image with snapshots keeps its size', async () => {
    await fresh();
    const { image } = await openImage(file);
    await image.snapshots.create({ name: 's', seconds: 0, nanoseconds: 0 });
    await expect(resize(image, 2 * SIZE)).rejects.toEqual(
      new CommandError("Can't resize an image which has snapshots"),
    );
  });
});

describe('options', () => {
  test.each<[options: JsonObject, message: string]>([
    [
      { 'cache-size': 4, 'l2-cache-size': 2, 'refcount-cache-size': 2 },
      'cache-size, l2-cache-size and refcount-cache-size may not be set the same time',
    ],
    [{ 'cache-size': 4096, 'l2-cache-size': 8192 }, 'l2-cache-size may not exceed cache-size'],
    [{ 'cache-size': 4096, 'refcount-cache-size': 8192 }, 'refcount-cache-size may not exceed cache-size'],
    [{ 'l2-cache-size': 2n ** 62n }, 'L2 cache size too big'],
    [{ 'cache-size': 2n ** 62n }, 'L2 cache size too big'],
    [{ 'refcount-cache-size': 2n ** 61n }, 'L2 cache size too big'],
    // Four times as much as fits in 64 bits is taken for what is left of it.
    [{ 'refcount-cache-size': 2n ** 62n }, 'Refcount cache size too big'],
    [{ 'refcount-cache-size': 2n ** 62n + 4096n }, 'Refcount cache size too big'],
    [{ 'refcount-cache-size': 3n * 2n ** 61n }, 'L2 cache size too big'],
    [{ 'l2-cache-size': 4096, 'refcount-cache-size': 2n ** 61n }, 'Refcount cache size too big'],
    [{ 'cache-clean-interval': 2 ** 32 }, 'Cache clean interval too big'],
    [
      { 'l2-cache-entry-size': 8192 },
      'L2 cache entry size must be a power of two between 512 and the cluster size (4096)',
    ],
  ])('%o is refused', async (options, message) => {
    await fresh();
    await expect(openImage(file, options)).rejects.toEqual(new CommandError(message));
  });

  test('version 2 has no lazy counts', async () => {
    await fresh({ version: 'v2' });
    await expect(openImage(file, { 'lazy-refcounts': true })).rejects.toEqual(
      new CommandError('Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level'),
    );
  });
});
