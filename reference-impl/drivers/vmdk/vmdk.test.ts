/** `vmdk`: the driver contract, images of other tools and ours in theirs, hostile images, writes that are cut off. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockLayer } from '../../backend/block-layer.ts';
import { openNode } from '../../graph/open.ts';
import { setReadOnly } from '../../graph/reopen.ts';
import { CommandError } from '../../qapi/command-error.ts';
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
import { openFile } from '../../testing/qcow2-fixture.ts';
import { testBlockLayer, testServices } from '../../testing/test-services.ts';
import { hostileVmdk, makeShaped, PACKED, ZEROED } from '../../testing/vmdk-images.ts';
import { vmdk } from './index.ts';

const GRAIN = 65536;

/** A descriptor of these extents. */
const splitDescriptor = (type: string, lines: readonly string[], more = '') =>
  `# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="${type}"\n${more}\n${lines.join('\n')}\n`;

for (const [name, shape] of [
  ['vmdk', {}],
  ['vmdk with zeroed grains', ZEROED],
] as const)
  driverContract({
    name,
    make: (folder, size) => imageIn(folder, 'vmdk', (file) => makeShaped(file, size, shape)),
    keepsData: true,
    resizes: false,
    grows: false,
  });

driverContract({
  name: 'vmdk in several files',
  make: async (folder, size) => {
    const filename = join(folder, 'disk.vmdk');
    const half = size / 2;
    await writeFile(join(folder, 'part-1'), new Uint8Array(half + 512));
    const sparse = join(folder, 'part-2');
    await writeFile(sparse, '');
    const file = await openFile(sparse);
    await makeShaped(file, half);
    await file.close();
    const lines = [`RW ${half / 512} FLAT "part-1" 1`, `RW ${half / 512} SPARSE "part-2"`];
    await writeFile(filename, splitDescriptor('twoGbMaxExtentSparse', lines));
    return { driver: 'vmdk', file: { driver: 'file', filename } };
  },
  keepsData: true,
  resizes: false,
  grows: false,
});

sharedWithTools({
  format: 'vmdk',
  driver: vmdk,
  options: ['zeroed_grain=on', 'compat6=on', 'adapter_type=lsilogic'],
  hasBacking: false,
  checks: true,
});

hostileImages(hostileVmdk, [0, 300]);

describe('cut off', () => {
  cutOffWrites({ name: 'vmdk', driver: vmdk, make: makeShaped });
  cutOffWrites({
    name: 'vmdk with zeroed grains, over a backing file',
    driver: vmdk,
    make: (file, size) => makeShaped(file, size, ZEROED),
    backing: (size) => new Uint8Array(size).fill(0xbb),
  });
});

let folder: string;
let block: BlockLayer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-vmdk-'));
  block = testBlockLayer(testServices(folder));
});

afterEach(async () => {
  await block.close();
  await rm(folder, { recursive: true });
});

const open = (filename: string, more: object = {}) =>
  openNode(block.graph, { driver: 'vmdk', file: { driver: 'file', filename }, ...more });

async function readAll(filename: string): Promise<Buffer> {
  const node = await open(filename, { 'read-only': true });
  const bytes = Buffer.alloc(node.io.length());
  await node.io.read(0, bytes);
  await block.graph.release(node);
  return bytes;
}

const tools = whyMissing(['qemu-img', 'qemu-io'], 'qemu');
const readers = whyMissing(['7z', 'vmdkinfo'], 'formats');
const title = (what: string, missing: string | undefined) => (missing ? `${what}: ${missing}` : what);

