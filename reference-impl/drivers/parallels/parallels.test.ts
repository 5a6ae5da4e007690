/** `parallels`: the driver contract, images of other tools and ours in theirs, growth, hostile images, writes that are cut off. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { MemoryFile } from '../../testing/file-in-memory.ts';
import {
  contentsOf,
  cutOffWrites,
  hostileImages,
  imageIn,
  makeFormat,
  openFormat,
} from '../../testing/format-images.ts';
import { sharedWithTools } from '../../testing/format-tools.ts';
import { hostileParallels, makeParallels, type ParallelsShape } from '../../testing/parallels-images.ts';
import { openFile } from '../../testing/qcow2-fixture.ts';
import { parallels } from './index.ts';

const shapes: readonly (readonly [name: string, shape: Omit<ParallelsShape, 'size'>])[] = [
  ['parallels', { clusterSize: 1 << 20 }],
  ['parallels of small clusters', { clusterSize: 4096 }],
  ['parallels whose entries count sectors', { clusterSize: 63 * 512, old: true }],
];

for (const [name, shape] of shapes)
  driverContract({
    name,
    make: (folder, size) => imageIn(folder, 'parallels', (file) => makeParallels(file, { size, ...shape })),
    keepsData: true,
    resizes: false,
    grows: false,
  });

sharedWithTools({
  format: 'parallels',
  driver: parallels,
  options: ['cluster_size=64k', 'cluster_size=4k', 'cluster_size=2M'],
  hasBacking: false,
  checks: true,
});

hostileImages(hostileParallels, [0, 300]);

describe('cut off', () => {
  for (const old of [false, true])
    cutOffWrites({
      name: old ? 'entries that count sectors' : 'entries that count clusters',
      driver: parallels,
      make: (file, size) => makeParallels(file, { size, clusterSize: old ? 63 * 512 : 4096, old }),
      onlyReadable: true,
    });
});

describe('a file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qmpcheck-parallels-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('grows ahead of what is written, and is as long as it must be when it is closed', async () => {
    const path = join(folder, 'disk.hds');
    await writeFile(path, '');
    const file = await openFile(path);
    await makeFormat(parallels, file, { size: 8 << 20 });
    expect((await stat(path)).size).toBe(1 << 20);
    const image = await openFormat(parallels, file);
    const zeroes = vi.spyOn(file, 'writeZeroes');
    await image.io.write(5 << 20, new Uint8Array(512).fill(1));
    // 7.2 tells of a highest offset of 130 MiB by then.
    expect(zeroes).toHaveBeenCalledExactlyOnceWith(1 << 20, 129 << 20);
    await image.io.write(1 << 20, new Uint8Array(512).fill(2));
    expect((await stat(path)).size).toBe(130 << 20);
    await image.close();
    expect((await stat(path)).size).toBe(3 << 20);
    await file.close();
  });

  const missing = whyMissing(['qemu-img'], 'qemu');
  test.skipIf(missing)(
    `with entries that count sectors is the same to qemu-img${missing ? `: ${missing}` : ''}`,
    async () => {
      const path = join(folder, 'disk.hds');
      await writeFile(path, '');
      const file = await openFile(path);
      const size = 1000 * 512;
      await makeParallels(file, { size, clusterSize: 63 * 512, old: true });
      const image = await openFormat(parallels, file);
      await image.io.write(50_000, new Uint8Array(100_000).fill(1));
      await image.io.write(7, new Uint8Array(9).fill(2));
      await image.close();
      await file.close();
      const raw = join(folder, 'raw');
      await run('qemu-img', 'convert', '-f', 'parallels', '-O', 'raw', path, raw);
      const expected = new Uint8Array(size).fill(1, 50_000, 150_000).fill(2, 7, 16);
      expect(Buffer.compare(await readFile(raw), expected)).toBe(0);
    },
  );
});

describe('an image', () => {
  test('that was not closed opens only to be read', async () => {
    const file = new MemoryFile();
    await makeParallels(file.handle(), { size: 2 ** 18, clusterSize: 4096 });
    const image = await openFormat(parallels, file.handle());
    await image.io.write(0, new Uint8Array(512).fill(1));
    await expect(openFormat(parallels, file.handle())).rejects.toThrow(
      'parallels: Image was not closed correctly; cannot be opened read/write',
    );
    const reader = await openFormat(parallels, file.handle(), { readOnly: true });
    const expected = new Uint8Array(2 ** 18).fill(1, 0, 512);
    expect(Buffer.compare(await contentsOf(reader), expected)).toBe(0);
    await image.close();
    await openFormat(parallels, file.handle());
  });

  test.each([
    [16, 3, 'Image not in Parallels format'],
    [28, 0, 'Invalid image: Zero sectors per track'],
    [28, 0x400000, 'Invalid image: Too big cluster'],
    [32, 0xffffffff, 'Catalog too large'],
  ])('with %i at %i is refused: %s', async (at, value, message) => {
    const file = new MemoryFile();
    await makeParallels(file.handle(), { size: 2 ** 18, clusterSize: 4096 });
    new DataView(file.bytes.buffer).setUint32(at, value, true);
    await expect(openFormat(parallels, file.handle())).rejects.toThrow(message);
  });

  test('shorter of entries than of disk reads as zeroes there and cannot be written', async () => {
    const file = new MemoryFile();
    await makeParallels(file.handle(), { size: 2 ** 18, clusterSize: 4096 });
    new DataView(file.bytes.buffer).setUint32(32, 2, true);
    const { io } = await openFormat(parallels, file.handle());
    await io.write(4096, new Uint8Array(4096).fill(1));
    await expect(io.write(8192, new Uint8Array(512))).rejects.toMatchObject({ code: 'EIO' });
    await io.read(8192, new Uint8Array(4096));
  });

  test('as large as the format cannot have it is not made', async () => {
    const make = makeFormat(parallels, new MemoryFile().handle(), { size: 2 ** 52 });
    await expect(make).rejects.toThrow('Image size is too large for this cluster size');
  });
});
