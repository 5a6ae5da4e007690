import { expect, test } from 'vitest';
import { loadBlockSchema, SPEC_RELEASE } from './block-core.ts';
import { isSince, loadSince } from './since.ts';

test('every command and event of the block layer says since when there is it', () => {
  const { commands, events } = loadBlockSchema();
  const without = [...commands.values(), ...events.values()].filter(
    ({ name, source }) => source?.file.endsWith('block-core.json') && !loadSince().has(name),
  );
  expect(without.map(({ name }) => name)).toEqual([]);
});

test('nothing is younger than the spec', () => {
  const spec = SPEC_RELEASE.split('.').map(Number) as [number, number];
  for (const [name, since] of loadSince()) expect(isSince(spec, since), name).toBe(true);
});

test('versions are compared by major, then minor', () => {
  expect(isSince([2, 12], [2, 12])).toBe(true);
  expect(isSince([2, 9], [2, 12])).toBe(false);
  expect(isSince([3, 0], [2, 12])).toBe(true);
  expect(isSince([1, 7], [2, 0])).toBe(false);
});
