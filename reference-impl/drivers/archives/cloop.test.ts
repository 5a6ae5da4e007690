/** cloop, which is only read: images of our own and of other people's tools, and what is no image. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setReadOnly } from '../../graph/reopen.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { buildCloop } from '../../testing/archive-fixture.ts';
import { ArchiveNodes, contentParts, expectEqual, PART, patched } from '../../testing/archive-nodes.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';

driverContract({
  name: 'cloop',
  make: async (folder, size) => {
    const filename = join(folder, 'disk.cloop');
    await writeFile(filename, buildCloop(Buffer.alloc(size)));
    return { driver: 'cloop', file: { driver: 'file', filename } };
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

const cloop = buildCloop(Buffer.alloc(16_384, 1));
const cloopUtils = whyMissing(['create_compressed_fs', 'extract_compressed_fs'], 'formats');
const title = (what: string, missing: string | undefined) => (missing ? `${what}: ${missing}` : what);

test.each([512, 4096, 65_536])('cloop with blocks of %d bytes', async (blockBytes) => {
  const disk = contentParts(8);
  expectEqual(await nodes.readAll('cloop', buildCloop(disk, blockBytes)), disk);
});

test('is found out by how it begins', async () => {
  expect((await nodes.open(undefined, buildCloop(contentParts(1)))).driverName).toBe('cloop');
});

test('are read-only where nobody says so, keep the lock of a writer, and never become writable', async () => {
  const image = buildCloop(contentParts(1));
  const node = await nodes.open('cloop', image, false);
  expect(node.readOnly).toBe(true);
  expect(nodes.log).toHaveLength(1);
  await expect(node.io.write(0, Buffer.alloc(512, 1))).rejects.toMatchObject({ code: 'EPERM' });
  await expect(nodes.open('cloop', join(nodes.folder, 'disk.cloop'))).rejects.toThrow(
    'Failed to get shared "write" lock',
  );
  await expect(setReadOnly(nodes.block.graph, node, false)).rejects.toThrow(
    `Block format 'cloop' used by node '${node.name}' does not support reopening files`,
  );
  expect(node.readOnly).toBe(true);
});
test.skipIf(cloopUtils !== undefined).each(['512', '4096', '65536'])(
  title('create_compressed_fs makes blocks of %s', cloopUtils),
  async (blockBytes) => {
    const [raw, packed] = [join(nodes.folder, 'disk.raw'), join(nodes.folder, 'disk.cloop')];
    // extract_compressed_fs fails on a handful of blocks
    const disk = contentParts(80).subarray(0, 80 * PART - 700);
    await writeFile(raw, disk);
    await run('create_compressed_fs', '-q', '-B', blockBytes, raw, packed);
    const bytes = await nodes.readAll('cloop', packed);
    expectEqual(bytes.subarray(0, disk.length), disk);
    expect(bytes.subarray(disk.length).every((byte) => byte === 0)).toBe(true);
    // and what we build is an image to them
    await writeFile(packed, buildCloop(disk, Number(blockBytes)));
    await run('extract_compressed_fs', packed, raw);
    expectEqual((await readFile(raw)).subarray(0, disk.length), disk);
  },
);

test.for<[image: Buffer, message: string]>([
  [Buffer.alloc(1024), 'block_size cannot be zero'],
  [patched(cloop, [128, 513, 'BE']), 'block_size 513 must be a multiple of 512'],
  [patched(cloop, [128, 2 ** 26 + 512, 'BE']), 'block_size 67109376 must be 64 MB or less'],
  [patched(cloop, [132, 2 ** 31, 'BE']), 'n_blocks 2147483648 must be 536870911 or less'],
  [patched(cloop, [132, 2 ** 26, 'BE']), 'image requires too many offsets, try increasing block size'],
  [patched(cloop, [148, 0, 'BE']), 'offsets not monotonically increasing at index 1, image file is corrupt'],
  [patched(cloop, [148, 2 ** 31, 'BE']), 'invalid compressed block size at index 1, image file is corrupt'],
])('image %# is refused', async ([image, message]) => {
  await expect(nodes.open('cloop', image)).rejects.toEqual(new CommandError(message));
});

test('a block that is broken cannot be read, and spoils no other', async () => {
  const broken = patched(cloop, [cloop.readUInt32BE(148), 0, 'BE']);
  const node = await nodes.open('cloop', broken);
  const failed = { name: 'IoError', code: 'EIO' };
  await node.io.read(8192, Buffer.alloc(4096));
  await expect(node.io.read(4096, Buffer.alloc(4096))).rejects.toMatchObject(failed);
  await node.io.read(0, Buffer.alloc(4096));
});
