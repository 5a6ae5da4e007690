import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, jsonEqual, parseJson } from '../../spec/json.ts';
import { firstDifference, firstSurplus, tellDifference } from './compare.ts';

const json = fc.jsonValue().map((value) => parseJson(JSON.stringify(value)));

describe('firstDifference', () => {
  it('is there exactly where values are not equal', () => {
    fc.assert(
      fc.property(json, json, (left, right) => {
        expect(firstDifference(left, right, '$') === null).toBe(jsonEqual(left, right));
        expect(firstDifference(left, left, '$')).toBeNull();
      }),
    );
  });

  it.each<[string, Json, Json, object | null]>([
    ['a member that is missing', { a: 1 }, {}, { path: '$.a', expected: 1 }],
    ['a member too many', {}, { 'a b': 1 }, { path: '$["a b"]', got: 1 }],
    ['an item too many', [1], [1, 2], { path: '$[1]', got: 2 }],
    ['another type', { a: [] }, { a: {} }, { path: '$.a', expected: [], got: {} }],
    [
      'integers beyond 2^53',
      2n ** 63n,
      2n ** 63n + 1n,
      { path: '$', expected: 2n ** 63n, got: 2n ** 63n + 1n },
    ],
    ['the order of members, which means nothing', { a: 1, b: 2 }, { b: 2, a: 1 }, null],
    ['a value given as JSON text', { '@json@': '[[1]]' }, [[1]], null],
    ['another value than the JSON text', { '@json@': '[[1]]' }, [[2]], { path: '$' }],
  ])('tells %s', (_, expected, got, difference) => {
    const found = firstDifference(expected, got, '$');
    if (difference === null) expect(found).toBeNull();
    else expect(found).toMatchObject(difference);
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
