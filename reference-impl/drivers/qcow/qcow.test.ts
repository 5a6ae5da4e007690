/** `qcow`: the driver contract, images of other tools and ours in theirs, compression, hostile images, writes that are cut off. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
import { sharedWithTools, toolContent } from '../../testing/format-tools.ts';
import { hostileQcow } from '../../testing/qcow-images.ts';
import { openFile } from '../../testing/qcow2-fixture.ts';
import type { ChildHandle } from '../driver.ts';
import { qcow } from './index.ts';

for (const backingName of [undefined, 'none'])
  driverContract({
    name: backingName === undefined ? 'qcow' : 'qcow with the clusters of an overlay',
    make: async (folder, size) => {
      const named = backingName && { 'backing-file': backingName };
      const image = await imageIn(folder, 'qcow', (file) => makeFormat(qcow, file, { size, ...named }));
      return { ...image, backing: null };
    },
    keepsData: true,
    resizes: false,
    grows: false,
  });

sharedWithTools({
  format: 'qcow',
  driver: qcow,
  options: [],
  hasBacking: true,
  compresses: true,
  checks: false,
});

hostileImages(hostileQcow, [0, 300]);

const make = (file: ChildHandle, size: number) => makeFormat(qcow, file, { size });
const makeOverlay = (file: ChildHandle, size: number) =>
  makeFormat(qcow, file, { size, 'backing-file': 'below' });

describe('cut off', () => {
  cutOffWrites({ name: 'qcow', driver: qcow, make });
  const backing = (size: number) => new Uint8Array(size).fill(0xbb);
  cutOffWrites({ name: 'qcow over a backing file', driver: qcow, make: makeOverlay, backing });
});

describe('compressed', () => {
  const SIZE = 10 * 4096 + 1024;

  test('clusters read as written, also beside data and once they are overwritten', async () => {
    const file = new MemoryFile();
    await make(file.handle(), SIZE);
    const image = await openFormat(qcow, file.handle());
    const expected = new Uint8Array(SIZE).fill(1, 0, 8192).fill(2, 8192, 12_288).fill(3, 40_960);
    await image.io.writeCompressed(0, new Uint8Array(4096).fill(7));
    await image.io.writeCompressed(0, expected.subarray(0, 4096));
    await image.io.writeCompressed(4096, expected.subarray(4096, 8192));
    await image.io.write(8192, expected.subarray(8192, 12_288));
    await image.io.writeCompressed(40_960, expected.subarray(40_960));
    expect(file.bytes.length).toBeLessThan(5 * 4096);
    expect(Buffer.compare(await contentsOf(image), expected)).toBe(0);
    await image.io.write(100, new Uint8Array(50).fill(9));
    expected.fill(9, 100, 150);
    expect(Buffer.compare(await contentsOf(image), expected)).toBe(0);
    await image.close();
    const again = await openFormat(qcow, file.handle());
    expect(Buffer.compare(await contentsOf(again), expected)).toBe(0);
  });

  test('a cluster that is there as it is, a part of one, or more than one cannot be written', async () => {
    const file = new MemoryFile();
    await make(file.handle(), SIZE);
    const { io } = await openFormat(qcow, file.handle());
    await io.write(0, new Uint8Array(512).fill(1));
    await expect(io.writeCompressed(0, new Uint8Array(4096))).rejects.toMatchObject({ code: 'EIO' });
    await expect(io.writeCompressed(4096, new Uint8Array(8192))).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(io.writeCompressed(36_864, new Uint8Array(5120))).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(io.writeCompressed(4096, new Uint8Array(512))).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(io.writeCompressed(4096 + 512, new Uint8Array(4096))).rejects.toMatchObject({
      code: 'EINVAL',
    });
  });

  const missing = whyMissing(['qemu-img'], 'qemu');
  describe.skipIf(missing)(`by us${missing ? `: ${missing}` : ''}`, () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'qmpcheck-qcow-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    test.each([
      ['an image', make, 4096],
      ['an overlay', makeOverlay, 512],
    ] as const)('%s reads the same by qemu-img', async (_what, makeImage, chunk) => {
      const path = join(folder, 'disk');
      await writeFile(path, '');
      await writeFile(join(folder, 'below'), '');
      const file = await openFile(path);
      const content = toolContent().subarray(0, 300 * 1024 + 512);
      await makeImage(file, content.length);
      const image = await openFormat(qcow, file);
      for (let at = 0; at < content.length; at += chunk)
        await image.io.writeCompressed(at, content.subarray(at, at + chunk));
      await image.close();
      await file.close();
      const raw = join(folder, 'raw');
      await run('qemu-img', 'convert', '-f', 'qcow', '-O', 'raw', path, raw);
      expect(Buffer.compare(await readFile(raw), content)).toBe(0);
    });
  });
});

const without7z = whyMissing(['7z'], 'qemu');
test.skipIf(without7z)(`7z reads what we write${without7z ? `: ${without7z}` : ''}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-qcow-'));
  try {
    const path = join(folder, 'disk.qcow');
    await writeFile(path, '');
    const file = await openFile(path);
    const content = toolContent();
    await make(file, content.length);
    const image = await openFormat(qcow, file);
    await image.io.write(0, content);
    await image.close();
    await file.close();
    await run('7z', 'x', '-y', `-o${folder}/out`, path);
    const [name] = await readdir(join(folder, 'out'));
    // it gives whole clusters
    const found = (await readFile(join(folder, 'out', name!))).subarray(0, content.length);
    expect(Buffer.compare(found, content)).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what an image has of its own can be forgotten', async () => {
  const below = new MemoryFile(new Uint8Array(2 ** 18).fill(5)).handle();
  const file = new MemoryFile();
  await makeOverlay(file.handle(), 2 ** 18);
  const before = file.bytes.length;
  const image = await openFormat(qcow, file.handle(), { backing: below });
  await image.io.write(0, new Uint8Array(100_000).fill(1));
  await image.makeEmpty();
  expect(file.bytes.length).toBeLessThanOrEqual(before);
  expect(Buffer.compare(await contentsOf(image), new Uint8Array(2 ** 18).fill(5))).toBe(0);
  await image.io.write(0, new Uint8Array(10).fill(1));
  const expected = new Uint8Array(2 ** 18).fill(5).fill(1, 0, 10);
  expect(Buffer.compare(await contentsOf(image), expected)).toBe(0);
});

describe('an image', () => {
  const refusals: readonly (readonly [at: number, bytes: readonly number[], message: string])[] = [
    [0, [0], 'Image not in qcow format'],
    [4, [0, 0, 0, 2], "qcow (v1) does not support qcow version 2\nTry the 'qcow2' driver instead."],
    [24, [0, 0, 0, 0, 0, 0, 0, 1], 'Image size is too small (must be at least 2 bytes)'],
    [24, [0x40], 'Image too large'],
    [32, [8], 'Cluster size must be between 512 and 64k'],
    [33, [14], 'L2 table size must be between 512 and 64k'],
    [36, [0, 0, 0, 2], 'invalid encryption method in qcow header'],
    [39, [1], 'Use of AES-CBC encrypted qcow images is no longer supported in system emulators'],
    [12, [0, 0, 0, 48, 0, 0, 4, 0], 'Backing file name too long'],
  ];
  test.each(refusals)('with %i changed to %j is refused: %s', async (at, bytes, message) => {
    const file = new MemoryFile();
    await make(file.handle(), 2 ** 18);
    file.bytes.set(bytes, at);
    await expect(openFormat(qcow, file.handle())).rejects.toThrow(message);
  });

  test('without encryption takes no key', async () => {
    const file = new MemoryFile();
    await make(file.handle(), 2 ** 18);
    const encrypt = { format: 'aes', 'key-secret': 'sec0' };
    await expect(openFormat(qcow, file.handle(), { options: { encrypt } })).rejects.toThrow(
      "No encryption in image header, but options specified format 'aes'",
    );
  });

  test('of no length, or of more than its table can hold, is not made', async () => {
    const file = new MemoryFile().handle();
    await expect(make(file, 0)).rejects.toThrow('Image size is too small, cannot be zero length');
    await expect(make(file, 2 ** 60)).rejects.toThrow('Image too large');
  });
});
