/** What qemu-img and qemu-io write, we read equal: every shape that they can make. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../testing/external-programs.ts';
import { TOOL_BYTES, toolContent } from '../../testing/format-tools.ts';
import { make, openFile, openImage, withoutTools } from '../../testing/qcow2-fixture.ts';
import type { Backing } from './image.ts';
import { read } from './reading.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-tools-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** All bytes of an image, `path` and those below it. */
async function readChain(path: string, ...below: string[]): Promise<Uint8Array> {
  const file = await openFile(path, true);
  let backing: Backing | undefined;
  if (below.length > 0) {
    const bytes = await readChain(below[0]!, ...below.slice(1));
    backing = {
      length: () => bytes.length,
      read: (offset: number, buffer) => {
        buffer.set(bytes.subarray(offset, offset + buffer.length));
        return Promise.resolve();
      },
    };
  }
  const { image, reports } = await openImage(file, {}, backing, false);
  const bytes = new Uint8Array(image.size);
  await read(image, 0, bytes);
  await file.close();
  expect(reports).toEqual([]);
  return bytes;
}

const expectEqual = (found: Uint8Array, expected: Uint8Array) =>
  expect(Buffer.compare(found, expected)).toBe(0);

describe.skipIf(withoutTools !== undefined)(
  `images of other tools${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    let raw: string;
    beforeEach(async () => {
      raw = join(folder, 'content.raw');
      await writeFile(raw, toolContent());
    });

    test.each([
      'compat=1.1',
      'compat=0.10',
      'cluster_size=512,refcount_bits=1',
      'cluster_size=2M,refcount_bits=64,lazy_refcounts=on',
      'preallocation=metadata',
      'preallocation=falloc',
      'preallocation=full,cluster_size=4k',
    ])('converted with %s', async (options) => {
      const path = join(folder, 'theirs.qcow2');
      await run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-o', options, raw, path);
      expectEqual(await readChain(path), toolContent());
    });

    test.each(['cluster_size=64k', 'cluster_size=512', 'cluster_size=2M'])(
      'compressed, %s',
      async (options) => {
        const path = join(folder, 'theirs.qcow2');
        await run('qemu-img', 'convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', options, raw, path);
        expectEqual(await readChain(path), toolContent());
      },
    );

    test('zeroes, discards and a chain of three', async () => {
      const paths = ['a', 'b', 'c'].map((name) => join(folder, `${name}.qcow2`));
      const [a, b, c] = paths as [string, string, string];
      await run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, a);
      await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', a, '-F', 'qcow2', b);
      await run(
        'qemu-img',
        'create',
        '-q',
        '-f',
        'qcow2',
        '-o',
        'cluster_size=4k',
        '-b',
        b,
        '-F',
        'qcow2',
        c,
        '4M',
      );
      await run('qemu-io', '-f', 'qcow2', '-c', 'write -z 64k 256k', '-c', 'write -P 7 100k 3k', b);
      await run(
        'qemu-io',
        '-f',
        'qcow2',
        '-c',
        'write -z -u 1M 64k',
        '-c',
        'discard 8k 8k',
        '-c',
        'write -P 9 2M 1k',
        c,
      );
      const flat = join(folder, 'flat.raw');
      await run('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', c, flat);
      expectEqual(await readChain(c, b, a), await readFile(flat));
    });

    test('what we preallocate, they find sound', async () => {
      for (const preallocation of ['metadata', 'falloc', 'full'] as const) {
        const path = join(folder, `${preallocation}.qcow2`);
        await writeFile(path, '');
        const file = await openFile(path);
        await make(file, { size: TOOL_BYTES, preallocation });
        const taken = file.allocatedSize() ?? 0;
        expect(preallocation === 'metadata' ? taken < TOOL_BYTES : taken >= TOOL_BYTES).toBe(true);
        await file.close();
        expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
        expect(await run('qemu-img', 'check', path)).toMatch(/^4[89]\/4[89] = 100.00% allocated/m);
      }
    });
  },
);
