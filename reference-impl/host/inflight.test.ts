import { expect, test } from 'vitest';
import { InFlight } from './inflight.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('is idle at once when nothing is going on', async () => {
  await new InFlight().idle();
});

test('waits for what is going on, and for what follows from it', async () => {
  const inFlight = new InFlight();
  const done: string[] = [];
  const first = inFlight.track(turn).then(async () => {
    done.push('first');
    await inFlight.track(turn);
    done.push('second');
  });
  await inFlight.idle();
  expect(done).toEqual(['first', 'second']);
  await first;
});

test('work that fails has ended too', async () => {
  const inFlight = new InFlight();
  await expect(inFlight.track(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await inFlight.idle();
  expect(inFlight.ended).toBe(1);
});
