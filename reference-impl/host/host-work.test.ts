import { expect, test } from 'vitest';
import { HostWork } from './host-work.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('is idle at once when nothing is going on', async () => {
  await new HostWork().idle();
});

test('waits for what is going on, and for what follows from it', async () => {
  const hostWork = new HostWork();
  const done: string[] = [];
  const first = hostWork.track(turn).then(async () => {
    done.push('first');
    await hostWork.track(turn);
    done.push('second');
  });
  await hostWork.idle();
  expect(done).toEqual(['first', 'second']);
  await first;
});

test('work that fails has ended too', async () => {
  const hostWork = new HostWork();
  await expect(hostWork.track(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await hostWork.idle();
  expect(hostWork.ended).toBe(1);
});
