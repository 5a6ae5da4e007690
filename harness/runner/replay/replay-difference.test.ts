import { describe, expect, it } from 'vitest';
import { firstReplayDifference, firstSurplus, tellDifference } from './replay-difference.ts';

describe('firstReplayDifference', () => {
  it('compares with a value that is given as JSON text', () => {
    expect(firstReplayDifference([{ '@json@': '[[1]]' }], [[[1]]], '$')).toBeNull();
    expect(firstReplayDifference([{ '@json@': '[[1]]' }], [[[2]]], '$')).toMatchObject({ path: '$[0]' });
  });
});

describe('firstSurplus', () => {
  it('is the first item that was not expected', () => {
    expect(firstSurplus([1, 2, 3], [3, 1], '$')).toBeNull();
    expect(firstSurplus([1, 2], [2, 4, 5], '$')).toEqual({ path: '$[1]', got: 4 });
  });
});

describe('tellDifference', () => {
  it('shows the part of long texts that differs', () => {
    const same = 'x'.repeat(500);
    expect(tellDifference({ path: '$', expected: `${same}a`, got: `${same}b` })).toBe(
      `expected …"${'x'.repeat(30)}a", got …"${'x'.repeat(30)}b"`,
    );
  });

  it('says nothing where nothing is', () => {
    expect(tellDifference({ path: '$', got: { a: 1 } })).toBe('expected nothing, got {"a":1}');
  });
});
