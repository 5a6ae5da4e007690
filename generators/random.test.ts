import { expect, test } from 'vitest';
import { Random } from './random.ts';

const first = (seed: string | number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: 4 }, () => random.uint32());
};

test('a seed gives the same sequence on every machine and in every release', () => {
  expect(first('qmpcheck')).toMatchInlineSnapshot(`
    [
      456472451,
      889934388,
      1434697999,
      1250706502,
    ]
  `);
  expect(first(1)).toMatchInlineSnapshot(`
    [
      516984671,
      2127647969,
      2635657758,
      1803504260,
    ]
  `);
});

test('seeds next to each other give sequences that do not resemble each other', () => {
  const bits = Array.from({ length: 256 }, (_, seed) => new Random(seed).uint32());
  for (let bit = 0; bit < 32; bit += 1) {
    const set = bits.filter((word) => (word >>> bit) & 1).length;
    expect(set).toBeGreaterThan(90);
    expect(set).toBeLessThan(166);
  }
  expect(new Set(bits).size).toBe(256);
});

test('bounds are included', () => {
  const random = new Random('bounds');
  const ints = Array.from({ length: 200 }, () => random.nextInt(-1, 1));
  expect(new Set(ints)).toEqual(new Set([-1, 0, 1]));
  const max = 2n ** 64n - 1n;
  const big = Array.from({ length: 200 }, () => random.nextBigInt(max - 1n, max));
  expect(new Set(big)).toEqual(new Set([max - 1n, max]));
});

test('an item of weight 0 is never chosen, and one of weight 9 nine times as often as one of weight 1', () => {
  const random = new Random('weights');
  const chosen = Array.from({ length: 1000 }, () =>
    random.weighted(['a', 'b', 'c'], (item) => ({ a: 0, b: 1, c: 9 })[item]!),
  );
  expect(chosen).not.toContain('a');
  const rare = chosen.filter((item) => item === 'b').length;
  expect(rare).toBeGreaterThan(60);
  expect(rare).toBeLessThan(140);
});
