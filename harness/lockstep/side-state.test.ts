import { beforeEach, describe, expect, it } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { CaseContext } from '../cases/case.ts';
import type { Session } from '../runner/endpoint-session.ts';
import { SideState } from './side-state.ts';

const context = {} as CaseContext;
const session = (running = true): Session => ({ main: {}, endpoint: { running } }) as unknown as Session;

let state: SideState;
beforeEach(() => {
  state = new SideState(loadBlockSchema());
  state.connect(session());
  state.beginCase(context);
});

/** Announced and begun at once. */
const send = (command?: string, monitor = 0): number => state.begin(state.announce(monitor, command));

describe('exchanges', () => {
  it('are numbered from 1, as the steps of the transcript', () => {
    expect([send('query-block'), send('query-block')]).toEqual([1, 2]);
    expect(state.exchanges).toBe(2);
  });

  it('count when they are sent, not while they wait for the other sides', () => {
    state.announce(0, 'eject');
    expect([state.exchanges, state.isQuiet, state.changedSinceSnapshot]).toEqual([0, true, false]);
  });

  it('overlap with those in flight, of another monitor in both directions', () => {
    const first = send('query-block');
    send('query-block');
    expect([...state.overlapped]).toEqual([2]);
    state.end(first);
    send('query-block', 1);
    expect([...state.overlapped].toSorted()).toEqual([2, 3]);
  });

  it('overlap with those of other monitors whose end chance decides', () => {
    send('query-block');
    send('query-block', 1);
    expect([...state.overlapped].toSorted()).toEqual([1, 2]);
  });

  it('overlap with those that were answered while they waited', () => {
    const first = send('query-block');
    const announced = state.announce(0, 'query-block');
    state.end(first);
    state.begin(announced);
    expect([...state.overlapped]).toEqual([2]);
  });

  it('do not overlap when one follows the answer of the other', () => {
    state.end(send('query-block'));
    state.end(send('query-block', 1));
    expect(state.overlapped.size).toBe(0);
  });

  it('begin to count anew with the transcript', () => {
    send('query-block');
    state.end(send('query-block', 1));
    state.end(1);
    state.keepSnapshot(2, { answers: [] });
    state.restart();
    expect([state.exchanges, state.overlapped.size, state.snapshots.size]).toEqual([0, 0, 0]);
    expect(send('query-block')).toBe(1);
  });
});

describe('jobs', () => {
  it('may be there after a command that starts one, or may do so in an action', () => {
    send('blockdev-add');
    expect(state.mayHaveJobs).toBe(false);
    send('blockdev-backup');
    expect([state.mayHaveJobs, state.mayHaveNewJobs]).toEqual([true, true]);
    state.sawJobs(false);
    send('transaction');
    expect([state.mayHaveJobs, state.mayHaveNewJobs]).toEqual([true, true]);
  });

  it('are new until they were asked for, and there until none was found', () => {
    send('block-stream');
    state.sawJobs(true);
    expect([state.mayHaveJobs, state.mayHaveNewJobs]).toEqual([true, false]);
    state.sawJobs(false);
    expect(state.mayHaveJobs).toBe(false);
  });

  it('may be told of by another side', () => {
    state.sawJobs(true);
    expect([state.mayHaveJobs, state.mayHaveNewJobs]).toEqual([true, false]);
  });
});

describe('snapshots', () => {
  it('are out of date after all but queries, raw bytes included', () => {
    send('query-block');
    expect(state.changedSinceSnapshot).toBe(false);
    for (const command of ['eject', undefined]) {
      send(command);
      expect(state.changedSinceSnapshot).toBe(true);
      state.beginSnapshot();
      expect(state.changedSinceSnapshot).toBe(false);
    }
  });

  it('do not hold what changes while they are taken', () => {
    state.beginSnapshot();
    send('eject');
    state.keepSnapshot(0, { answers: [] });
    expect(state.changedSinceSnapshot).toBe(true);
    expect([...state.snapshots.keys()]).toEqual([0]);
  });

  it('can be taken while the case waits for no answer', () => {
    expect(state.isQuiet).toBe(true);
    const number = send('eject');
    expect(state.isQuiet).toBe(false);
    state.end(number);
    expect(state.isQuiet).toBe(true);
  });

  it('can be taken from the beginning of a case to its end, which its body’s end is not', () => {
    state.endBody();
    expect([state.isOver, state.isQuiet]).toEqual([true, true]);
    state.endCase();
    expect(state.isQuiet).toBe(false);
  });

  it('are not taken of a case that hands out no context, nor where the endpoint is gone', () => {
    state.beginCase(null);
    expect([state.isQuiet, state.isUsable]).toEqual([false, true]);
    state.beginCase(context);
    state.connect(session(false));
    expect([state.isQuiet, state.isUsable]).toEqual([false, false]);
    state.connect(session());
    state.disconnect();
    expect([state.isQuiet, state.isUsable]).toEqual([false, false]);
  });
});
