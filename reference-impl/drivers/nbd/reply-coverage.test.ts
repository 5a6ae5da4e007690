import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Coverage } from './reply-coverage.ts';

const LENGTH = 40;

test('knows what an array of bytes would know', () => {
  const range = fc.tuple(fc.nat(LENGTH - 1), fc.integer({ min: 1, max: 12 }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
      const coverage = new Coverage(LENGTH);
      const bytes = new Uint8Array(LENGTH);
      for (const [start, size] of ranges) {
        const part = bytes.subarray(start, start + size);
        const fresh = part.every((byte) => byte === 0);
        expect(coverage.add(start, start + part.length)).toBe(fresh);
        if (fresh) part.fill(1);
      }
      expect(coverage.complete).toBe(bytes.every((byte) => byte === 1));
    }),
    { numRuns: 500 },
  );
});

test('is complete in any order', () => {
  const pieces = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 });
  fc.assert(
    fc.property(pieces, (order) => {
      const coverage = new Coverage(LENGTH);
      for (const piece of order) expect(coverage.add(piece * 5, piece * 5 + 5)).toBe(true);
      expect(coverage.complete).toBe(true);
    }),
  );
});