describe('in several files, or packed', () => {
  const subformats = ['monolithicFlat', 'twoGbMaxExtentFlat', 'twoGbMaxExtentSparse', 'streamOptimized'];
  test.skipIf(tools !== undefined).each(subformats)(title('%s of qemu-img', tools), async (subformat) => {
    const [raw, image] = [join(folder, 'raw'), join(folder, 'disk.vmdk')];
    const content = toolContent();
    await writeFile(raw, content);
    await run('qemu-img', 'convert', '-O', 'vmdk', '-o', `subformat=${subformat}`, raw, image);
    expect(Buffer.compare(await readAll(image), content)).toBe(0);
    if (subformat === 'streamOptimized') return;
    const node = await open(image);
    await node.io.write(100_000, Buffer.alloc(300_000, 7));
    await node.io.writeZeroes(150_000, 1000);
    await block.graph.release(node);
    content.fill(7, 100_000, 400_000).fill(0, 150_000, 151_000);
    await writeFile(raw, content);
    await run('qemu-img', 'compare', '-f', 'vmdk', '-F', 'raw', image, raw);
  });

  test.skipIf(tools !== undefined)(title('5 GB in three parts', tools), async () => {
    const image = join(folder, 'disk.vmdk');
    const options = 'subformat=twoGbMaxExtentSparse';
    await run('qemu-img', 'create', '-q', '-f', 'vmdk', '-o', options, image, '5G');
    const node = await open(image);
    const border = 2 ** 31;
    await node.io.write(border - 1000, Buffer.alloc(2000, 5));
    await node.io.write(2 * border - 512, Buffer.alloc(1024, 6));
    await block.graph.release(node);
    const checks = [
      `read -P 5 ${border - 1000} 2000`,
      `read -P 6 ${2 * border - 512} 1024`,
      'read -P 0 4k 1M',
    ];
    const told = await run('qemu-io', '-f', 'vmdk', ...checks.flatMap((check) => ['-c', check]), image);
    expect(told).not.toMatch(/fail/i);
  });

  test('packed grains are written whole and once, and are sound to others', async () => {
    const image = join(folder, 'disk.vmdk');
    await writeFile(image, '');
    const file = await openFile(image);
    const size = 3 * GRAIN + 512;
    await makeShaped(file, size, PACKED);
    await file.close();
    const node = await open(image);
    await expect(node.io.write(0, Buffer.alloc(4096, 1))).rejects.toMatchObject({ code: 'EINVAL' });
    await node.io.write(0, Buffer.alloc(GRAIN, 1));
    await node.io.writeCompressed(2 * GRAIN, Buffer.alloc(GRAIN, 2));
    await node.io.write(3 * GRAIN, Buffer.alloc(512, 3));
    await expect(node.io.write(0, Buffer.alloc(GRAIN, 1))).rejects.toMatchObject({ code: 'EIO' });
    await block.graph.release(node);
    const expected = Buffer.alloc(size)
      .fill(1, 0, GRAIN)
      .fill(2, 2 * GRAIN, 3 * GRAIN)
      .fill(3, 3 * GRAIN);
    expect(Buffer.compare(await readAll(image), expected)).toBe(0);
    if (tools !== undefined) return;
    const raw = join(folder, 'raw');
    await run('qemu-img', 'convert', '-f', 'vmdk', '-O', 'raw', image, raw);
    expect(Buffer.compare(await readFile(raw), expected)).toBe(0);
  });

  test.skipIf(readers !== undefined)(title('7z and vmdkinfo read what we make', readers), async () => {
    const [image, out] = [join(folder, 'disk.vmdk'), join(folder, 'out')];
    await writeFile(image, '');
    const file = await openFile(image);
    const content = Buffer.from(toolContent());
    await makeFormat(vmdk, file, { size: content.length, filename: image });
    await file.close();
    const node = await open(image);
    await node.io.write(0, content);
    await block.graph.release(node);
    await run('7z', 'e', '-y', '-tvmdk', `-o${out}`, image);
    const name = (await run('ls', out)).trim();
    expect(Buffer.compare(await readFile(join(out, name)), content)).toBe(0);
    expect(await run('vmdkinfo', image)).toMatch(/Number of extents:\s+1/);
  });

  test('are made read-only and writable with all their files, and tell of them', async () => {
    const lines = ['RW 8 FLAT "a" 0', 'RDONLY 8 FLAT "a" 0', 'RW 8 VMFS "b"'];
    const image = join(folder, 'disk.vmdk');
    await writeFile(image, splitDescriptor('vmfs', lines));
    for (const name of ['a', 'b']) await writeFile(join(folder, name), Buffer.alloc(4096, name));
    const node = await open(image, { 'read-only': true });
    expect(node.io.length()).toBe(8192);
    const files = () => block.graph.nodes.filter(({ driverName }) => driverName === 'file');
    expect(files().map(({ readOnly }) => readOnly)).toEqual([true, true, true]);
    await setReadOnly(block.graph, node, false);
    expect(files().map(({ readOnly }) => readOnly)).toEqual([false, false, false]);
    expect(node.filename.shown).toBe(image);
    const { formatSpecific } = node.state.details!();
    expect(formatSpecific).toMatchObject({
      data: {
        'create-type': 'vmfs',
        cid: 0x12345678,
        extents: [
          { filename: join(folder, 'a'), format: 'FLAT', 'virtual-size': 4096 },
          { filename: join(folder, 'b'), format: 'VMFS' },
        ],
      },
    });
    await node.io.write(0, Buffer.alloc(512, 9));
    expect(await readFile(image, 'latin1')).not.toContain('CID=12345678\nparent');
    expect(await readFile(image, 'latin1')).toMatch(/^CID=[0-9a-f]{8}$/m);
    expect(await readFile(image, 'latin1')).toContain('parentCID=ffffffff');
  });

  test('a parent is found by its name', async () => {
    await writeFile(join(folder, 'base'), Buffer.alloc(4096, 3));
    await writeFile(join(folder, 'grains'), '');
    const file = await openFile(join(folder, 'grains'));
    await makeShaped(file, 4096);
    await file.close();
    const more = 'parentFileNameHint="base"';
    const image = join(folder, 'disk.vmdk');
    await writeFile(image, splitDescriptor('twoGbMaxExtentSparse', ['RW 8 SPARSE "grains"'], more));
    expect(Buffer.compare(await readAll(image), Buffer.alloc(4096, 3))).toBe(0);
  });
});

