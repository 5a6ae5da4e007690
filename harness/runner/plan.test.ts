import { expect, test } from 'vitest';
import type { CaseDefinition } from '../cases/case.ts';
import { NoSuchCase, type PlanRequest, plan } from './plan.ts';

const ids = ['blockdev-add/a', 'blockdev-add/b', 'derived/blockdev-add/missing', 'raw/size', 'raw/offset'];
const cases = ids.map((id) => ({ id }) as CaseDefinition);
const planned = (request: PlanRequest): string[] => plan(cases, request).map(({ id }) => id);

test.each<[string[], string[]]>([
  [[], ids],
  [['*'], ids],
  [['raw/size'], ['raw/size']],
  [['raw'], ['raw/size', 'raw/offset']],
  [['blockdev-add'], ['blockdev-add/a', 'blockdev-add/b']],
  [['**/missing'], ['derived/blockdev-add/missing']],
  [['derived/*'], ['derived/blockdev-add/missing']],
  [
    ['raw/{offset,size}', 'raw/size'],
    ['raw/size', 'raw/offset'],
  ],
])('%j', (patterns, expected) => {
  expect(planned({ patterns })).toEqual(expected);
});

test('a pattern that matches nothing is the fault of the call', () => {
  expect(() => planned({ patterns: ['raw', 'nosuch'] })).toThrow(NoSuchCase);
});

test.each<[PlanRequest, string]>([
  [{ patterns: [], only: new Set(['raw/size', 'raw/gone']) }, 'there is no case raw/gone any more'],
  [{ patterns: ['raw/size'], exclude: ['raw/*'] }, 'no case is left to run'],
  [{ patterns: ['raw/size'], only: new Set(['raw/offset']) }, 'no case is left to run'],
])('a call that leaves nothing of what it names is at fault, too: %j', (request, message) => {
  expect(() => planned(request)).toThrow(message);
});

test('where nothing failed earlier, nothing runs', () => {
  expect(planned({ patterns: [], only: new Set() })).toEqual([]);
});

test('shards are disjoint, and together the whole', () => {
  const shards = [1, 2, 3].map((index) => planned({ patterns: [], shard: { index, of: 3 } }));
  expect(shards.flat().toSorted()).toEqual(ids.toSorted());
  expect(shards.every((shard) => shard.length > 0)).toBe(true);
});

test('a random order is the same for the same seed, and has every case once', () => {
  const one = planned({ patterns: [], shuffle: '1' });
  expect(planned({ patterns: [], shuffle: '1' })).toEqual(one);
  expect(one.toSorted()).toEqual(ids.toSorted());
  const orders = Array.from({ length: 9 }, (_, seed) => planned({ patterns: [], shuffle: `${seed}` }).join());
  expect(new Set(orders).size).toBeGreaterThan(5);
});

test('shards are cut before their cases are shuffled', () => {
  const [first, second] = [1, 2].map((index) => {
    const shard = { index, of: 2 };
    return planned({ patterns: [], shard, shuffle: `${index}` });
  });
  expect([...first!, ...second!].toSorted()).toEqual(ids.toSorted());
});
