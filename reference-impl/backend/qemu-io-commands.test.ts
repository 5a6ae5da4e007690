/** What qemu-io's commands do to a node, and which lines do nothing since the command would only complain. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import type { BlockLayer } from './block-layer.ts';
import { runQemuIo } from './qemu-io.ts';

const SIZE = 64 << 10;
const OLD = 1;

let folder: string;
let block: BlockLayer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-qemu-io-'));
  writeFileSync(join(folder, 'disk'), Buffer.alloc(SIZE, OLD));
  writeFileSync(join(folder, 'pattern'), 'abc');
  writeFileSync(join(folder, 'empty'), '');
  block = testBlockLayer(testServices(folder));
  const file = { driver: 'file', filename: 'disk' };
  await block.add({ driver: 'raw', 'node-name': 'n', discard: 'unmap', file });
});

afterEach(async () => {
  await block.close();
  rmSync(folder, { recursive: true });
});

/** What is on the disk that was not there before: stretches, each with its first bytes. */
function written(): [offset: number, length: number, first: string][] {
  const bytes = readFileSync(join(folder, 'disk'));
  const found: [number, number, string][] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === OLD) continue;
    const start = at;
    while (at < bytes.length && bytes[at] !== OLD) at += 1;
    found.push([start, at - start, bytes.subarray(start, start + 4).toString('hex')]);
  }
  return found;
}

test.each<[line: string, changed: ReturnType<typeof written>]>([
  ['write 1k 2k', [[1024, 2048, 'cdcdcdcd']]],
  ['w 1k 2k', [[1024, 2048, 'cdcdcdcd']]],
  ['write -P 7 0 512', [[0, 512, '07070707']]],
  ['write -P0x7 0 512', [[0, 512, '07070707']]],
  ['write -q -P 255 0x200 0x200', [[512, 512, 'ffffffff']]],
  ['write -z 4k 4k', [[4096, 4096, '00000000']]],
  ['write -zu 4k 4k', [[4096, 4096, '00000000']]],
  ['write -z -u -f 4k 4k', [[4096, 4096, '00000000']]],
  ['write -s pattern 512 1k', [[512, 1024, '61626361']]],
  ['writev 512 512 1k', [[512, 1536, 'cdcdcdcd']]],
  ['writev -P 9 0 512', [[0, 512, '09090909']]],
  ['aio_write -P 9 1k 512 512 512', [[1024, 1536, '09090909']]],
  ['aio_write -z 0 512', [[0, 512, '00000000']]],
  ['truncate 66k', [[SIZE, 2048, '00000000']]],
])('%s', async (line, changed) => {
  await runQemuIo(block.graph, undefined, 'n', line);
  expect(written()).toEqual(changed);
});

test.each([
  '',
  'nope 0 512',
  'constructor 0 512',
  'write',
  'write 0',
  'write 0 512 512',
  'write 0 x',
  'write -P',
  'write -P 256 0 512',
  'write -P x 0 512',
  'write -k 0 512',
  'write -u 0 512',
  'write -n 0 512',
  'write -z -P 3 0 512',
  'write -z -s pattern 0 512',
  'write -s none 0 512',
  'write -s empty 0 512',
  'write -b 0 512',
  'write -fc 0 512',
  'write 60k 8k',
  'write 0 2G',
  'writev 0',
  'aio_write 0',
  'discard 60k 8k',
  'discard 0 4k',
  'd 0 4k',
  'read 0 4k',
  'read -P 1 -s 1k -l 1k 0 4k',
  'read -l 1k 0 4k',
  'readv 0 512 512',
  'aio_read 0 512 512',
  'flush',
  'flush 1',
  'aio_flush',
  'truncate',
  'truncate 1k 2k',
  'alloc 0',
  'alloc 0 64k',
  'map',
  'info',
  'length',
])('%s writes nothing', async (line) => {
  await runQemuIo(block.graph, undefined, 'n', line);
  expect(written()).toEqual([]);
  expect(readFileSync(join(folder, 'disk'))).toHaveLength(SIZE);
});