test.skipIf(tools !== undefined)(title('a parent that was changed is none', tools), async () => {
  const [base, overlay] = [join(folder, 'base.vmdk'), join(folder, 'overlay.vmdk')];
  await run('qemu-img', 'create', '-q', '-f', 'vmdk', base, '1M');
  await run('qemu-io', '-f', 'vmdk', '-c', 'write -P 1 0 64k', base);
  await run('qemu-img', 'create', '-q', '-f', 'vmdk', '-b', base, '-F', 'vmdk', overlay);
  const node = await open(overlay);
  expect(node.backing?.node.driverName).toBe('vmdk');
  await node.io.write(GRAIN, Buffer.alloc(4096, 2));
  const expected = Buffer.alloc(2 ** 20)
    .fill(1, 0, GRAIN)
    .fill(2, GRAIN, GRAIN + 4096);
  await block.graph.release(node);
  expect(Buffer.compare(await readAll(overlay), expected)).toBe(0);
  await run('qemu-io', '-f', 'vmdk', '-c', 'write -P 3 0 4k', base);
  const again = await open(overlay);
  const broken = { code: 'EINVAL' };
  await expect(again.io.read(0, Buffer.alloc(512))).rejects.toMatchObject(broken);
  await expect(again.io.write(2 * GRAIN, Buffer.alloc(GRAIN))).rejects.toMatchObject(broken);
  await again.io.write(GRAIN, Buffer.alloc(512, 4));
  await block.graph.release(again);
});

describe('what is refused', () => {
  const flat = 'RW 8 FLAT "a" 0';
  test.each<[what: string, descriptor: string | Uint8Array, message: string]>([
    ['nothing', '', 'File is too small, not a valid image'],
    ['no descriptor', Buffer.alloc(4096), 'invalid VMDK image descriptor'],
    ['another type', splitDescriptor('custom', [flat]), "Unsupported image type 'custom'"],
    ['another extent', splitDescriptor('vmfs', ['RW 8 FOO "a" 0']), 'Invalid extent line: RW 8 FOO "a" 0'],
    ['no offset', splitDescriptor('vmfs', ['RW 8 FLAT "a"']), 'Invalid extent line: RW 8 FLAT "a"'],
    ['no quote', splitDescriptor('vmfs', ['RW 8 FLAT "a 0']), 'Invalid extent line: RW 8 FLAT "a 0'],
    ['no file', splitDescriptor('vmfs', [flat]), "Could not open 'FOLDER/a': No such file or directory"],
    [
      'no grains',
      splitDescriptor('twoGbMaxExtentSparse', ['RW 8 SPARSE "disk.copy"']),
      'Image not in VMDK format',
    ],
  ])('%s', async (_what, descriptor, message) => {
    const image = join(folder, 'disk.vmdk');
    await writeFile(image, descriptor);
    await writeFile(join(folder, 'disk.copy'), Buffer.alloc(4096));
    await expect(open(image)).rejects.toEqual(new CommandError(message.replace('FOLDER', folder)));
    expect(block.graph.nodes).toEqual([]);
  });

  test.each([
    [{ version: 4 }, 'Unsupported VMDK version 4'],
    [{ version: 3 }, 'VMDK version 3 must be read only'],
    [{ grain: 0 }, 'L1 entry size is invalid'],
    [{ grain: 2 ** 40 }, 'Invalid granularity, image may be corrupt'],
    [{ overhead: 2 ** 40 }, 'File truncated, expecting at least 562949953421312 bytes'],
    [{ capacity: 0 }, "Unsupported image type 'monolithicSparse'"],
  ])('a header with %o', async (shape, message) => {
    const file = new MemoryFile();
    await makeShaped(file.handle(), 2 ** 20, shape);
    await expect(openFormat(vmdk, file.handle())).rejects.toEqual(new CommandError(message));
  });

  test('a new image over a backing file', async () => {
    const backed = { size: 4096, 'backing-file': 'x', 'backing-fmt': 'raw' };
    await expect(makeFormat(vmdk, new MemoryFile().handle(), backed)).rejects.toThrow(
      "Backing file not supported for file format 'vmdk'",
    );
  });
});

