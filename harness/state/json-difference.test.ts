import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, jsonEqual, parseJson } from '../../spec/json.ts';
import { firstDifference } from './json-difference.ts';

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
  ])('tells %s', (_, expected, got, difference) => {
    const found = firstDifference(expected, got, '$');
    if (difference === null) expect(found).toBeNull();
    else expect(found).toMatchObject(difference);
  });

  it('leaves out ignored members at any depth', () => {
    const ignored = new Set(['size']);
    expect(firstDifference({ a: [{ size: 1 }] }, { a: [{}], size: 2 }, '$', { ignored })).toBeNull();
    expect(firstDifference({ size: 1, b: 1 }, { b: 2 }, '$', { ignored })).toMatchObject({ path: '$.b' });
  });

  it('lets the second have more members, for a subset', () => {
    expect(firstDifference({ a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }, '$', { subset: true })).toBeNull();
    expect(firstDifference([{ a: 1 }], [{ b: 1 }], '$', { subset: true })).toEqual({
      path: '$[0].a',
      expected: 1,
    });
  });

  it('tells lists of different lengths by an item, or as a whole', () => {
    expect(firstDifference({ a: [1] }, { a: [2, 3] }, '$')).toMatchObject({ path: '$.a[0]' });
    expect(firstDifference({ a: [1] }, { a: [2, 3] }, '$', { wholeLists: true })).toEqual({
      path: '$.a',
      expected: [1],
      got: [2, 3],
    });
    expect(firstDifference([1, 2], [1, 3], '$', { wholeLists: true })).toMatchObject({ path: '$[1]' });
  });

  it('believes who decides about a pair', () => {
    const equal = (expected: Json): boolean | undefined => (expected === '*' ? true : undefined);
    expect(firstDifference({ a: '*', b: 1 }, { a: 7, b: 1 }, '$', { equal })).toBeNull();
    expect(firstDifference({ a: '*', b: 1 }, { b: 1 }, '$', { equal })).toEqual({
      path: '$.a',
      expected: '*',
    });
  });

  it('knows members that objects inherit from those that they have', () => {
    expect(firstDifference({ constructor: 1 }, {}, '$')).toEqual({ path: '$.constructor', expected: 1 });
  });
});
