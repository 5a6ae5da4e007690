/** Thousands of random requests over all shapes of image: a model, qemu-img check and qemu-img compare judge. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import { run } from '../../testing/external-programs.ts';
import { make, openFile, openImage, withoutTools } from '../../testing/qcow2-fixture.ts';
import { stress } from '../../testing/qcow2-stress.ts';

const dimensions = {
  version: ['v3', 'v2'],
  clusterBits: [9, 12, 16, 21],
  refcountBits: [16, 1, 2, 4, 8, 32, 64],
  lazy: [false, true],
  backing: [false, true],
  slice: [512, 4096],
} as const;

type Shape = { readonly [K in keyof typeof dimensions]: (typeof dimensions)[K][number] };
const names = Object.keys(dimensions) as (keyof Shape)[];

/** Version 2 has neither lazy counts nor other widths. */
const possible = ({ version, refcountBits, lazy }: Shape) =>
  version === 'v3' || (refcountBits === 16 && !lazy);

/** Shapes in which every possible pair of values of two dimensions occurs: greedy, over all candidates in order. */
function pairwise(): Shape[] {
  let candidates: Record<string, unknown>[] = [{}];
  for (const name of names)
    candidates = candidates.flatMap((shape) =>
      dimensions[name].map((value) => ({ ...shape, [name]: value })),
    );
  const shapes = (candidates as unknown as Shape[]).filter(possible);
  const pairsOf = (shape: Shape) =>
    names.flatMap((a, i) => names.slice(i + 1).map((b) => `${a}=${shape[a]} ${b}=${shape[b]}`));
  const missing = new Set(shapes.flatMap(pairsOf));
  const chosen: Shape[] = [];
  while (missing.size > 0) {
    const gain = (shape: Shape) => pairsOf(shape).filter((pair) => missing.has(pair)).length;
    const best = shapes.reduce((a, b) => (gain(b) > gain(a) ? b : a));
    chosen.push(best);
    for (const pair of pairsOf(best)) missing.delete(pair);
  }
  return chosen;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-stress-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe.skipIf(withoutTools !== undefined)(
  `stress against a model${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    test.each(pairwise())(
      '$version, 2^$clusterBits, $refcountBits bits, lazy $lazy, backing $backing, slices of $slice',
      async (shape) => {
        const { version, clusterBits, refcountBits, lazy, backing, slice } = shape;
        const random = new Random(clusterBits * 1000 + refcountBits);
        const size = (clusterBits > 16 ? 8 << 20 : 1 << 20) + 3 * 512;
        const below = new Uint8Array(backing ? size - 40_000 : 0).map((_, i) => (i >> 9) & 0xff);
        const path = join(folder, 'disk.qcow2');
        await writeFile(path, '');
        const file = await openFile(path);
        await make(file, {
          size,
          version,
          'cluster-size': 2 ** clusterBits,
          'refcount-bits': refcountBits,
          'lazy-refcounts': lazy,
        });
        const { image, reports } = await openImage(
          file,
          { 'l2-cache-entry-size': Math.min(slice, 2 ** clusterBits), 'l2-cache-size': 65536 },
          backing
            ? {
                length: () => below.length,
                read: (offset, buffer) => {
                  buffer.set(below.subarray(offset, offset + buffer.length));
                  return Promise.resolve();
                },
              }
            : undefined,
        );
        let model: Uint8Array = new Uint8Array(size);
        model.set(below);
        // a disk that shrinks and grows shows what lies below again
        model = await stress(image, model, random, 80, !backing);
        await image.close();
        await file.close();
        expect(reports).toEqual([]);
        expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
        const raw = join(folder, 'model.raw');
        await writeFile(raw, model);
        if (backing) {
          const backingPath = join(folder, 'below.raw');
          await writeFile(backingPath, below);
          await run('qemu-img', 'rebase', '-u', '-b', backingPath, '-F', 'raw', path);
        }
        expect(await run('qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', raw, path)).toMatch(/identical/);
      },
      30_000,
    );
  },
);
