/** Backing files: where they come from, what they are to their overlays, and images that share a file of the host. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { createNamedImage } from './named-image.ts';
import { openNode } from './open.ts';
import { describeNode } from './query-nodes.ts';
import { setReadOnly } from './reopen.ts';

const SIZE = 1 << 20;
let folder: string;
let block: BlockLayer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-backing-'));
  block = testBlockLayer(testServices(folder));
  await create('base.qcow2');
  await create('top.qcow2', { name: 'base.qcow2', format: 'qcow2' });
});

afterEach(async () => {
  await block.close();
  await rm(folder, { recursive: true });
});

const path = (name: string) => join(folder, name);
const create = (name: string, backing?: { name: string; format?: string }) =>
  createNamedImage(block.graph, {
    filename: path(name),
    format: 'qcow2',
    size: SIZE,
    ...(backing && { backing }),
  });
const qcow2 = (nodeName: string, name: string, more: JsonObject = {}): JsonObject => ({
  driver: 'qcow2',
  'node-name': nodeName,
  file: { driver: 'file', filename: path(name) },
  ...more,
});
const find = (name: string) => block.graph.find(name)!;

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'not refused',
    (error: unknown) => (error instanceof CommandError ? error.message : String(error)),
  );
}

describe('where it comes from', () => {
  test('a header that names the protocol means the bytes of the file', async () => {
    await writeFile(path('bytes'), Buffer.alloc(SIZE, 7));
    await create('over.qcow2', { name: path('bytes'), format: 'file' });
    await block.add(qcow2('over', 'over.qcow2'));
    expect(find('over').backing!.node.driverName).toBe('file');
    const buffer = new Uint8Array(1);
    await find('over').io.read(0, buffer);
    expect(buffer[0]).toBe(7);
  });

  test.each([
    ['itself', ['ring.qcow2']],
    ['an image that names it', ['ring.qcow2', 'other.qcow2']],
  ])('a header that names %s is refused, read-only too', async (_, ring) => {
    for (const [at, name] of ring.entries())
      await create(name, { name: `file:${path(ring[(at + 1) % ring.length]!)}`, format: 'qcow2' });
    for (const readOnly of [false, true])
      expect(await refusal(block.add(qcow2('ring', 'ring.qcow2', { 'read-only': readOnly })))).toMatch(
        /^Could not open backing file: /,
      );
    expect(block.graph.nodes).toEqual([]);
  });

  test("the image's header, relative to the image", async () => {
    await block.add(qcow2('t', 'top.qcow2'));
    const backing = find('t').backing!.node;
    expect(backing.filename.shown).toBe(path('base.qcow2'));
    expect(backing.readOnly).toBe(true);
    expect(describeNode(find('t'))).toMatchObject({
      backing_file_depth: 1,
      backing_file: path('base.qcow2'),
    });
  });

  test.each([
    ['json:{"driver":"qcow2","file.driver":"file","file.filename":"@/base.qcow2"}', undefined],
    ['json:{"driver":"qcow2","file":{"driver":"file","filename":"@/base.qcow2"}}', 'qcow2'],
    ['file:@/base.qcow2', undefined],
  ])('a header that says %s', async (name, format) => {
    const backing = { name: name.replace('@', folder), ...(format === undefined ? {} : { format }) };
    await create('other.qcow2', backing);
    await block.add(qcow2('t', 'other.qcow2'));
    expect(find('t').backing!.node).toMatchObject({ driverName: 'qcow2' });
  });

  test('what the definition says, or none at all', async () => {
    await block.add({ driver: 'null-co', 'node-name': 'n', size: SIZE });
    await block.add(qcow2('t', 'top.qcow2', { backing: 'n' }));
    expect(find('t').backing!.node.name).toBe('n');
    await block.delete('t');
    for (const nothing of [null, '']) {
      await block.add(qcow2('t', 'top.qcow2', { backing: nothing }));
      expect(find('t').backing).toBeUndefined();
      expect(find('t').filename.shown).toContain('"backing": ""');
      await block.delete('t');
    }
  });

  test('a header that leads nowhere', async () => {
    await create('lost.qcow2', { name: 'none', format: 'qcow2' });
    expect(await refusal(block.add(qcow2('t', 'lost.qcow2')))).toBe(
      `Could not open backing file: Could not open '${path('none')}': No such file or directory`,
    );
    expect(block.graph.nodes).toEqual([]);
  });
});

describe("a definition in place stands beside the name in the image's header", () => {
  const reference = 'Cannot reference an existing block device with additional options or a new filename';
  const names = "Can't specify 'file' and 'filename' options at the same time";
  const file = { driver: 'file', filename: 'plain' };
  const cases: [what: string, backing: JsonObject, answer: string][] = [
    ['a file of its own', { driver: 'raw', file }, 'not refused'],
    ['a name of its own', file, names],
    ['a name of its own, farther down', { driver: 'raw', file: { driver: 'raw', file } }, names],
    ['a reference', { driver: 'raw', file: 'n' }, reference],
    ['a reference, farther down', { driver: 'raw', file: { driver: 'raw', file: 'n' } }, reference],
    ['a reference in a filter', { driver: 'blkdebug', image: 'n' }, reference],
    ['no name', { driver: 'null-co' }, "The only allowed filename for this driver is 'null-co://'"],
    [
      'no name, farther down',
      { driver: 'raw', file: { driver: 'null-co' } },
      "The only allowed filename for this driver is 'null-co://'",
    ],
    [
      'an address',
      { driver: 'nbd', server: { type: 'unix', path: 'none' } },
      "Option 'server.path' cannot be used with a file name",
    ],
  ];
  test.each(cases)('%s', async (_what, backing, answer) => {
    await writeFile(path('plain'), new Uint8Array(4096));
    await block.add({ driver: 'null-co', 'node-name': 'n' });
    expect(await refusal(block.add(qcow2('t', 'top.qcow2', { backing })))).toBe(
      answer === 'not refused' ? answer : `Could not open backing file: ${answer}`,
    );
  });

  test('an image without a name in it takes any', async () => {
    await block.add({ driver: 'null-co', 'node-name': 'n' });
    const backing = { driver: 'raw', file: 'n' };
    expect(await refusal(block.add(qcow2('b', 'base.qcow2', { backing })))).toBe('not refused');
  });
});

test('shows through where the overlay has nothing, and is not written to', async () => {
  await block.add(qcow2('b', 'base.qcow2'));
  await find('b').io.write(0, new Uint8Array(SIZE).fill(1));
  await block.delete('b');
  const before = await readFile(path('base.qcow2'));
  await block.add(qcow2('t', 'top.qcow2'));
  await find('t').io.write(70_000, new Uint8Array(1000).fill(2));
  const bytes = new Uint8Array(SIZE);
  await find('t').io.read(0, bytes);
  const expected = new Uint8Array(SIZE).fill(1);
  expected.fill(2, 70_000, 71_000);
  expect(Buffer.compare(bytes, expected)).toBe(0);
  await block.delete('t');
  expect(Buffer.compare(await readFile(path('base.qcow2')), before)).toBe(0);
});

test('is busy as long as it is one', async () => {
  await block.add(qcow2('b', 'base.qcow2', { 'read-only': true }));
  await block.add(qcow2('t', 'top.qcow2', { backing: 'b' }));
  expect(await refusal(block.delete('b'))).toBe("Node 'b' is busy: node is used as backing hd of 't'");
  await block.delete('t');
  expect(await refusal(block.delete('b'))).toBe('not refused');
});

describe('a file of the host that two nodes have open', () => {
  const locks: [what: string, first: JsonObject, second: JsonObject, answer: string][] = [
    ['two writers', {}, {}, 'Failed to get "write" lock'],
    ['a reader after a writer', {}, { 'read-only': true }, 'Failed to get shared "write" lock'],
    ['a writer after a reader', { 'read-only': true }, {}, 'Failed to get "write" lock'],
    ['two readers', { 'read-only': true }, { 'read-only': true }, 'not refused'],
    ['one that shares by force', {}, { 'read-only': true, 'force-share': true }, 'not refused'],
  ];
  test.each(locks)('%s', async (_what, first, second, answer) => {
    await block.add(qcow2('a', 'base.qcow2', first));
    expect(await refusal(block.add(qcow2('b', 'base.qcow2', second)))).toBe(answer);
  });

  test('one that does not lock', async () => {
    await block.add(qcow2('a', 'base.qcow2'));
    const unlocked = { driver: 'file', filename: path('base.qcow2'), locking: 'off' };
    expect(await refusal(block.add(qcow2('b', 'base.qcow2', { file: unlocked })))).toBe('not refused');
  });
});

test('a node becomes read-only and writable again, with the file inside its definition', async () => {
  await block.add(qcow2('t', 'top.qcow2'));
  const node = find('t');
  const file = node.child('file')!.node;
  await setReadOnly(block.graph, node, true);
  expect([node.readOnly, file.readOnly]).toEqual([true, true]);
  await expect(node.io.write(0, new Uint8Array(512).fill(1))).rejects.toMatchObject({ code: 'EPERM' });
  await setReadOnly(block.graph, node, false);
  await node.io.write(0, new Uint8Array(512).fill(1));
  expect([node.readOnly, file.readOnly]).toEqual([false, false]);
});

test('a format that nobody names is found out', async () => {
  await writeFile(path('plain'), new Uint8Array(4096));
  const formats = [];
  for (const name of ['base.qcow2', 'plain']) {
    const node = await openNode(block.graph, { file: { driver: 'file', filename: path(name) } });
    formats.push(node.driverName);
    await block.graph.release(node);
  }
  expect(formats).toEqual(['qcow2', 'raw']);
});

test('other people find the same chain', ({ skip }) => {
  skip(!hasQemuImg(), 'qemu-img is not installed');
  const info = execFileSync('qemu-img', ['info', '--output=json', path('top.qcow2')], { encoding: 'utf8' });
  expect(JSON.parse(info)).toMatchObject({
    'backing-filename': 'base.qcow2',
    'backing-filename-format': 'qcow2',
    'virtual-size': SIZE,
  });
});

function hasQemuImg(): boolean {
  if ((process.env.QMPCHECK_REQUIRE ?? '').split(',').includes('qemu')) return true;
  try {
    execFileSync('qemu-img', ['--version']);
    return true;
  } catch {
    return false;
  }
}
