/** Averages over the last seconds, on a clock that is told. */
import { expect, test } from 'vitest';
import { TimedAverage } from './timed-average.ts';

const ms = (milliseconds: number) => BigInt(milliseconds) * 1_000_000n;
/** With windows of 4 s, which begin every 2 s. */
const PERIOD = 3;

test('smallest, largest, average and sum of what was added', () => {
  const average = new TimedAverage(PERIOD, 0n);
  for (const value of [5n, 2n, 4n]) average.add(value, ms(100));
  expect(average.summary(ms(100))).toMatchObject({ min: 2n, max: 5n, average: 3n, sum: 11n });
});

test('nothing was added: all is 0', () => {
  expect(new TimedAverage(PERIOD, 0n).summary(0n)).toMatchObject({ min: 0n, max: 0n, average: 0n, sum: 0n });
});

test('a window that begins with the first value above 0 has it as its smallest', () => {
  const average = new TimedAverage(PERIOD, 0n);
  average.add(7n, ms(1));
  average.add(9n, ms(2));
  expect(average.summary(ms(3)).min).toBe(7n);
});

// As QEMU 7.2 tells, in halves of a window since the drive was made.
test.each([
  [0, 2000],
  [1999, 3999],
  [2000, 2000],
  [3999, 3999],
  [4000, 2000],
  [15_400, 3400],
  [17_999, 3999],
  [18_000, 2000],
])('at %d ms the window has lasted %d ms', (now, elapsed) => {
  expect(new TimedAverage(PERIOD, 0n).summary(ms(now)).elapsed).toBe(ms(elapsed));
});

test.each([
  [100, 3999, 4000],
  [1999, 3999, 4000],
  [2000, 5999, 6000],
  [15_400, 17_999, 18_000],
])('what is added at %d ms is told until %d ms', (added, last, gone) => {
  for (const asks of [false, true]) {
    const average = new TimedAverage(PERIOD, 0n);
    average.add(7n, ms(added));
    // Looking changes nothing.
    if (asks) for (let at = added; at < last; at += 333) expect(average.summary(ms(at)).sum).toBe(7n);
    expect(average.summary(ms(last)).sum).toBe(7n);
    expect(average.summary(ms(gone)).sum).toBe(0n);
  }
});

test('what came before the window is not told with what came in it', () => {
  const average = new TimedAverage(PERIOD, 0n);
  average.add(1n, ms(1000));
  average.add(9n, ms(3000));
  expect(average.summary(ms(3000))).toMatchObject({ min: 1n, max: 9n });
  expect(average.summary(ms(4500))).toMatchObject({ min: 9n, max: 9n, sum: 9n });
});
