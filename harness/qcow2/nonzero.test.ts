import { expect, it } from 'vitest';
import { endOfNonzero, nextNonzero, nonzeroEntries } from './nonzero.ts';

const ENDS = [0, 1, 4095, 4096, 4097, 8191, 8192, 12_000] as const;

it.each(ENDS)('finds the only byte that is not zero at %i', (place) => {
  const bytes = Buffer.alloc(12_001);
  bytes[place] = 1;
  expect(nextNonzero(bytes, 0, bytes.length)).toBe(place);
  expect(nextNonzero(bytes, place, bytes.length)).toBe(place);
  expect(nextNonzero(bytes, place + 1, bytes.length)).toBe(bytes.length);
  expect(nextNonzero(bytes, 0, place)).toBe(place);
  expect(endOfNonzero(bytes)).toBe(place + 1);
});

it('finds nothing in zeroes and in no bytes', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(5000)]) {
    expect(nextNonzero(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(endOfNonzero(bytes)).toBe(0);
  }
});

it('yields each entry once that has a byte, and none that is cut', () => {
  const bytes = Buffer.alloc(40);
  for (const at of [3, 4, 10, 12, 39]) bytes[at] = 1;
  expect([...nonzeroEntries(bytes, 1, 40, 8)]).toEqual([1, 9]);
  expect([...nonzeroEntries(bytes, 0, 40, 8)]).toEqual([0, 8, 32]);
  expect([...nonzeroEntries(bytes, 0, 40, 1)]).toEqual([3, 4, 10, 12, 39]);
});
