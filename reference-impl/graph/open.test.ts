import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { DirtyBitmap } from './dirty-bitmap.ts';
import { Permission } from './permissions.ts';

let folder: string;
let block: BlockLayer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-open-'));
  await writeFile(join(folder, 'disk.img'), new Uint8Array(4096));
  block = testBlockLayer(testServices(folder));
});

afterEach(async () => {
  await block.close();
  expect(block.graph.nodes).toEqual([]);
  await rm(folder, { recursive: true });
});

const names = () => block.graph.nodes.map((node) => node.name.replace(/^#block\d+$/, '#block'));
const file = { driver: 'file', filename: 'disk.img' };

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'not refused',
    (error: unknown) => (error instanceof CommandError ? error.message : String(error)),
  );
}

describe('names', () => {
  test('a node without one gets one that no user can give', async () => {
    await block.add({ driver: 'raw', 'node-name': 'r', file });
    expect(names()).toEqual(['#block', 'r']);
    const generated = block.graph.nodes[0]!.name;
    expect(await refusal(block.add({ driver: 'null-co', 'node-name': generated }))).toBe('Invalid node name');
  });

  test('a long name is cut, and found by what is left of it', async () => {
    const long = 'n'.repeat(40);
    await block.add({ driver: 'null-co', 'node-name': long });
    expect(block.graph.find(long)).toBeUndefined();
    expect(block.graph.find('n'.repeat(31))).toBeDefined();
  });

  test.each(['', '9', '_a', 'a b', 'a/b', 'é', 'a\n'])('%j is no name', async (name) => {
    expect(await refusal(block.add({ driver: 'null-co', 'node-name': name }))).toBe('Invalid node name');
  });
});

describe('a failure leaves nothing behind', () => {
  const definitions: [what: string, definition: JsonObject, message: string][] = [
    [
      'name of a child',
      { driver: 'raw', 'node-name': 'r', file: { ...file, 'node-name': '1' } },
      'Invalid node name',
    ],
    ['name taken', { driver: 'raw', 'node-name': 'n', file }, 'Duplicate node name'],
    [
      'name taken by its own child',
      { driver: 'raw', 'node-name': 'r', file: { ...file, 'node-name': 'r' } },
      'Duplicate node name',
    ],
    [
      'itself as child',
      { driver: 'raw', 'node-name': 'r', file: 'r' },
      'Cannot find device=r nor node_name=r',
    ],
    [
      'options of the driver',
      { driver: 'raw', 'node-name': 'r', file, offset: 5000 },
      'Offset (5000) cannot be greater than size of the containing file (4096)',
    ],
    [
      'no file name',
      { driver: 'file', 'node-name': 'r', filename: '' },
      "The 'file' block driver requires a file name",
    ],
    [
      'force-share',
      { driver: 'raw', 'node-name': 'r', file, 'force-share': true },
      'force-share=on can only be used with read-only images',
    ],
    [
      'detect-zeroes',
      { driver: 'raw', 'node-name': 'r', file: 'n', 'detect-zeroes': 'unmap' },
      'setting detect-zeroes to unmap is not allowed without setting discard operation to unmap',
    ],
  ];
  test.each(definitions)('%s', async (_what, definition, message) => {
    await block.add({ driver: 'null-co', 'node-name': 'n' });
    expect(await refusal(block.add(definition))).toBe(message);
    expect(names()).toEqual(['n']);
    expect(block.graph.find('n')!.parents).toEqual([]);
  });
});

describe('what a child inherits', () => {
  const parent = {
    driver: 'raw',
    'node-name': 'r',
    'read-only': true,
    'force-share': true,
    cache: { direct: true },
  };

  test('cache, read-only and force-share, but nothing of detect-zeroes', async () => {
    await block.add({ ...parent, 'detect-zeroes': 'on', file });
    expect(block.graph.nodes[0]!.options).toMatchObject({
      cache: { direct: true, noFlush: false },
      readOnly: true,
      forceShare: true,
      detectZeroes: 'off',
      discard: 'unmap',
    });
  });

  test('not what it says itself', async () => {
    await block.add({ ...parent, file: { ...file, cache: { direct: false, 'no-flush': true } } });
    expect(block.graph.nodes[0]!.options.cache).toEqual({ direct: false, noFlush: true });
  });

  test('nothing when it is a reference', async () => {
    await block.add({ ...file, 'node-name': 'f' });
    await block.add({ ...parent, file: 'f' });
    expect(block.graph.find('f')!.readOnly).toBe(false);
  });
});

