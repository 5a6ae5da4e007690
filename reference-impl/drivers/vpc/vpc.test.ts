/** `vpc`: its laws as a driver, images shared with other tools, broken ones, geometries, and what an open refuses. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { MemoryFile } from '../../testing/file-in-memory.ts';
import {
  cutOffWrites,
  hostileImages,
  makeFormat,
  type OpenFormat,
  openFormat,
} from '../../testing/format-images.ts';
import { sharedWithTools } from '../../testing/format-tools.ts';
import { survivesPowerLoss } from '../../testing/power-loss.ts';
import { fixedVpc, vpcImage } from '../../testing/vpc-images.ts';
import { checksum, fittingDisk, viewOf } from './footer.ts';
import { vpc } from './index.ts';

const MIB = 1 << 20;
/** The image with a disk of just this size. */
const withSize = (image: Uint8Array, size: number) =>
  patchFooters(image, (view) => {
    view.setUint32(0x1c, 0x71656d32);
    view.setBigUint64(0x30, BigInt(size));
  });

/** Changes the footer, and its copy where there is one, and makes the checksums right. */
function patchFooters(image: Uint8Array, patch: (view: DataView) => void, right = true): Uint8Array {
  const copy = image.slice();
  for (const at of [0, copy.length - 512]) {
    const footer = copy.subarray(at, at + 512);
    if (Buffer.from(footer.subarray(0, 8)).toString() !== 'conectix') continue;
    patch(viewOf(footer));
    if (right) viewOf(footer).setUint32(0x40, checksum(footer, 0x40));
  }
  return copy;
}

async function dynamicVpc(size: number): Promise<Uint8Array> {
  const file = new MemoryFile();
  await makeFormat(vpc, file.handle(), { size });
  return file.bytes;
}

for (const [name, make] of [
  ['vpc', dynamicVpc],
  ['vpc, fixed', fixedVpc],
] as const)
  driverContract({
    name,
    make: async (folder, size) => {
      const filename = join(folder, 'disk.vhd');
      const image = await make(size);
      await writeFile(
        filename,
        name === 'vpc' ? withSize(image, size) : withSize(fixedOf(size, image), size),
      );
      return { driver: 'vpc', file: { driver: 'file', filename } };
    },
    keepsData: true,
    resizes: false,
    grows: false,
  });

/** A fixed image whose disk ends at `size`. */
function fixedOf(size: number, image: Uint8Array): Uint8Array {
  const exact = new Uint8Array(size + 512);
  exact.set(image.subarray(-512), size);
  return exact;
}

sharedWithTools({
  format: 'vpc',
  driver: vpc,
  options: ['force_size=on', 'subformat=fixed', 'subformat=fixed,force_size=on'],
  hasBacking: false,
  checks: false,
  roundsUp: true,
});

cutOffWrites({
  name: 'vpc',
  driver: vpc,
  make: async (file, size) => file.write(0, withSize(await dynamicVpc(size), size)),
});
survivesPowerLoss({ name: 'vpc', driver: vpc, size: 4 * MIB });
hostileImages(vpcImage, [0, 300]);

const missing = whyMissing(['7z', 'vhdiinfo']);

describe.skipIf(missing !== undefined)(`vpc: other readers${missing ? `: ${missing}` : ''}`, () => {
  test.each(['dynamic', 'fixed'])('7z and libvhdi read what we wrote: %s', async (kind) => {
    const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-vpc-'));
    const image = new MemoryFile(kind === 'fixed' ? fixedVpc(5 * MIB) : await dynamicVpc(5 * MIB));
    const { io, close } = await openFormat(vpc, image.handle());
    const disk = new Uint8Array(io.length()).fill(5, 4 * MIB + 512, 4 * MIB + 9000).fill(6, 100, 300);
    await io.write(4 * MIB, disk.subarray(4 * MIB, 4 * MIB + 10_000));
    await io.write(0, disk.subarray(0, 1000));
    await close();
    const path = join(folder, 'disk.vhd');
    await writeFile(path, image.bytes);
    const options = { encoding: 'buffer', maxBuffer: 8 * MIB } as const;
    const { stdout } = await promisify(execFile)('7z', ['x', '-so', '-tVHD', path], options);
    expect(Buffer.compare(stdout, disk)).toBe(0);
    expect(await run('vhdiinfo', path)).toContain(`(${disk.length} bytes)`);
    await rm(folder, { recursive: true });
  });
});

