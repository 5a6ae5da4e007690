/** File names that commands open with a driver named beside them, and the order in which definitions are refused. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { createNamedImage, namedDefinition } from './named-image.ts';
import { openNode } from './open.ts';

let folder: string;
let block: BlockLayer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-named-'));
  await writeFile(join(folder, 'disk.img'), new Uint8Array(4096));
  block = testBlockLayer(testServices(folder));
  await block.add({ driver: 'null-co', 'node-name': 'n' });
});

afterEach(async () => {
  await block.close();
  await rm(folder, { recursive: true });
});

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'not refused',
    (error: unknown) => (error instanceof CommandError ? error.message : String(error)),
  );
}

async function open(filename: string, format: string): Promise<string> {
  const node = await openNode(
    block.graph,
    namedDefinition(block.graph.drivers, { filename, format }, block.graph.find('n')!, 'x'),
  );
  const shown = node.filename.shown;
  await block.graph.release(node);
  return shown;
}

describe('a driver opens what a file name means to it', () => {
  test.each([
    ['disk.img', 'raw', 'disk.img'],
    ['disk.img', 'file', 'disk.img'],
    ['file:disk.img', 'raw', 'disk.img'],
    ['file:disk.img', 'file', 'disk.img'],
    ['null-co://', 'raw', 'null-co://'],
    ['null-aio://', 'null-aio', 'null-aio://'],
    ['disk.img', 'blkdebug', 'blkdebug::disk.img'],
    ['blkdebug::null-co://', 'raw', 'blkdebug::null-co://'],
  ])('%s as %s', async (filename, format, shown) => {
    expect(await open(filename, format)).toBe(shown);
  });

  test.each([
    ['disk.img', 'null-co', "The only allowed filename for this driver is 'null-co://'"],
    ['null-co:', 'raw', "The only allowed filename for this driver is 'null-co://'"],
    ['null-co://', 'null-aio', "The only allowed filename for this driver is 'null-aio://'"],
    ['disk.img', 'nbd', "File name string for NBD must start with 'nbd:'"],
    ['nbd:', 'raw', 'NBD server address missing'],
    ['json:{"driver":"null-co"}', 'raw', 'A block device must be specified for "file"'],
    ['json:{"a":1}', 'raw', 'A block device must be specified for "file"'],
    ['disk.img', 'blkverify', 'A block device must be specified for "raw"'],
    ['disk.img', 'quorum', 'Number of provided children must be 1 or more'],
    ['disk.img', 'throttle', 'Please specify a throttle group'],
    ['disk.img', 'replication', 'Missing the option mode'],
    ['disk.img', 'nope', "Unknown driver 'nope'"],
    ['nope:disk.img', 'raw', "Unknown protocol 'nope'"],
  ])('%s as %s is refused', async (filename, format, message) => {
    expect(await refusal(open(filename, format))).toBe(message);
  });

  test.each([
    ['disk.img', 'null-co', "Format driver 'null-co' does not support image creation"],
    ['null-co://', 'raw', "Protocol driver 'null-co' does not support image creation"],
    ['nbd://localhost/', 'qcow2', "Protocol driver 'nbd' does not support image creation"],
    ['disk.img', 'nope', "Unknown file format 'nope'"],
  ])('nothing can be made of %s as %s', async (filename, format, message) => {
    expect(await refusal(createNamedImage(block.graph, { filename, format, size: 0 }))).toBe(message);
  });
});

describe('of several faults in a definition, the first found is told', () => {
  const missing = 'Cannot find device=nope nor node_name=nope';
  const file = { driver: 'file', filename: 'disk.img' };
  const cases: [what: string, definition: JsonObject, message: string][] = [
    [
      'the file of a format comes before the name',
      { driver: 'raw', 'node-name': '1', file: 'nope' },
      missing,
    ],
    [
      'a name comes before any other child',
      { driver: 'blkdebug', 'node-name': '1', image: 'nope' },
      'Invalid node name',
    ],
    [
      'options come before what the file is used for',
      { driver: 'raw', 'node-name': 'x', file: { ...file, 'read-only': true }, 'detect-zeroes': 'unmap' },
      'setting detect-zeroes to unmap is not allowed without setting discard operation to unmap',
    ],
    [
      'a name comes before what the file is used for',
      { driver: 'raw', 'node-name': '1', file: { ...file, 'read-only': true } },
      'Invalid node name',
    ],
  ];
  test.each(cases)('%s', async (_what, definition, message) => {
    expect(await refusal(block.add(definition))).toBe(message);
    expect(block.graph.nodes.map(({ name }) => name)).toEqual(['n']);
  });
});
