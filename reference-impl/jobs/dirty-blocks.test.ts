import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DirtyBlocks } from './dirty-blocks.ts';

const GRANULARITY = 512;
const BLOCKS = 70_000;

const change = fc.record({
  add: fc.boolean(),
  block: fc.oneof(fc.nat(BLOCKS - 1), fc.constantFrom(0, 32_768)),
  blocks: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(32_768, BLOCKS)),
});

test('any sequence of changes leaves what a set of numbers would hold', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.nat(BLOCKS), (changes, from) => {
      const dirty = new DirtyBlocks(GRANULARITY, BLOCKS * GRANULARITY);
      const model = new Set<number>();
      for (const { add, block, blocks } of changes) {
        const end = Math.min(BLOCKS, block + blocks);
        if (add) dirty.mark(block * GRANULARITY, (end - block) * GRANULARITY);
        else dirty.clear(block * GRANULARITY, (end - block) * GRANULARITY);
        for (let at = block; at < end; at += 1)
          if (add) model.add(at);
          else model.delete(at);
      }
      expect(dirty.count).toBe(model.size);
      for (const at of [from, BLOCKS]) expect(dirty.has(at * GRANULARITY)).toBe(model.has(at));
      const expected = [...model].filter((block) => block >= from).toSorted((a, b) => a - b)[0];
      expect(dirty.next(from * GRANULARITY)).toBe(
        expected === undefined ? undefined : expected * GRANULARITY,
      );
    }),
    { numRuns: 200 },
  );
});

test('a range that touches a block takes all of it', () => {
  const dirty = new DirtyBlocks(GRANULARITY, 10 * GRANULARITY);
  dirty.mark(GRANULARITY - 1, 2);
  expect(dirty.bytes).toBe(2 * GRANULARITY);
  dirty.mark(9 * GRANULARITY, 5 * GRANULARITY);
  expect(dirty.count).toBe(3);
  dirty.mark(7 * GRANULARITY + 1, 0);
  expect(dirty.count).toBe(3);
});

test('the size of a disk costs nothing, nor do gaps', () => {
  const dirty = new DirtyBlocks(GRANULARITY, 2 ** 62);
  dirty.mark(0, 2 ** 62);
  expect(dirty.bytes).toBe(2 ** 62);
  dirty.clear(0, 2 ** 62);
  dirty.mark(2 ** 60, GRANULARITY);
  expect(dirty.next(0)).toBe(2 ** 60);
  expect(dirty.next(2 ** 60 + GRANULARITY)).toBeUndefined();
});

test('counts no bytes behind the end of the disk, where asked to', () => {
  const dirty = new DirtyBlocks(1024, 2560);
  dirty.mark(0, 1024);
  expect([dirty.bytes, dirty.bytesOnDisk]).toEqual([1024, 1024]);
  dirty.mark(2048, 1);
  expect([dirty.bytes, dirty.bytesOnDisk]).toEqual([2048, 1536]);
});
