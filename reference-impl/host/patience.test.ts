import { expect, test } from 'vitest';
import { ManualClock } from '../testing/test-services.ts';
import { HostWork } from './host-work.ts';
import { afterPatience, inTime, unlessEnded } from './patience.ts';
import { SilenceWatch } from './silence-watch.ts';

const SECOND = 1_000_000_000n;

function waiting() {
  return { clock: new ManualClock(), hostWork: new HostWork() };
}

test.each([
  { patience: 30n, endsAt: undefined, due: 30n },
  { patience: 30n, endsAt: 10n, due: 11n },
  { patience: 30n, endsAt: 0n, due: 1n },
])('a peer that may take $patience s is given up after $due s where the end begins at $endsAt', (row) => {
  const where = waiting();
  let given = 0;
  if (row.endsAt === 0n) where.hostWork.end();
  afterPatience(where, row.patience * SECOND, () => {
    given += 1;
  });
  for (let now = 0n; now < row.due; now += 1n) {
    if (now === row.endsAt) where.hostWork.end();
    expect(given).toBe(0);
    where.clock.advance(SECOND);
  }
  expect(given).toBe(1);
  where.hostWork.end();
  where.clock.advance(100n * SECOND);
  expect(given).toBe(1);
});

test('patience that is taken back ends nothing', () => {
  const where = waiting();
  const cancel = afterPatience(where, SECOND, () => expect.unreachable());
  cancel();
  where.hostWork.end();
  expect(where.clock.pending).toBe(0);
});

test('work that is late ends by its signal, for a reason', async () => {
  const where = waiting();
  const late = inTime(where, SECOND, (signal) => unlessEnded(signal, new Promise(() => {})));
  where.clock.advance(SECOND);
  await expect(late).rejects.toThrow('Connection timed out');
  expect(where.clock.pending).toBe(0);
});

test('what a peer said before the end does not count', () => {
  const where = waiting();
  let received = 0;
  const given: string[] = [];
  const watch = new SilenceWatch(where, 120n * SECOND, {
    received: () => received,
    owes: () => true,
    giveUp: ({ message }) => void given.push(message),
  });
  watch.begin();
  received += 1;
  where.hostWork.end();
  where.clock.advance(SECOND);
  expect(given).toEqual(['server sends nothing']);
});

test('a peer that always says something is given up some seconds after the end has begun', () => {
  const where = waiting();
  let received = 0;
  const given: string[] = [];
  const watch = new SilenceWatch(where, 120n * SECOND, {
    received: () => received,
    owes: () => true,
    giveUp: ({ message }) => void given.push(message),
  });
  watch.begin();
  for (let second = 0; second < 1000; second += 1, received += 1) where.clock.advance(SECOND);
  expect(given).toEqual([]);
  where.hostWork.end();
  for (let second = 0; second < 5; second += 1) {
    expect(given).toEqual([]);
    received += 1;
    where.clock.advance(SECOND);
  }
  expect(given).toEqual(['server sends nothing']);
});
