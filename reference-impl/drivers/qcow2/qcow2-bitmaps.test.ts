/** Persistent dirty bitmaps in the file, as qemu-img finds and writes them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandError } from '../../qapi/command-error.ts';
import { run } from '../../testing/external-programs.ts';
import { type FileChild, make, openFile, openImage, withoutTools } from '../../testing/qcow2-fixture.ts';
import type { StoredBitmap } from '../driver.ts';
import type { Image } from './image.ts';
import { Bitmaps } from './qcow2-bitmaps.ts';

const SIZE = 64 << 20;
const TOO_MUCH = 'Too much space will be occupied by the bitmap. Use larger granularity';
let folder: string;
let path: string;
let files: FileChild[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-bitmaps-'));
  path = join(folder, 'disk.qcow2');
  files = [];
  await writeFile(path, '');
  const file = await openFile(path);
  await make(file, { size: SIZE, 'cluster-size': 512 });
  await file.close();
});
afterEach(async () => {
  for (const file of files) await file.close();
  await rm(folder, { recursive: true });
});

async function open(): Promise<{ image: Image; bitmaps: Bitmaps }> {
  const file = await openFile(path);
  files.push(file);
  const { image } = await openImage(file, { 'overlap-check': 'all' });
  const bitmaps = await Bitmaps.open(image);
  return { image, bitmaps };
}

/** A bitmap with these bytes of its map set. */
function bitmap(name: string, granularity: number, bytes: Record<number, number>): StoredBitmap {
  const map = new Uint8Array(Math.ceil(SIZE / granularity / 8));
  for (const [at, value] of Object.entries(bytes)) map[Number(at)] = value;
  return { name, granularity, recording: true, parts: [[0, map]] };
}

/** The map, from the pieces that were loaded. */
function mapOf({ granularity, parts }: StoredBitmap): Uint8Array {
  const map = new Uint8Array(Math.ceil(SIZE / granularity / 8 / 512) * 512);
  for (const [position, bytes] of parts) map.set(bytes, position);
  return map.subarray(0, Math.ceil(SIZE / granularity / 8));
}

describe('persistent bitmaps', () => {
  test('are loaded as they were stored, replaced and removed', async () => {
    const first = bitmap('a', 512, { 0: 1, 5000: 0xff, 16383: 0x80 });
    const second = bitmap('b', 65536, { 3: 7 });
    const one = await open();
    await one.bitmaps.store([first, second]);
    await one.image.close();
    const two = await open();
    const loaded = await two.bitmaps.load();
    expect(loaded.map(({ name, granularity, recording }) => [name, granularity, recording])).toEqual([
      ['a', 512, true],
      ['b', 65536, true],
    ]);
    expect(mapOf(loaded[0]!)).toEqual(first.parts[Symbol.iterator]().next().value[1]);
    await two.bitmaps.markInUse();
    await two.bitmaps.remove('a');
    await two.bitmaps.store([bitmap('b', 65536, { 4: 9 })]);
    await two.image.close();
    const three = await open();
    const [only, ...others] = await three.bitmaps.load();
    expect(others).toEqual([]);
    expect([mapOf(only!)[3], mapOf(only!)[4]]).toEqual([0, 9]);
  });

  test('are not loaded again when nobody stored them after use', async () => {
    const one = await open();
    await one.bitmaps.store([bitmap('a', 4096, { 1: 1 })]);
    await one.bitmaps.markInUse();
    await one.image.close();
    expect(await (await open()).bitmaps.load()).toEqual([]);
  });

  test.each([
    ['x'.repeat(1024), 65536, 'Name length exceeds maximum (1023 characters)'],
    ['x', 2 ** 32, 'Granularity exceeds maximum (2147483648 bytes)'],
    ['x', 2 ** 31, TOO_MUCH],
    ['x'.repeat(1024), 2 ** 31, TOO_MUCH],
  ])('%.5s at %d cannot be kept', async (name, granularity, message) => {
    const { bitmaps } = await open();
    expect(() => bitmaps.check(name, granularity)).toThrow(new CommandError(message));
  });
});

test.each<[size: number, clusterSize: number, granularity: number, isKept: boolean]>([
  [2 ** 38, 65536, 512, true],
  [2 ** 38 + 512, 65536, 512, false],
  [2 ** 38 + 512, 65536, 1024, true],
  // The bound for granularities that are large is beyond 64 bits, and nothing is left of it there.
  [2 ** 20, 65536, 2 ** 20, true],
  [2 ** 20, 65536, 2 ** 21, false],
  [2 ** 20, 65536, 2 ** 31, false],
  [2 ** 20, 4096, 2 ** 24, true],
  [2 ** 20, 4096, 2 ** 25, false],
  [2 ** 20, 512, 2 ** 27, true],
  [2 ** 20, 512, 2 ** 28, false],
  [0, 65536, 2 ** 31, true],
])(
  'of %d bytes in clusters of %d, granularity %d is kept: %s',
  async (size, clusterSize, granularity, isKept) => {
    await writeFile(path, '');
    const file = await openFile(path);
    await make(file, { size, 'cluster-size': clusterSize });
    await file.close();
    const { bitmaps } = await open();
    const check = () => bitmaps.check('x', granularity);
    if (isKept) check();
    else expect(check).toThrow(new CommandError(TOO_MUCH));
  },
);

describe.skipIf(withoutTools !== undefined)(
  `bitmaps and qemu-img${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    const listed = async () =>
      (
        JSON.parse(await run('qemu-img', 'info', '--output', 'json', path)) as {
          'format-specific': { data: { bitmaps?: unknown } };
        }
      )['format-specific'].data.bitmaps;

    test('it finds what we stored, and the image sound', async () => {
      const { image, bitmaps } = await open();
      await bitmaps.store([bitmap('a', 512, { 0: 1, 16383: 1 }), bitmap('b', 2 ** 20, {})]);
      await bitmaps.store([bitmap('a', 512, { 7: 1 })]);
      await image.close();
      expect(await listed()).toEqual([
        { name: 'b', granularity: 2 ** 20, flags: ['auto'] },
        { name: 'a', granularity: 512, flags: ['auto'] },
      ]);
      expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
    });

    test('we find what it made and merged', async () => {
      const { image, bitmaps } = await open();
      const ours = bitmap('ours', 4096, { 9: 0xf0 });
      await bitmaps.store([ours]);
      await image.close();
      await run('qemu-img', 'bitmap', '--add', '-g', '4096', '--disable', '--merge', 'ours', path, 'theirs');
      const again = await open();
      const [, theirs] = await again.bitmaps.load();
      expect(theirs).toMatchObject({ name: 'theirs', granularity: 4096, recording: false });
      expect(mapOf(theirs!)).toEqual(mapOf(ours));
      await again.bitmaps.remove('ours');
      await again.bitmaps.remove('theirs');
      await again.image.close();
      expect(await listed()).toBeUndefined();
      expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
    });
  },
);
