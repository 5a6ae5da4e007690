/** `vhdx`: its laws as a driver, images shared with other tools, broken ones, the log, and what an open refuses. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import { crc32c } from '../../crypto/crc32c.ts';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { MemoryFile } from '../../testing/file-in-memory.ts';
import { cutOffWrites, hostileImages, makeFormat, openFormat } from '../../testing/format-images.ts';
import { sharedWithTools } from '../../testing/format-tools.ts';
import { survivesPowerLoss } from '../../testing/power-loss.ts';
import {
  BLOCKS,
  HEADERS,
  hostileVhdx,
  loggedVhdx,
  METADATA,
  mendVhdx,
  REGION_TABLES,
  smallVhdx,
  usedVhdx,
} from '../../testing/vhdx-images.ts';
import { vhdx } from './index.ts';

const MIB = 1 << 20;

driverContract({
  name: 'vhdx',
  make: async (folder, size) => {
    const filename = join(folder, 'disk.vhdx');
    await writeFile(filename, smallVhdx(size));
    return { driver: 'vhdx', file: { driver: 'file', filename } };
  },
  keepsData: true,
  resizes: false,
  grows: false,
});

sharedWithTools({
  format: 'vhdx',
  driver: vhdx,
  options: [
    'block_size=1M',
    'subformat=fixed',
    'subformat=fixed,block_size=2M',
    'block_state_zero=off,log_size=2M',
  ],
  hasBacking: false,
  checks: true,
});

cutOffWrites({ name: 'vhdx', driver: vhdx, make: (file, size) => file.write(0, smallVhdx(size)) });
survivesPowerLoss({
  name: 'vhdx',
  driver: vhdx,
  size: 4 * MIB,
  make: () => Promise.resolve(smallVhdx(4 * MIB)),
});
hostileImages(hostileVhdx, [0, 200]);

test('the checksum is CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

const missing = whyMissing(['7z', 'vhdiinfo']);

describe.skipIf(missing !== undefined)(`vhdx: other readers${missing ? `: ${missing}` : ''}`, () => {
  test('7z and libvhdi read what we wrote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-vhdx-'));
    const image = new MemoryFile();
    await makeFormat(vhdx, image.handle(), { size: 20 * MIB });
    const { io, close } = await openFormat(vhdx, image.handle());
    const disk = new Uint8Array(20 * MIB).fill(5, 17 * MIB + 512, 17 * MIB + 9000).fill(6, 100, 300);
    await io.write(17 * MIB, disk.subarray(17 * MIB, 17 * MIB + 10_000));
    await io.write(0, disk.subarray(0, 1000));
    await close();
    const path = join(folder, 'disk.vhdx');
    await writeFile(path, image.bytes);
    const options = { encoding: 'buffer', maxBuffer: 32 * MIB } as const;
    const { stdout } = await promisify(execFile)('7z', ['x', '-so', '-tVHDX', path], options);
    expect(Buffer.compare(stdout, disk)).toBe(0);
    expect(await run('vhdiinfo', path)).toContain(`(${disk.length} bytes)`);
    await rm(folder, { recursive: true });
  });
});

describe('vhdx: the log', () => {
  const firstBytes = async (file: MemoryFile) => {
    const { io, close } = await openFormat(vhdx, file.handle());
    const bytes = new Uint8Array(2 * MIB + 1);
    await io.read(0, bytes);
    await close();
    return [bytes[0], bytes[MIB], bytes[2 * MIB]];
  };

  test('what it holds is done when the image is opened for writing, and is not there for a reader', async () => {
    const image = await loggedVhdx();
    const refused = openFormat(vhdx, new MemoryFile(image.slice()).handle(), { readOnly: true });
    await expect(refused).rejects.toThrow('opened read-only, but contains a log that needs to be replayed');
    const file = new MemoryFile(image);
    expect(await firstBytes(file)).toEqual([1, 0, 2]);
    // and the log counts no more
    file.bytes.fill(0, BLOCKS.offset, BLOCKS.offset + 4096);
    expect(await firstBytes(file)).toEqual([0, 0, 0]);
  });

  test.each([
    ['the head', 8],
    ['a descriptor', 0x50],
    ['a sector', 0x1100],
  ])('an entry with a broken byte in %s is none', async (_what, at) => {
    const image = await loggedVhdx();
    image[MIB + at] = image[MIB + at]! ^ 0x40;
    expect(await firstBytes(new MemoryFile(image))).toEqual([0, 0, 0]);
  });

  test('a file that is shorter than it was when the entry was written is refused', async () => {
    const image = await loggedVhdx();
    await expect(
      openFormat(vhdx, new MemoryFile(image.subarray(0, image.length - MIB)).handle()),
    ).rejects.toEqual(new IoError('EINVAL'));
  });

  test('broken at random, it is replayed whole or not at all', { timeout: 60_000 }, async () => {
    const sound = await loggedVhdx();
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const image = sound.slice();
      for (let i = 0; i < 2; i++) image[MIB + random.below(0x3000)] = random.below(256);
      const read = await firstBytes(new MemoryFile(image));
      expect([
        [1, 0, 2],
        [0, 0, 0],
      ]).toContainEqual(read);
    }
  });
});

const withoutTools = whyMissing(['qemu-img'], 'qemu');

describe.skipIf(withoutTools !== undefined)(
  `vhdx: a log by us${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    test('qemu-img finds it and replays it', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-vhdx-'));
      const path = join(folder, 'disk.vhdx');
      await writeFile(path, await loggedVhdx());
      await expect(run('qemu-img', 'check', '-f', 'vhdx', path)).rejects.toThrow('needs to be replayed');
      expect(await run('qemu-img', 'check', '-r', 'all', '-f', 'vhdx', path)).toContain('1 corruptions');
      await writeFile(join(folder, 'sound.vhdx'), await usedVhdx());
      await run('qemu-img', 'compare', '-f', 'vhdx', path, join(folder, 'sound.vhdx'));
      await rm(folder, { recursive: true });
    });
  },
);

describe('vhdx: what an open refuses', () => {
  const INVALID = new IoError('EINVAL');
  const UNSUPPORTED = new IoError('ENOTSUP');
  const ITEMS = METADATA.offset + 0x10000;
  type Patch = (view: DataView) => void;
  const inAll =
    (places: readonly number[], patch: (view: DataView, at: number) => void): Patch =>
    (view) => {
      for (const at of places) patch(view, at);
    };
  const refused: [what: string, patch: Patch, error: Error][] = [
    ['another file', (view) => view.setUint8(0, 1), INVALID],
    [
      'no header',
      inAll(HEADERS, (view, at) => view.setUint8(at, 1)),
      new CommandError('No valid VHDX header found'),
    ],
    [
      'headers of another version',
      inAll(HEADERS, (view, at) => view.setUint16(at + 0x42, 2, true)),
      new CommandError('No valid VHDX header found'),
    ],
    [
      'two headers of one number',
      inAll(HEADERS, (view, at) => view.setBigUint64(at + 8, 7n, true)),
      new CommandError('No valid VHDX header found'),
    ],
    ['another log', inAll(HEADERS, (view, at) => view.setUint16(at + 0x40, 1, true)), INVALID],
    ['no log', inAll(HEADERS, (view, at) => view.setUint32(at + 0x44, 0, true)), INVALID],
    [
      'a log over the blocks',
      inAll(HEADERS, (view, at) => view.setBigUint64(at + 0x48, 2n << 20n, true)),
      INVALID,
    ],
    ['a log far out', inAll(HEADERS, (view, at) => view.setBigUint64(at + 0x48, 1n << 40n, true)), INVALID],
    ['no region tables', inAll(REGION_TABLES, (view, at) => view.setUint8(at, 1)), INVALID],
    ['no regions', inAll(REGION_TABLES, (view, at) => view.setUint32(at + 8, 0, true)), INVALID],
    ['too many regions', inAll(REGION_TABLES, (view, at) => view.setUint32(at + 8, 2048, true)), INVALID],
    [
      'a region that must be known',
      inAll(REGION_TABLES, (view, at) => view.setUint8(at + 16, 1)),
      UNSUPPORTED,
    ],
    [
      'blocks over the metadata',
      inAll(REGION_TABLES, (view, at) => view.setUint32(at + 16 + 24, 2 * MIB, true)),
      INVALID,
    ],
    ['too few blocks', inAll(REGION_TABLES, (view, at) => view.setUint32(at + 16 + 24, 8, true)), INVALID],
    [
      'blocks far out',
      inAll(REGION_TABLES, (view, at) => view.setBigUint64(at + 16 + 16, 1n << 40n, true)),
      INVALID,
    ],
    ['no metadata', (view) => view.setUint8(METADATA.offset, 1), INVALID],
    ['too much metadata', (view) => view.setUint16(METADATA.offset + 10, 2048, true), INVALID],
    ['missing metadata', (view) => view.setUint16(METADATA.offset + 10, 4, true), UNSUPPORTED],
    ['metadata that must be known', (view) => view.setUint8(METADATA.offset + 32, 1), UNSUPPORTED],
    ['blocks too small', (view) => view.setUint32(ITEMS, MIB / 2, true), INVALID],
    ['blocks too large', (view) => view.setUint32(ITEMS, 2 ** 29, true), INVALID],
    ['blocks of odd sizes', (view) => view.setUint32(ITEMS, 3 * MIB, true), INVALID],
    ['a parent', (view) => view.setUint32(ITEMS + 4, 2, true), INVALID],
    ['a disk too large', (view) => view.setBigUint64(ITEMS + 8, (64n << 40n) + 512n, true), INVALID],
    ['a disk larger than its table', (view) => view.setBigUint64(ITEMS + 8, 1n << 40n, true), INVALID],
    ['other sectors', (view) => view.setUint32(ITEMS + 32, 4096, true), UNSUPPORTED],
    ['a block over the log', (view) => view.setUint32(BLOCKS.offset, MIB | 6, true), INVALID],
    ['a block over the headers', (view) => view.setUint32(BLOCKS.offset, 6, true), INVALID],
    ['a block behind the file', (view) => view.setUint32(BLOCKS.offset, (64 * MIB) | 6, true), INVALID],
    ['a block far behind it', (view) => view.setUint32(BLOCKS.offset + 4, 2 ** 31, true), INVALID],
  ];
  test.each(refused)('%s', async (_what, patch, error) => {
    const image = await usedVhdx();
    patch(new DataView(image.buffer));
    await expect(openFormat(vhdx, new MemoryFile(mendVhdx(image)).handle())).rejects.toEqual(error);
  });

  const torn = async (at: number): Promise<MemoryFile> => {
    const image = await usedVhdx();
    image[at + 20] = image[at + 20]! ^ 1;
    return new MemoryFile(image);
  };

  test('one header that is torn, or the second region table, does no harm', async () => {
    for (const at of [...HEADERS, REGION_TABLES[1]]) await openFormat(vhdx, (await torn(at)).handle());
  });

  test('the first region table must be whole', async () => {
    const file = await torn(REGION_TABLES[0]);
    await expect(openFormat(vhdx, file.handle())).rejects.toEqual(INVALID);
  });

  test('a block of a state that needs a parent fails to be read', async () => {
    const image = await usedVhdx();
    new DataView(image.buffer).setUint8(BLOCKS.offset, 7);
    const { io } = await openFormat(vhdx, new MemoryFile(image).handle());
    await expect(io.read(0, new Uint8Array(512))).rejects.toEqual(new IoError('EIO'));
    await io.read(MIB, new Uint8Array(512));
  });

  test('a disk of more than 64 TiB is not made', async () => {
    await expect(makeFormat(vhdx, new MemoryFile().handle(), { size: 65 * 2 ** 40 })).rejects.toEqual(
      new CommandError('Image size too large; max of 64TB'),
    );
  });
});
