import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Barrier } from './barrier.ts';

const FOREVER = 2 ** 30;

function meetingPlace(sides: number, patience = FOREVER) {
  const log: string[] = [];
  const barrier = new Barrier(sides, patience, async () => {
    log.push('meet');
  });
  const come = async (side: number): Promise<void> => {
    await barrier.arrive(side);
    log.push(`side ${side} goes on`);
  };
  return { log, barrier, come };
}

describe('Barrier', () => {
  it('lets all go on when all are there, and not before', async () => {
    const { log, come } = meetingPlace(2);
    const first = come(0);
    await turn();
    expect(log).toEqual([]);
    await Promise.all([first, come(1)]);
    expect(log).toEqual(['meet', 'side 0 goes on', 'side 1 goes on']);
  });

  it('does not take two arrivals of one side for two sides', async () => {
    const { log, come } = meetingPlace(2);
    const ours = [come(0), come(0)];
    await turn();
    expect(log).toEqual([]);
    await come(1);
    await turn();
    expect(log.filter((line) => line === 'side 0 goes on')).toHaveLength(1);
    await Promise.all([...ours, come(1)]);
    expect(log.filter((line) => line === 'meet')).toHaveLength(2);
  });

  it('does not wait for a side that is over', async () => {
    const { log, barrier, come } = meetingPlace(2);
    const waiting = come(0);
    barrier.leave(1);
    await waiting;
    expect(log).toEqual(['meet', 'side 0 goes on']);
  });

  it('lets a side go on at once that has left', async () => {
    const { log, barrier, come } = meetingPlace(2);
    barrier.leave(0);
    await come(0);
    expect(log).toEqual(['side 0 goes on']);
  });

  it('waits for nobody once one was late', async () => {
    const { log, come } = meetingPlace(2, 1);
    await come(0);
    await come(0);
    expect(log).toEqual(['side 0 goes on', 'side 0 goes on']);
  });
});
