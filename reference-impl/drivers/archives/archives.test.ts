/** bochs and dmg, which are only read: images of our own and of other people's tools, and what is no image. */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandError } from '../../qapi/command-error.ts';
import {
  type BochsShape,
  buildBochs,
  buildDmg,
  type PackedRun,
  packings,
} from '../../testing/archive-fixture.ts';
import { ArchiveNodes, contentParts, expectEqual, PART, patched } from '../../testing/archive-nodes.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';

const SECTOR = 512;

const zeroRun = (sectors: number): PackedRun => ({ kind: 0, sectors, bytes: Buffer.alloc(0) });

for (const [driver, build] of [
  ['bochs', (size: number) => buildBochs(Buffer.alloc(size))],
  ['dmg', (size: number) => buildDmg([[zeroRun(size / SECTOR)]])],
] as const)
  driverContract({
    name: driver,
    make: async (folder, size) => {
      const filename = join(folder, `disk.${driver}`);
      await writeFile(filename, build(size));
      return { driver, file: { driver: 'file', filename } };
    },
    keepsData: false,
    resizes: false,
    grows: false,
    onlyReads: true,
  });

let nodes: ArchiveNodes;

beforeEach(async () => {
  nodes = await ArchiveNodes.start();
});

afterEach(() => nodes.stop());

const bzip2Missing = whyMissing(['bzip2'], 'formats');

/** Each part packed in one of these ways, in turns. */
function dmgOf(disk: Buffer, kinds: readonly (keyof typeof packings | 'bzip2')[], tables = 1): Buffer {
  const runs = Array.from({ length: disk.length / PART }, (_, index) => {
    const bytes = disk.subarray(index * PART, (index + 1) * PART);
    const sectors = PART / SECTOR;
    if (bytes.every((byte) => byte === 0)) return zeroRun(sectors);
    const kind = kinds[index % kinds.length]!;
    if (kind === 'bzip2')
      return { kind: 0x80000006, sectors, bytes: spawnSync('bzip2', ['-1'], { input: bytes }).stdout };
    return { kind: packings[kind].kind, sectors, bytes: packings[kind].pack(bytes) };
  });
  const each = Math.ceil(runs.length / tables);
  return buildDmg(
    Array.from({ length: tables }, (_, index) => runs.slice(index * each, (index + 1) * each)),
    tables === 3 ? 'fork' : 'list',
  );
}

describe('images of our own', () => {
  test.each<BochsShape>([
    {},
    { version: 0x10000 },
    { extentBytes: 512 },
    { extentBytes: 65_536, bitmapBytes: 1024 },
    { extentBytes: 8 << 20, bitmapBytes: 2048 },
  ])('bochs %o', async (shape) => {
    const disk = contentParts(9);
    expectEqual(await nodes.readAll('bochs', buildBochs(disk, shape)), disk);
  });

  test.each([
    [['plain'], 1],
    [['zlib'], 1],
    [['adc'], 2],
    [['adc', 'zlib', 'plain'], 2],
    [['zlib'], 3],
  ] as const)('dmg of %o in %d partitions', async (kinds, tables) => {
    const disk = contentParts(11);
    expectEqual(await nodes.readAll('dmg', dmgOf(disk, kinds, tables)), disk);
  });

  test.skipIf(bzip2Missing !== undefined)(`dmg of bzip2 ${bzip2Missing ?? ''}`, async () => {
    const disk = contentParts(11);
    expectEqual(await nodes.readAll('dmg', dmgOf(disk, ['bzip2'])), disk);
  });

  test('are found out by how they begin, or by their names', async () => {
    const images = { bochs: buildBochs(contentParts(1)) };
    for (const [name, image] of Object.entries(images)) {
      const node = await nodes.open(undefined, image);
      expect(node.driverName).toBe(name);
      await nodes.block.graph.release(node);
    }
    const path = join(nodes.folder, 'x.dmg');
    await writeFile(path, buildDmg([[zeroRun(8)]]));
    expect((await nodes.open(undefined, path)).driverName).toBe('dmg');
    await writeFile(path, Buffer.alloc(1024));
    await expect(nodes.open(undefined, path)).rejects.toBeInstanceOf(CommandError);
  });
});

const bximage = whyMissing(['bximage'], 'formats');
const dmgReaders = whyMissing(['dmg2img', '7z', 'bzip2'], 'formats');
const title = (what: string, missing: string | undefined) => (missing ? `${what}: ${missing}` : what);

