import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlockLayer } from '../backend/block-layer.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import type { Node } from './node.ts';
import { openNode } from './open.ts';

const SIZE = 4096;
const QCOW2 = [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3];
const disguised = Uint8Array.from({ length: 512 }, (_, index) => QCOW2[index] ?? 0);

let folder: string;
let block: BlockLayer;
let log: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-probe-'));
  await writeFile(join(folder, 'disk.img'), new Uint8Array(SIZE));
  log = [];
  block = testBlockLayer({ ...testServices(folder), log: (line) => void log.push(line) });
});

afterEach(async () => {
  await block.close();
  await rm(folder, { recursive: true });
});

const file = { driver: 'file', filename: 'disk.img' };
const probed = (): Promise<Node> => openNode(block.graph, { file });
const named = (): Promise<Node> => openNode(block.graph, { driver: 'raw', file });

test('an image that was taken for raw stays one: its first block takes nothing that looks otherwise', async () => {
  const node = await probed();
  expect(node.driverName).toBe('raw');
  expect(log).toHaveLength(1);
  await expect(node.io.write(0, disguised)).rejects.toMatchObject({ code: 'EPERM' });
  // A byte at a time does not help either.
  for (let at = 0; at < 3; at++) await node.io.write(at, disguised.subarray(at, at + 1));
  await expect(node.io.write(3, disguised.subarray(3, 8))).rejects.toMatchObject({ code: 'EPERM' });
  await node.io.write(512, disguised);
  await node.io.write(0, new Uint8Array(SIZE).fill(0x51));
  await block.graph.release(node);
  expect((await probed()).driverName).toBe('raw');
});

test('what was said to be raw may hold what it likes', async () => {
  const node = await named();
  await node.io.write(0, disguised);
  expect(log).toEqual([]);
  await block.graph.release(node);
});
