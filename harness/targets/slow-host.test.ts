/** How long the embedded reference is waited for when the host gets nothing done. */
import { afterEach, expect, test, vi } from 'vitest';
import type { Reference } from '../../reference-impl/endpoint.ts';
import { OptionError } from '../../reference-impl/endpoint.ts';
import { reference } from './reference.ts';
import type { Endpoint } from './target.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** An endpoint in which no I/O ever ends. */
async function stuckEndpoint(stuck: Partial<Reference>): Promise<Endpoint> {
  const all: Reference = {
    connect: () => {
      throw new Error('nobody connects');
    },
    idle: () => new Promise(() => undefined),
    worked: 0,
    begun: 1,
    endsByItself: false,
    exited: new Promise(() => undefined),
    stop: () => Promise.resolve(),
  };
  const startReference = () => Promise.resolve(Object.assign(stuck, { ...all, ...stuck }) as Reference);
  const target = reference('stuck', () => Promise.resolve({ startReference, OptionError }));
  const topology = { name: 'empty', images: [], options: [], monitors: 1 };
  return target.start({ topology, scratch: '/nothing' });
}

/** Whether time has passed for the endpoint after so many real seconds. */
async function passedAfter(seconds: number, endpoint: Endpoint): Promise<boolean> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
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
  expect(await passedAfter(5, await stuckEndpoint({ endsByItself: true }))).toBe(false);
  expect(await passedAfter(15, await stuckEndpoint({ endsByItself: true }))).toBe(true);
});

test('a peer that does not answer is not waited for', async () => {
  expect(await passedAfter(2, await stuckEndpoint({}))).toBe(true);
});

test('a peer that was silent is waited for again only if something has begun since', async () => {
  const stuck = { begun: 1 };
  const endpoint = await stuckEndpoint(stuck);
  expect(await passedAfter(2, endpoint)).toBe(true);
  expect(await passedAfter(0.2, endpoint)).toBe(true);
  stuck.begun = 2;
  expect(await passedAfter(0.2, endpoint)).toBe(false);
});