describe("other people's tools", () => {
  test.skipIf(bximage !== undefined)(title('bximage converts to a growing disk', bximage), async () => {
    const [raw, growing] = [join(nodes.folder, 'disk.raw'), join(nodes.folder, 'disk.growing')];
    // whole cylinders of 16 heads and 63 sectors
    const disk = Buffer.alloc(4 * 16 * 63 * SECTOR);
    contentParts(20).copy(disk);
    contentParts(5, 2).copy(disk, 1_500_000);
    await writeFile(raw, disk);
    await run('bximage', '-q', '-func=convert', '-imgmode=growing', raw, growing);
    expectEqual(await nodes.readAll('bochs', growing), disk);
  });

  test.skipIf(dmgReaders !== undefined)(
    title('dmg2img and 7z find in a disk image what it shows here', dmgReaders),
    async () => {
      const [image, flat] = [join(nodes.folder, 'disk.dmg'), join(nodes.folder, 'disk.raw')];
      const disk = contentParts(11);
      await writeFile(image, dmgOf(disk, ['adc', 'zlib', 'plain', 'bzip2', 'zlib'], 1));
      expectEqual(await nodes.readAll('dmg', image), disk);
      await run('dmg2img', '-s', image, flat);
      expectEqual(await readFile(flat), disk);
      await run('7z', 'e', '-y', `-o${join(nodes.folder, '7z')}`, image);
      const names = await run('ls', join(nodes.folder, '7z'));
      expectEqual(await readFile(join(nodes.folder, '7z', names.trim())), disk);
    },
  );
});

describe('what is refused', () => {
  const bochs = buildBochs(Buffer.alloc(65_536, 1));
  const dmg = buildDmg([[{ kind: 1, sectors: 8, bytes: Buffer.alloc(4096, 1) }]]);
  const trailer = dmg.length - 512;
  const large = (kind: number, sectors: number, length: number) => {
    const image = buildDmg([[{ kind, sectors, bytes: Buffer.alloc(0) }]], 'fork');
    image.writeUInt32BE(length, image.indexOf('mish') + 204 + 36);
    return image;
  };
  test.for<['bochs' | 'dmg', image: Buffer, message: string]>([
    ['bochs', Buffer.alloc(1024), 'Image not in Bochs format'],
    ['bochs', patched(bochs, [64, 0x30000, 'LE']), 'Image not in Bochs format'],
    ['bochs', patched(bochs, [72, 0x100001, 'LE']), 'Catalog size is too large'],
    ['bochs', patched(bochs, [72, 3, 'LE']), 'Catalog size is too small for this disk size'],
    ['bochs', patched(bochs, [92, 0x80000000, 'LE']), 'Catalog size is too small for this disk size'],
    ['bochs', patched(bochs, [80, 0, 'LE']), 'Extent size must be at least 512'],
    ['bochs', patched(bochs, [80, 65_600, 'LE']), 'Extent size 65600 is not a power of two'],
    ['bochs', patched(bochs, [80, 2 ** 31, 'LE']), 'Extent size 2147483648 is too large'],
    ['dmg', Buffer.alloc(0), 'dmg file must be at least 512 bytes long'],
    ['dmg', Buffer.alloc(4096), 'Could not locate UDIF trailer in dmg file'],
    ['dmg', patched(dmg, [trailer + 216, 1, 'BE']), 'Could not open IMAGE: Invalid argument'],
    ['dmg', patched(dmg, [trailer + 224, 1, 'BE']), 'Could not open IMAGE: Invalid argument'],
    ['dmg', patched(dmg, [trailer + 228, 0, 'BE']), 'Could not open IMAGE: Invalid argument'],
    ['dmg', patched(dmg, [trailer + 228, 700, 'BE']), 'Could not open IMAGE: Invalid argument'],
    [
      'dmg',
      patched(dmg, [trailer + 492, 2 ** 31, 'BE']),
      'Could not refresh total sector count: File too large',
    ],
    ['dmg', large(1, 131_073, 0), 'sector count 131073 for chunk 0 is larger than max (131072)'],
    ['dmg', large(0x80000005, 8, 2 ** 26 + 1), 'length 67108865 for chunk 0 is larger than max (67108864)'],
  ])('%s, image %#', async ([driver, image, message]) => {
    const text = message.replace('IMAGE', `'${join(nodes.folder, 'disk.dmg')}'`);
    await expect(nodes.open(driver, image)).rejects.toEqual(new CommandError(text));
  });

  test('blocks that are broken, cut short or unknown cannot be read, and spoil no other', async () => {
    const failed = { name: 'IoError', code: 'EIO' };
    const good = { kind: 1, sectors: 8, bytes: Buffer.alloc(4096, 5) };
    for (const kind of [0x80000004, 0x80000005, 0x80000006, 0x80000007, 77])
      for (const bytes of [Buffer.alloc(0), Buffer.alloc(4096, 5), packings.zlib.pack(Buffer.alloc(4095))]) {
        const image = await nodes.open('dmg', buildDmg([[good, { kind, sectors: 8, bytes }]]));
        await expect(image.io.read(0, Buffer.alloc(8192))).rejects.toMatchObject(failed);
        const buffer = Buffer.alloc(4096);
        await image.io.read(0, buffer);
        expect(buffer.every((byte) => byte === 5)).toBe(true);
        await nodes.block.graph.release(image);
      }
  });
});
