import { expect, test } from 'vitest';
import type { ProcessUsage } from '../state/process-state.ts';
import { LeakDetector, ROUNDS } from './leak-detector.ts';

const MiB = 2 ** 20;

/** What is said to grow, within so many rounds; `null`s left out. */
function watch(usage: (round: number) => Partial<ProcessUsage>, rounds = 10 * ROUNDS): string[] {
  const growth = new LeakDetector();
  const seen = Array.from({ length: rounds }, (_, round) =>
    growth.add({ memory: null, descriptors: null, ...usage(round) }),
  );
  return seen.filter((what) => what !== null);
}

test('says what grows by a little with every program, once it has seen enough of them', () => {
  expect(watch((round) => ({ memory: round * 4 * MiB }), ROUNDS)).toEqual(['memory']);
  expect(watch((round) => ({ descriptors: 2 * round }), ROUNDS)).toEqual(['descriptors']);
});

test.each<[string, (round: number) => Partial<ProcessUsage>]>([
  ['cannot be seen', () => ({})],
  ['stays', () => ({ memory: 100 * MiB, descriptors: 20 })],
  ['grows at first only', (round) => ({ memory: Math.min(round, 5) * 100 * MiB })],
  ['goes up and down', (round) => ({ memory: (round % 7) * 100 * MiB, descriptors: (round % 5) * 100 })],
  ['grows in a jump now and then', (round) => ({ memory: Math.floor(round / 12) * 30 * MiB })],
  ['grows by next to nothing', (round) => ({ memory: round * 4096 })],
])('says nothing of what %s', (_, usage) => {
  expect(watch(usage)).toEqual([]);
});
