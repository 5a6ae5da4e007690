import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../testing/test-services.ts';
import { SteppedClock } from './stepped-clock.ts';

let base: ManualClock;
let clock: SteppedClock;
const told: string[] = [];
const settled = () => Promise.resolve();

beforeEach(() => {
  base = new ManualClock();
  clock = new SteppedClock(base);
  told.length = 0;
});

const note = (name: string) => () => {
  told.push(`${name} at ${clock.now()}`);
};

test('time passes as on the clock below, ahead of it by what it was moved', async () => {
  base.advance(5n);
  expect(clock.now()).toBe(5n);
  await clock.moveTo(105n, settled);
  base.advance(10n);
  expect(clock.now()).toBe(115n);
  expect(clock.wall() - base.wall()).toBe(0n);
  await clock.moveTo(10_115n, settled);
  expect(clock.wall() - base.wall()).toBe(0n);
});

test('timers go off when moved over, in the order of their times, and once', async () => {
  clock.after(30n, note('third'));
  clock.after(10n, note('first'));
  clock.after(10n, note('second'));
  clock.after(100n, note('last'));
  expect(clock.deadline).toBe(10n);
  await clock.moveTo(50n, settled);
  expect(told).toEqual(['first at 10', 'second at 10', 'third at 30']);
  expect(clock.now()).toBe(50n);
  base.advance(60n);
  expect(told.slice(3)).toHaveLength(1);
  expect(clock.deadline).toBe(clock.now());
});

test('a timer that was moved towards waits for the rest only', async () => {
  clock.after(100n, note('timer'));
  await clock.moveTo(90n, settled);
  base.advance(9n);
  expect(told).toEqual([]);
  base.advance(1n);
  expect(told).toEqual(['timer at 100']);
});

test('a timer that a timer sets goes off on the way too', async () => {
  clock.after(10n, () => {
    clock.after(10n, note('second'));
  });
  await clock.moveTo(30n, settled);
  expect(told).toEqual(['second at 20']);
});

test('what a timer sets off is waited for before time goes on', async () => {
  clock.after(10n, note('timer'));
  await clock.moveTo(30n, async () => {
    told.push(`settled at ${clock.now()}`);
  });
  expect(told).toEqual(['timer at 10', 'settled at 10']);
});

test('a timer that was taken back never goes off', async () => {
  clock.after(10n, note('kept'));
  const takeBack = clock.after(10n, note('taken back'));
  takeBack();
  await clock.moveTo(20n, settled);
  base.advance(20n);
  expect(told).toEqual(['kept at 10']);
});

test('nothing happens for a time that has passed', async () => {
  base.advance(50n);
  await clock.moveTo(10n, settled);
  expect(clock.now()).toBe(50n);
});

test('once it stands still, only a move lets time pass', async () => {
  base.advance(10n);
  clock.standStill();
  expect(clock.now()).toBe(0n);
  clock.after(20n, note('late'));
  clock.after(5n, note('early'));
  base.advance(100n);
  expect(clock.now()).toBe(0n);
  expect(told).toEqual([]);
  await clock.moveTo(20n, settled);
  expect(told).toEqual(['early at 5', 'late at 20']);
});
