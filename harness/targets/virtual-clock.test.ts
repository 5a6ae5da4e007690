import { expect, test } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

const quiet = (): Promise<void> => Promise.resolve();

test('nothing happens by itself; what is due happens in order, at its own time', async () => {
  const clock = new VirtualClock(1_000n);
  const seen: [string, bigint][] = [];
  const note = (name: string) => () => void seen.push([name, clock.now()]);
  clock.after(30n, note('late'));
  clock.after(10n, note('early'));
  clock.after(10n, note('early too'));
  clock.after(10n, note('cancelled'))();
  await clock.advance(20n, quiet);
  expect(seen).toEqual([
    ['early', 10n],
    ['early too', 10n],
  ]);
  expect(clock.now()).toBe(20n);
  await clock.advance(10_000n, quiet);
  expect(seen.at(-1)).toEqual(['late', 30n]);
  expect(clock.wall()).toBe(1_010n);
});

test('a timer that is set while time passes is due within the same advance', async () => {
  const clock = new VirtualClock(0n);
  let ticks = 0;
  const tick = (): void => {
    ticks += 1;
    clock.after(10n, tick);
  };
  clock.after(10n, tick);
  await clock.advance(100n, quiet);
  expect(ticks).toBe(10);
});

test('what a timer started has come to rest before time goes on', async () => {
  const clock = new VirtualClock(0n);
  const order: string[] = [];
  let work: Promise<void> = Promise.resolve();
  clock.after(1n, () => {
    work = new Promise<void>((resolve) => setImmediate(resolve)).then(() => void order.push('work'));
  });
  clock.after(2n, () => order.push('next'));
  await clock.advance(5n, () => work);
  expect(order).toEqual(['work', 'next']);
});

test('two who wait at once do not turn time back', async () => {
  const clock = new VirtualClock(0n);
  await Promise.all([clock.advance(100n, quiet), clock.advance(1n, quiet)]);
  expect(clock.now()).toBe(101n);
});
