import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandError } from '../qapi/command-error.ts';
import { DirtyBitmap } from './dirty-bitmap.ts';

const MIB = 1 << 20;

describe('digest', () => {
  /** Observed on a disk of 1 MiB: granularity, writes, digest. */
  const observed: [granularity: number, writes: [offset: number, length: number][], sha256: string][] = [
    [65536, [], 'af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc'],
    [65536, [[0, 65536]], '7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8'],
    [
      65536,
      [
        [0, 65536],
        [960 * 1024, 65536],
      ],
      'ff1a03bec701df63f26cac64b4e0bb6009b26158b441e2131a79d72c76ba390a',
    ],
    [65536, [[0, 262144]], 'a4bd89d0c3e16ec03c5436d0b9b8eb1a934beeac808447459e5ee2f9a23e97d7'],
    [2 ** 31, [[0, 512]], '7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8'],
    [
      4096,
      [
        [0, 512],
        [700 * 1024, 1024],
      ],
      '041a89c123f4bac12c13ebf308260d0be59765be3e12ef07d4d1193caf882301',
    ],
    [
      512,
      [
        [0, 512],
        [700 * 1024, 1024],
      ],
      'ccd6fa69c2dfc5aa21e86d34a7be860aa4388f3dccf53bc462dd6abf664f62ef',
    ],
  ];
  test.each(observed)('granularity %d, writes %j', async (granularity, writes, sha256) => {
    const bitmap = new DirtyBitmap('b', granularity, MIB);
    for (const [offset, length] of writes) bitmap.mark(offset, length);
    expect(await bitmap.sha256()).toBe(sha256);
  });

  test('of a disk of no size is that of one empty word', async () => {
    const word = createHash('sha256').update(new Uint8Array(8)).digest('hex');
    expect(await new DirtyBitmap('b', 65536, 0).sha256()).toBe(word);
  });
});

test('count and digest follow a plain array of bits, across marks, clears and resizes', async () => {
  const step = fc.record({
    kind: fc.constantFrom('mark', 'mark', 'mark', 'resize', 'clear'),
    offset: fc.nat(1200 * 1024 * 1024),
    length: fc.oneof(fc.nat(4096), fc.nat(600 * 1024 * 1024)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const granularity = 512;
      let bits = new Uint8Array(0);
      const bitmap = new DirtyBitmap('b', granularity, 0);
      const resize = (length: number) => {
        const next = new Uint8Array(Math.ceil(length / granularity));
        next.set(bits.subarray(0, next.length));
        bits = next;
        bitmap.resize(length);
      };
      resize(600 * 1024 * 1024);
      for (const { kind, offset, length } of steps) {
        if (kind === 'resize') resize(offset);
        else if (kind === 'clear') {
          bits.fill(0);
          bitmap.clear();
        } else if (length > 0 && offset < bits.length * granularity) {
          bits.fill(1, Math.floor(offset / granularity), Math.ceil((offset + length) / granularity));
          bitmap.mark(offset, length);
        }
      }
      const packed = new Uint8Array(Math.max(8, Math.ceil(bits.length / 64) * 8));
      let dirty = 0;
      for (const [block, bit] of bits.entries())
        if (bit) {
          packed[block >> 3]! |= 1 << (block & 7);
          dirty += 1;
        }
      expect(bitmap.count()).toBe(dirty * granularity);
      expect(await bitmap.sha256()).toBe(createHash('sha256').update(packed).digest('hex'));
    }),
    { numRuns: 15 },
  );
});

test('a map beyond reason is refused, at first and when the disk grows', () => {
  expect(() => new DirtyBitmap('b', 512, 2 ** 62)).toThrow(CommandError);
  expect(() => new DirtyBitmap('b', 512, MIB).checkLength(2 ** 50)).toThrow(CommandError);
});
