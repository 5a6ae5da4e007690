import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../spec/json.ts';
import { nodeOptions } from '../graph/common-options.ts';
import { Node, NodeChild } from '../graph/node.ts';
import { CommandError } from '../qapi/command-error.ts';
import { driverContract } from '../testing/driver-contract.ts';
import { MemoryDisk, testEnvironment, testGraph, testServices } from '../testing/test-services.ts';
import { raw } from './raw-format.ts';

async function makeFile(folder: string, size: number): Promise<JsonObject> {
  const filename = join(folder, 'disk.img');
  await writeFile(filename, '');
  await truncate(filename, size);
  return { driver: 'file', filename };
}

driverContract({
  name: 'raw',
  make: async (folder, size) => ({ driver: 'raw', file: await makeFile(folder, size) }),
  keepsData: true,
  resizes: true,
  grows: true,
});

driverContract({
  name: 'raw from an offset on',
  make: async (folder, size) => ({ driver: 'raw', offset: 1536, file: await makeFile(folder, size + 1536) }),
  keepsData: true,
  resizes: true,
  grows: true,
});

driverContract({
  name: 'raw window',
  make: async (folder, size) => ({
    driver: 'raw',
    offset: 700,
    size,
    file: await makeFile(folder, size + 4096),
  }),
  keepsData: true,
  resizes: false,
  grows: false,
});

/** `raw` over a disk in memory. */
function nodeOver(disk: MemoryDisk): Node {
  const node = new Node('memory', raw, nodeOptions({}));
  node.opened(disk);
  return node;
}

function openOver(disk: MemoryDisk, options: JsonObject, node = nodeOver(disk)) {
  const graph = testGraph(testServices('/'));
  const edge = new NodeChild(node, node, 'file', 'filtered');
  return raw.open(testEnvironment(graph.services, options, { child: () => Promise.resolve(edge) }));
}

describe('raw: its window', () => {
  const refused: [options: JsonObject, message: string][] = [
    [{ offset: 4097 }, 'Offset (4097) cannot be greater than size of the containing file (4096)'],
    [
      { offset: 2n ** 63n - 1n },
      'Offset (9223372036854775808) cannot be greater than size of the containing file (4096)',
    ],
    [
      { offset: 512, size: 4096 },
      'The sum of offset (512) and size (4096) has to be smaller or equal to the  actual size of the containing file (4096)',
    ],
    [{ size: 1000 }, 'Specified size is not multiple of 512'],
    [{ size: -512 }, "Value '-512' is out of range for parameter 'size'"],
    [{ offset: -1 }, "Value '-1' is out of range for parameter 'offset'"],
  ];
  test.each(refused)('%o is refused', async (options, message) => {
    await expect(openOver(new MemoryDisk(4096), options)).rejects.toEqual(new CommandError(message));
  });

  test.each<[options: Record<string, Json>, length: number]>([
    [{}, 4096],
    [{ offset: 4096 }, 0],
    [{ offset: 512 }, 3584],
    [{ offset: 512, size: 512 }, 512],
    [{ size: 0 }, 0],
  ])('%o is %d bytes long', async (options, length) => {
    expect((await openOver(new MemoryDisk(4096), options)).length()).toBe(length);
  });

  test('keeps its length when the file under it grows', async () => {
    const disk = new MemoryDisk(4096);
    const file = nodeOver(disk);
    const window = await openOver(disk, { size: 512 }, file);
    const rest = await openOver(disk, { offset: 512 }, file);
    await file.truncate(8192);
    expect([window.length(), rest.length()]).toEqual([512, 7680]);
  });

  test('passes on the error of every request', async () => {
    const disk = new MemoryDisk(4096);
    const state = await openOver(disk, {});
    disk.failure = 'ENOSPC';
    const failed = { name: 'IoError', code: 'ENOSPC' };
    await expect(state.read(0, new Uint8Array(512))).rejects.toMatchObject(failed);
    await expect(state.write(0, new Uint8Array(512))).rejects.toMatchObject(failed);
    await expect(state.writeZeroes!(0, 512, {})).rejects.toMatchObject(failed);
    await expect(state.flush!()).rejects.toMatchObject(failed);
  });
});
