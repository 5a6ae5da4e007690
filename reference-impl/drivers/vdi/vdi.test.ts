/** `vdi`: its laws as a driver, images shared with other tools, broken ones, and what an open refuses. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CommandError } from '../../qapi/command-error.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { whyMissing } from '../../testing/external-programs.ts';
import { MemoryFile } from '../../testing/file-in-memory.ts';
import { cutOffWrites, hostileImages, imageIn, makeFormat, openFormat } from '../../testing/format-images.ts';
import { sharedWithTools } from '../../testing/format-tools.ts';
import { survivesPowerLoss } from '../../testing/power-loss.ts';
import { vdiImage } from '../../testing/vdi-images.ts';
import { vdi } from './index.ts';

const MIB = 1 << 20;

driverContract({
  name: 'vdi',
  make: (folder, size) => imageIn(folder, 'vdi', (file) => makeFormat(vdi, file, { size })),
  keepsData: true,
  resizes: false,
  grows: false,
});

sharedWithTools({
  format: 'vdi',
  driver: vdi,
  options: ['static=on'],
  hasBacking: false,
  checks: true,
});

cutOffWrites({ name: 'vdi', driver: vdi, make: (file, size) => makeFormat(vdi, file, { size }) });
survivesPowerLoss({ name: 'vdi', driver: vdi, size: 4 * MIB });
hostileImages(vdiImage, [0, 300]);

const without7z = whyMissing(['7z']);

describe.skipIf(without7z !== undefined)(`vdi: a second reader${without7z ? `: ${without7z}` : ''}`, () => {
  test('7z reads what we wrote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-vdi-'));
    const image = new MemoryFile();
    await makeFormat(vdi, image.handle(), { size: 3 * MIB });
    const { io, close } = await openFormat(vdi, image.handle());
    const disk = new Uint8Array(3 * MIB).fill(5, 2 * MIB + 512, 2 * MIB + 9000).fill(6, 100, 300);
    await io.write(2 * MIB, disk.subarray(2 * MIB, 2 * MIB + 10_000));
    await io.write(0, disk.subarray(0, 1000));
    await close();
    const path = join(folder, 'disk.vdi');
    await writeFile(path, image.bytes);
    const options = { encoding: 'buffer', maxBuffer: 8 * MIB } as const;
    const { stdout } = await promisify(execFile)('7z', ['x', '-so', '-tVDI', path], options);
    expect(Buffer.compare(stdout, disk)).toBe(0);
    await rm(folder, { recursive: true });
  });
});

describe('vdi: what an open refuses', () => {
  const refused: [what: string, patch: (view: DataView) => void, message: string][] = [
    ['another signature', (view) => view.setUint32(0x40, 1, true), 'Image not in VDI format (bad signature)'],
    [
      'another version',
      (view) => view.setUint32(68, 65536, true),
      'unsupported VDI image (another version than 1.1)',
    ],
    [
      'a map off a sector',
      (view) => view.setUint32(0x154, 0x201, true),
      'unsupported VDI image (unaligned block map offset 513)',
    ],
    [
      'data off a sector',
      (view) => view.setUint32(0x158, 0x401, true),
      'unsupported VDI image (unaligned data offset 1025)',
    ],
    [
      'other sectors',
      (view) => view.setUint32(0x168, 4096, true),
      'unsupported VDI image (sector size 4096 is not 512)',
    ],
    [
      'other blocks',
      (view) => view.setUint32(0x178, 65536, true),
      'unsupported VDI image (block size 65536 is not 1048576)',
    ],
    [
      'a disk larger than its map',
      (view) => view.setBigUint64(0x170, 4n << 20n, true),
      'unsupported VDI image (disk size 4194304, image bitmap has room for 3145728)',
    ],
    [
      'a disk that is too large',
      (view) => view.setBigUint64(0x170, 1n << 63n, true),
      'Unsupported VDI image size (size is 9223372036854775808, max supported is 562949819203584)',
    ],
    [
      'too many blocks',
      (view) => view.setUint32(0x180, 0xffffffff, true),
      'unsupported VDI image (too many blocks 4294967295, max is 536870784)',
    ],
    ['a difference', (view) => view.setUint8(440, 1), 'unsupported VDI image (non-NULL parent UUID)'],
    ['a link', (view) => view.setUint8(424, 1), 'unsupported VDI image (non-NULL link UUID)'],
    [
      'a map over the header',
      (view) => view.setUint32(0x154, 0, true),
      'unsupported VDI image (block map offset 0 lies within the header)',
    ],
    [
      'data over the map',
      (view) => view.setUint32(0x158, 512, true),
      'unsupported VDI image (data offset 512 lies within the block map)',
    ],
    [
      'a map that is cut off',
      (view) => {
        view.setUint32(0x180, 536870784, true);
        view.setUint32(0x158, 0xfffffe00, true);
      },
      'unsupported VDI image (block map points after the end of the file)',
    ],
  ];
  test.each(refused)('%s', async (_what, patch, message) => {
    const [bytes] = await vdiImage.originals();
    const image = bytes!.slice();
    patch(new DataView(image.buffer));
    await expect(openFormat(vdi, new MemoryFile(image).handle())).rejects.toEqual(new CommandError(message));
  });

  test('its size comes first, whatever else is wrong', async () => {
    const image = new Uint8Array(1024).fill(0x66);
    await expect(openFormat(vdi, new MemoryFile(image).handle())).rejects.toEqual(
      new CommandError(
        'Unsupported VDI image size (size is 7378697629483820646, max supported is 562949819203584)',
      ),
    );
  });

  test('a file too short for a header', async () => {
    await expect(openFormat(vdi, new MemoryFile().handle())).rejects.toEqual(
      new CommandError('Image not in VDI format (bad signature)'),
    );
  });

  test('a disk that no map has room for is not made', async () => {
    await expect(makeFormat(vdi, new MemoryFile().handle(), { size: 2 ** 50 })).rejects.toEqual(
      new CommandError(
        'Unsupported VDI image size (size is 1125899906842624, max supported is 562949819203584)',
      ),
    );
  });
});

test('blocks that a map names, and the header does not count, are not given away again', async () => {
  const [bytes] = await vdiImage.originals();
  const image = bytes!.slice();
  new DataView(image.buffer).setUint32(0x184, 0, true);
  const file = new MemoryFile(image);
  const { io, close } = await openFormat(vdi, file.handle());
  await io.write(MIB, new Uint8Array(512).fill(9));
  await close();
  const again = await openFormat(vdi, file.handle());
  const sector = new Uint8Array(512);
  await again.io.read(0, sector);
  expect(sector.every((byte) => byte === 1)).toBe(true);
});
