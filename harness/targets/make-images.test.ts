/** Images of a topology are the same each time, be they made or kept. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { makeImages } from './make-images.ts';
import type { ImageSpec } from './target.ts';

const KiB = 1024;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'make-images-'));
});
afterEach(() => rm(folder, { recursive: true }));

const sparse: ImageSpec = {
  path: 'disk.vmdk',
  format: 'vmdk',
  size: 256 * KiB,
  options: 'subformat=twoGbMaxExtentSparse',
  fill: [{ offset: 64 * KiB, length: 4 * KiB, byte: 7 }],
};

async function filesIn(place: string): Promise<Record<string, Buffer>> {
  const names = (await readdir(place)).toSorted();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(place, name))])),
  );
}

test('an image with extents in files of their own has them each time', async (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-img', 'qemu-io'));
  const [first, second] = [await mkdtemp(join(folder, 'a-')), await mkdtemp(join(folder, 'b-'))];
  await makeImages([sparse], first);
  const made = await filesIn(first);
  expect(Object.keys(made)).toEqual(['disk-s001.vmdk', 'disk.vmdk']);
  // What is done to the first ones is of no account.
  await writeFile(join(first, 'disk-s001.vmdk'), 'written by a guest');
  await makeImages([sparse], second);
  expect(await filesIn(second)).toEqual(made);
});