describe('deletion', () => {
  test('takes the children that were defined inside, and no other', async () => {
    await block.add({ ...file, 'node-name': 'f' });
    await block.add({ driver: 'raw', 'node-name': 'a', file: 'f' });
    await block.add({ driver: 'raw', 'node-name': 'b', file: { driver: 'raw', file: 'f' } });
    expect(await refusal(block.delete('f'))).toBe('Block device f is in use');
    await block.delete('b');
    await block.delete('a');
    expect(names()).toEqual(['f']);
    await block.delete('f');
    expect(await refusal(block.delete('f'))).toBe('Cannot find node f');
  });

  test('is refused while a drive or an export uses the node, before it is asked who owns it', async () => {
    await block.add({ driver: 'raw', 'node-name': 'a', file });
    for (const node of block.graph.nodes)
      await block.graph.withRoot(node, Permission.consistentRead, async () => {
        expect(await refusal(block.delete(node.name))).toBe(`Node ${node.name} is in use`);
      });
    await block.delete('a');
  });

  test('does not wait for a slow disk to flush what was never written', async () => {
    await block.add({ driver: 'null-co', 'node-name': 'n', 'latency-ns': 2n ** 62n });
    await block.delete('n');
    expect(names()).toEqual([]);
  });

  test('leaves an inline child that another node has come to use', async () => {
    await block.add({ driver: 'raw', 'node-name': 'a', file: { ...file, 'node-name': 'f' } });
    await block.add({ driver: 'raw', 'node-name': 'b', file: 'f' });
    await block.delete('a');
    expect(names()).toEqual(['f', 'b']);
    await block.delete('b');
    expect(names()).toEqual([]);
  });
});

describe('resize', () => {
  test('of a node that is part of another disk is not enabled', async () => {
    await block.add({ driver: 'raw', 'node-name': 'r', file: { ...file, 'node-name': 'f' } });
    const inline = block.graph.find('f')!;
    expect(await refusal(block.resize(inline, 512))).toBe("The feature 'resize' is not enabled");
  });

  test('is refused where a user does not share it, and changes nothing', async () => {
    await block.add({ ...file, 'node-name': 'f' });
    const node = block.graph.find('f')!;
    await block.graph.withRoot(node, Permission.write, async () => {
      node.parents[0]!.permissions = { perm: Permission.write, sharedPerm: Permission.write };
      expect(await refusal(block.resize(node, 512))).toBe(
        "Conflicts with use by a block device as 'root', which does not allow 'resize' on f",
      );
    });
    expect(node.io.length()).toBe(4096);
    expect(node.parents).toEqual([]);
  });

  test('lets the bitmaps follow', async () => {
    await block.add({ driver: 'raw', 'node-name': 'r', file });
    const node = block.graph.find('r')!;
    const bitmap = new DirtyBitmap('b', 512, 4096);
    node.bitmaps.add(bitmap);
    await node.io.write(512, new Uint8Array(1024).fill(1));
    await block.resize(node, 1000);
    expect(node.io.length()).toBe(1024);
    expect(bitmap.count()).toBe(512);
  });
});

describe('a length is what it was when the node opened, or was itself resized', () => {
  const lengthOf = (name: string) => block.graph.find(name)!.io.length();

  test('a filter or a quorum does not notice that its child is resized; a raw image does', async () => {
    await block.add({ driver: 'raw', 'node-name': 'r', file: { ...file, 'node-name': 'f' } });
    await block.add({ driver: 'blkdebug', 'node-name': 'b', image: 'r' });
    const children = ['r', { driver: 'null-co', size: 4096 }];
    await block.add({ driver: 'quorum', 'node-name': 'q', 'vote-threshold': 1, children });
    await block.add({ driver: 'blkverify', 'node-name': 'v', raw: 'r', test: 'b' });
    await block.add({ driver: 'raw', 'node-name': 'over', file: 'r' });
    await block.graph.find('r')!.truncate(8192);
    expect(['f', 'r', 'over', 'b', 'q', 'v'].map(lengthOf)).toEqual([8192, 8192, 8192, 4096, 4096, 4096]);
    await block.graph.find('b')!.truncate(2048);
    expect(['r', 'over', 'b', 'q'].map(lengthOf)).toEqual([2048, 2048, 2048, 4096]);
  });

  test('a write past the end of a file lengthens it', async () => {
    await block.add({ driver: 'file', 'node-name': 'f', filename: 'disk.img' });
    const { io } = block.graph.find('f')!;
    await io.write(5000, new Uint8Array(10).fill(1));
    expect(lengthOf('f')).toBe(5120);
    await writeFile(join(folder, 'disk.img'), new Uint8Array(0));
    expect(lengthOf('f')).toBe(5120);
    const rest = new Uint8Array(16).fill(7);
    await io.read(5000, rest);
    expect(rest).toEqual(new Uint8Array(16));
  });
});
