import { expect, test } from 'vitest';
import { ManualClock } from '../testing/test-services.ts';
import { RateLimit } from './rate-limit.ts';

const MS = 1_000_000n;

test('without a speed nothing waits', () => {
  expect(new RateLimit(new ManualClock()).account(2 ** 40)).toBe(0n);
});

test('what a slice has room for passes at once, the rest waits for slices to come', () => {
  const limit = new RateLimit(new ManualClock());
  limit.speed = 10_000n;
  expect(limit.account(999)).toBe(0n);
  expect(limit.account(1)).toBe(100n * MS);
  expect(limit.account(5_000)).toBe(600n * MS);
});

test('in the long run no more passes than the speed allows', () => {
  const clock = new ManualClock();
  const limit = new RateLimit(clock);
  limit.speed = 65_536n;
  let bytes = 0;
  while (clock.now() < 20_000n * MS) {
    const wait = limit.account(65_536);
    bytes += 65_536;
    clock.advance(wait);
  }
  expect(bytes).toBeLessThanOrEqual(21 * 65_536);
  expect(bytes).toBeGreaterThanOrEqual(19 * 65_536);
});
