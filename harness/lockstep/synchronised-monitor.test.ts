import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { CaseContext, MonitorHandle } from '../cases/case.ts';
import { SideState } from './side-state.ts';
import { SynchronisedContext } from './synchronised-monitor.ts';

/** What happened, in order. */
let log: string[];
let state: SideState;
/** Lets those go on that wait for the other sides. */
let release: () => void;
let t: CaseContext;

/** A monitor that logs what it is asked for; all is answered at once. */
function logging(name: string): MonitorHandle {
  const method =
    (what: string) =>
    async (...[first]: readonly unknown[]): Promise<object> => {
      log.push([name, what, ...(typeof first === 'string' ? [first] : [])].join(' '));
      return {};
    };
  return {
    greeting: { QMP: name },
    pending: () => [],
    ...Object.fromEntries(
      ['execute', 'refused', 'request', 'raw', 'event', 'close'].map((what) => [what, method(what)]),
    ),
  } as unknown as MonitorHandle;
}

beforeEach(() => {
  log = [];
  state = new SideState(loadBlockSchema());
  const waiting: (() => void)[] = [];
  release = () => {
    for (const goOn of waiting.splice(0)) goOn();
  };
  const context = {
    ...logging('first'),
    monitor: async (index: number) => logging(`monitor ${index}`),
    unnegotiated: async (index: number) => logging(`unnegotiated ${index}`),
    restartTranscript: () => log.push('restart'),
  } as unknown as CaseContext;
  const arrive = (): Promise<void> => {
    log.push('arrives');
    return new Promise((resolve) => waiting.push(resolve));
  };
  t = new SynchronisedContext(context, { state, arrive });
});

describe('an exchange waits for the other sides', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['execute', () => t.execute('eject')],
    ['refused', () => t.refused('eject', {})],
    ['request', () => t.request({ execute: 'eject' })],
    ['raw', () => t.raw('{}')],
  ])('%s', async (what, act) => {
    const done = act();
    await turn();
    expect([log, state.exchanges]).toEqual([['arrives'], 0]);
    release();
    await done;
    expect(log).toEqual(['arrives', expect.stringContaining(`first ${what}`)]);
    expect([state.exchanges, state.changedSinceSnapshot]).toEqual([1, true]);
  });

  it.each(['monitor', 'unnegotiated'] as const)('on another connection (%s) too', async (kind) => {
    const other = await t[kind](1);
    expect(other.greeting).toEqual({ QMP: `${kind} 1` });
    const done = other.execute('query-block');
    await turn();
    expect(log).toEqual(['arrives']);
    release();
    await done;
    expect(log).toEqual(['arrives', `${kind} 1 execute query-block`]);
    expect([state.exchanges, state.changedSinceSnapshot]).toEqual([1, false]);
  });

  it('is over also when it fails', async () => {
    const failing = { execute: () => Promise.reject(new Error('gone')) } as unknown as CaseContext;
    state.beginCase(failing);
    const own = new SynchronisedContext(failing, { state, arrive: async () => undefined });
    await expect(own.execute('eject')).rejects.toThrow('gone');
    expect(state.begin(state.announce(1, 'eject'))).toBe(2);
    expect(state.overlapped.size).toBe(0);
  });
});

it('an event is waited for without the other sides', async () => {
  await t.event('STOP');
  expect([log, state.exchanges]).toEqual([['first event STOP'], 0]);
});

it('a connection is closed without the other sides, after what was asked of it', async () => {
  const other = await t.monitor(1);
  const sent = other.raw('{');
  const closed = other.close();
  await turn();
  expect(log).toEqual(['arrives']);
  release();
  await Promise.all([sent, closed]);
  expect(log).toEqual(['arrives', 'monitor 1 raw {', 'monitor 1 close']);
});

it('a transcript that begins anew counts anew', async () => {
  const done = t.execute('eject');
  release();
  await done;
  t.restartTranscript();
  expect([state.exchanges, log.at(-1)]).toEqual([0, 'restart']);
});