describe('vpc: geometries', () => {
  const sizes: [size: number, cylinders: number, heads: number, sectors: number, length?: number][] = [
    [512, 1, 4, 17],
    [65536, 2, 4, 17],
    [MIB, 31, 4, 17],
    [10 * MIB, 302, 4, 17],
    [100 * MIB, 1004, 12, 17],
    [504 * MIB, 1024, 16, 63],
    [505 * MIB, 1027, 16, 63],
    [8192 * MIB, 16645, 16, 63],
    [31 * 1024 * MIB, 64496, 16, 63],
    [127 * 1024 * MIB, 65279, 16, 255],
    [128 * 1024 * MIB, 65535, 16, 255, 128 * 1024 * MIB],
    [2040 * 1024 * MIB, 65535, 16, 255, 2040 * 1024 * MIB],
  ];
  test.each(sizes)('%d bytes are %d, %d, %d', (size, cylinders, heads, sectorsPerTrack, length) => {
    expect(fittingDisk(size)).toEqual({
      geometry: { cylinders, heads, sectorsPerTrack },
      size: length ?? cylinders * heads * sectorsPerTrack * 512,
    });
  });

  test('more is not made', () => {
    expect(() => fittingDisk(2041 * 1024 * MIB)).toThrow(
      new CommandError("The image size is too large for file format 'vpc'"),
    );
  });

  const GEOMETRY = 4 * 17 * 100 * 512;
  test.each([
    ['qemu', GEOMETRY],
    ['vpc ', GEOMETRY],
    ['vs  ', GEOMETRY],
    ['win ', 4 * MIB],
    ['qem2', 4 * MIB],
    ['d2v ', 4 * MIB],
    ['tap\0', 4 * MIB],
    ['CTXS', 4 * MIB],
  ])('an image of the creator %o has %d bytes', async (creator, size) => {
    const image = patchFooters(await dynamicVpc(4 * MIB), (view) => {
      view.setUint32(0x1c, Buffer.from(creator, 'latin1').readUInt32BE());
      view.setBigUint64(0x30, BigInt(4 * MIB));
      view.setUint32(0x38, (100 << 16) | (4 << 8) | 17);
    });
    expect((await openFormat(vpc, new MemoryFile(image).handle())).io.length()).toBe(size);
  });
});

describe('vpc: what an open refuses', () => {
  const footer: [what: string, patch: (view: DataView) => void, message: string][] = [
    ['another cookie', (view) => view.setUint8(0, 1), 'invalid VPC image'],
    ['a header nowhere', (view) => view.setBigUint64(0x10, 1n << 40n), 'Invalid header magic'],
    ['one far out', (view) => view.setBigUint64(0x10, 2n ** 64n - 1n), 'Error reading dynamic VHD header'],
    [
      'a disk larger than its table',
      (view) => {
        view.setUint32(0x1c, 0x71656d32);
        view.setBigUint64(0x30, 16n << 20n);
      },
      'Page table too small',
    ],
  ];
  test.each(footer)('in the footer: %s', async (_what, patch, message) => {
    const image = patchFooters(await dynamicVpc(4 * MIB), patch);
    await expect(openFormat(vpc, new MemoryFile(image).handle())).rejects.toEqual(new CommandError(message));
  });

  const header: [what: string, patch: (view: DataView) => void, message: string][] = [
    ['another cookie', (view) => view.setUint8(0, 1), 'Invalid header magic'],
    ['a table far out', (view) => view.setBigUint64(0x10, 1n << 63n), 'Error reading pagetable'],
    ['blocks of odd sizes', (view) => view.setUint32(0x20, 3 << 20), 'Invalid block size 3145728'],
    ['blocks of nothing', (view) => view.setUint32(0x20, 0), 'Invalid block size 0'],
    ['too many blocks', (view) => view.setInt32(0x1c, -1), 'Max Table Entries too large (-1)'],
    [
      'a table that is cut off',
      (view) => view.setUint32(0x1c, 0x100000),
      'block-vpc: free_data_block_offset points after the end of file. The image has been truncated.',
    ],
    [
      'a block that is cut off',
      (view) => view.setUint32(0x400, 9),
      'block-vpc: free_data_block_offset points after the end of file. The image has been truncated.',
    ],
    [
      'a block over the table',
      (view) => view.setUint32(0x400, 3),
      'The block at 1536 lies over the header or the page table',
    ],
  ];
  test.each(header)('in the header and the table: %s', async (_what, patch, message) => {
    const image = await dynamicVpc(4 * MIB);
    patch(new DataView(image.buffer, 512));
    await expect(openFormat(vpc, new MemoryFile(image).handle())).rejects.toEqual(new CommandError(message));
  });

  test('a wrong checksum, a file too short, a disk too large, a fixed one that is cut off', async () => {
    const open = (image: Uint8Array) => openFormat(vpc, new MemoryFile(image).handle());
    const image = await dynamicVpc(4 * MIB);
    const wrong = patchFooters(image, (view) => view.setUint8(0x44, view.getUint8(0x44) ^ 1), false);
    await expect(open(wrong)).rejects.toEqual(new CommandError('Incorrect header checksum'));
    await expect(open(new Uint8Array())).rejects.toEqual(new CommandError('File too small for a VHD header'));
    await expect(open(withSize(image, 2 ** 42))).rejects.toEqual(new IoError('EFBIG'));
    await expect(open(withSize(fixedVpc(MIB), 2 * MIB))).rejects.toEqual(
      new CommandError('The disk points after the end of file. The image has been truncated.'),
    );
  });
});

test('a write makes all sectors of its block count, for readers that go by the bitmap', async () => {
  const [image] = await vpcImage.originals();
  image!.fill(0, 2048, 2560);
  const file = new MemoryFile(image);
  const open: OpenFormat = await openFormat(vpc, file.handle());
  await open.io.write(2 * MIB, new Uint8Array(512).fill(3));
  await open.close();
  expect(file.bytes.subarray(2048, 2560).every((byte) => byte === 0xff)).toBe(true);
});
