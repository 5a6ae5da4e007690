import { expect, test } from 'vitest';
import { realClock } from './clock.ts';

test('time goes on, and the wall clock with it', async () => {
  const clock = realClock();
  const [now, wall] = [clock.now(), clock.wall()];
  await new Promise<void>((resolve) => clock.after(2_000_000n, resolve));
  expect(clock.now() - now).toBeGreaterThanOrEqual(2_000_000n);
  expect(clock.wall() - wall).toBeGreaterThanOrEqual(2_000n);
});

test('what was cancelled never happens', async () => {
  const clock = realClock();
  const happened: string[] = [];
  clock.after(0n, () => happened.push('cancelled'))();
  await new Promise<void>((resolve) => clock.after(1_000_000n, resolve));
  expect(happened).toEqual([]);
});
