/** How long the embedded reference is waited for when the host gets nothing done. */
import { afterEach, expect, test, vi } from 'vitest';
import type { Reference } from '../../reference-impl/endpoint.ts';
import { OptionError } from '../../reference-impl/endpoint.ts';
import { reference } from './reference.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** Whether time has passed for the endpoint after so many real seconds in which no I/O of it ended. */
async function passedAfter(seconds: number, endsByItself: boolean): Promise<boolean> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stuck: Reference = {
    connect: () => {
      throw new Error('nobody connects');
    },
    idle: () => new Promise(() => undefined),
    worked: 0,
    endsByItself,
    exited: new Promise(() => undefined),
    stop: () => Promise.resolve(),
  };
  const target = reference('stuck', () =>
    Promise.resolve({ startReference: () => Promise.resolve(stuck), OptionError }),
  );
  const topology = { name: 'empty', images: [], options: [], monitors: 1 };
  const endpoint = await target.start({ topology, scratch: '/nothing' });
  const seen = { passed: false };
  void endpoint.settle(1).then(() => {
    seen.passed = true;
  });
  for (let step = 0; step < seconds * 10; step += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(100);
  }
  await new Promise((resolve) => setImmediate(resolve));
  return seen.passed;
}

test('a slow disk is waited for, yet not for ever', async () => {
  expect(await passedAfter(5, true)).toBe(false);
  expect(await passedAfter(15, true)).toBe(true);
});

test('a peer that does not answer is not waited for', async () => {
  expect(await passedAfter(2, false)).toBe(true);
});
