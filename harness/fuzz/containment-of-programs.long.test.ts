import { expect, test } from 'vitest';
import { judgePrograms } from '../testing/containment-rules.ts';

test('100,000 programs, as they arrive on the wire of a recording endpoint', async () => {
  const { faults, arrived, sent, lines } = await judgePrograms(100_000);
  expect(faults.slice(0, 5)).toEqual([]);
  expect(arrived).toBe(sent);
  expect(lines).toBeGreaterThan(150_000);
}, 600_000);