test('a header at the end of the file moves to its start when the file grows', async () => {
  const file = new MemoryFile();
  await makeShaped(file.handle(), 4 * GRAIN, PACKED);
  const first = await openFormat(vmdk, file.handle());
  await first.io.write(GRAIN, Buffer.alloc(GRAIN, 1));
  const header = Buffer.from(file.bytes.subarray(0, 512));
  const marker = (sectors: number, type: number) => {
    const bytes = Buffer.alloc(512);
    bytes.writeUInt32LE(sectors, 0);
    bytes.writeUInt32LE(type, 12);
    return bytes;
  };
  const start = Buffer.from(file.bytes);
  start.fill(0xff, 56, 64);
  file.bytes = new Uint8Array(Buffer.concat([start, marker(1, 3), header, marker(0, 0)]));
  const image = await openFormat(vmdk, file.handle());
  const expected = Buffer.alloc(4 * GRAIN).fill(1, GRAIN, 2 * GRAIN);
  expect(Buffer.compare(await contentsOf(image), expected)).toBe(0);
  expect(file.bytes[56]).toBe(0xff);
  await image.io.write(2 * GRAIN, Buffer.alloc(GRAIN, 2));
  expected.fill(2, 2 * GRAIN, 3 * GRAIN);
  const again = await openFormat(vmdk, file.handle());
  expect(Buffer.compare(await contentsOf(again), expected)).toBe(0);
  file.bytes = new Uint8Array(Buffer.concat([start, marker(1, 2), header, marker(0, 0)]));
  await expect(openFormat(vmdk, file.handle())).rejects.toThrow('Invalid footer');
});

test.each<[start: string, format: string]>([
  ['version=1\n', 'vmdk'],
  ['# x\r\n   \nversion=3\r\n', 'vmdk'],
  ['KDMV', 'vmdk'],
  ['# x\nversion=4\n', 'raw'],
  ['# x\n\nversion=1\n', 'raw'],
  ['# x\nversion=1 \n', 'raw'],
  ['version=1', 'raw'],
])('%j is %s to those who find it out', (start, format) => {
  const bytes = Buffer.alloc(512);
  bytes.write(start);
  expect(vmdk.probe!(bytes, 'x')).toBe(format === 'vmdk' ? 100 : 0);
});

test('tables that are missing are made when they are needed', async () => {
  const file = new MemoryFile();
  await makeShaped(file.handle(), 2 ** 20);
  for (const directory of [21, 26]) new DataView(file.bytes.buffer).setUint32(directory * 512, 0);
  const image = await openFormat(vmdk, file.handle());
  expect(Buffer.compare(await contentsOf(image), Buffer.alloc(2 ** 20))).toBe(0);
  await image.io.write(GRAIN, Buffer.alloc(512, 4));
  await image.close();
  const expected = Buffer.alloc(2 ** 20).fill(4, GRAIN, GRAIN + 512);
  expect(Buffer.compare(await contentsOf(await openFormat(vmdk, file.handle())), expected)).toBe(0);
});
