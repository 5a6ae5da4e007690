/** When an endpoint is used again, reset or dropped. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StartError, type StartRequest, type TargetCapabilities, type Topology } from '../targets/target.ts';
import { type FakePort, fakeTarget } from '../testing/fake-endpoint.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { EndpointPool, type EndpointPoolOptions } from './endpoint-pool.ts';
import { ScratchArea } from './scratch.ts';

let area: ScratchArea;
let pools: EndpointPool[];
beforeEach(async () => {
  area = await ScratchArea.open();
  pools = [];
});
afterEach(async () => {
  for (const pool of pools) await pool.stop();
  await area.close();
});

function topology(name: string): Topology {
  return { name, images: [], options: [], monitors: 1 };
}
const A = topology('a');
const B = topology('b');
const C = topology('c');

interface Given extends Pick<EndpointPoolOptions, 'most' | 'uses'> {
  readonly capabilities?: Partial<TargetCapabilities>;
  /** Done before each start. */
  readonly starting?: (request: StartRequest) => Promise<void>;
}

/** A pool over a fake target that counts, and that can kill the endpoint it started last. */
function given({ capabilities = {}, starting, ...options }: Given = {}) {
  let last: FakePort | undefined;
  const fake = fakeTarget({
    capabilities,
    answer: (command, _, port) => {
      last = port;
      return command === 'stop' ? { return: {} } : undefined;
    },
  });
  const target = {
    ...fake,
    start: async (request: StartRequest) => {
      await starting?.(request);
      return fake.start(request);
    },
  };
  const pool = new EndpointPool({ target, area, limits: DEFAULT_TIME_LIMITS, ...options });
  pools.push(pool);
  const die = (): void => last?.die({ code: null, signal: 'SIGSEGV' });
  return { pool, counts: fake.counts, die };
}

describe('is used again', () => {
  test('for the same topology, where it was left clean', async () => {
    const { pool, counts } = given();
    const first = await pool.acquire(A);
    expect(await pool.release(first, 'clean')).toBe(true);
    expect(await pool.acquire({ ...A })).toBe(first);
    expect(counts).toEqual({ started: 1, running: 1 });
  });
  test('for no other topology', async () => {
    const { pool, counts } = given();
    const first = await pool.acquire(A);
    await pool.release(first, 'clean');
    expect(await pool.acquire(B)).not.toBe(first);
    expect(counts).toEqual({ started: 2, running: 2 });
  });
  test('by one at a time', async () => {
    const { pool, counts } = given();
    const [one, other] = await Promise.all([pool.acquire(A), pool.acquire(A)]);
    expect(one).not.toBe(other);
    await pool.release(one!, 'clean');
    await pool.release(other!, 'clean');
    const [again, anew] = await Promise.all([pool.acquire(A), pool.acquire(A)]);
    expect(new Set([again, anew])).toEqual(new Set([one, other]));
    expect(counts.started).toBe(2);
  });
  test('but not where a fresh one is wanted: then it is ended first', async () => {
    const running: number[] = [];
    const { pool, counts } = given({
      starting: async () => {
        running.push(counts.running);
      },
    });
    const first = await pool.acquire(A);
    await pool.release(first, 'clean');
    expect(await pool.acquire(A, { fresh: true })).not.toBe(first);
    expect(running).toEqual([0, 0]);
    expect(pool.started).toBe(2);
  });
});

describe('left dirty', () => {
  test('it is dropped', async () => {
    const { pool, counts } = given();
    expect(await pool.release(await pool.acquire(A), 'dirty')).toBe(false);
    expect(counts).toEqual({ started: 1, running: 0 });
  });
  test('it is kept where a reset brings it back', async () => {
    const { pool } = given();
    const first = await pool.acquire(A);
    expect(await pool.release(first, 'dirty', async () => true)).toBe(true);
    expect(await pool.acquire(A)).toBe(first);
  });
  test('it is dropped where a reset does not', async () => {
    const { pool, counts } = given();
    expect(await pool.release(await pool.acquire(A), 'dirty', async () => false)).toBe(false);
    expect(counts.running).toBe(0);
  });
  test.each<[string, Partial<TargetCapabilities>, Given, boolean]>([
    ['somebody else started it', { owned: false }, {}, false],
    ['it would be dropped all the same', {}, { uses: 1 }, false],
    ['it is dead', {}, {}, true],
  ])('it is not reset if %s', async (_, capabilities, options, dead) => {
    const { pool, counts, die } = given({ capabilities, ...options });
    const session = await pool.acquire(A);
    await session.execute('stop');
    if (dead) die();
    let resets = 0;
    await pool.release(session, 'dirty', async () => {
      resets += 1;
      return true;
    });
    expect({ resets, running: counts.running }).toEqual({ resets: 0, running: 0 });
  });
  test('it is kept if it could not be connected to again, also for who wants a fresh one', async () => {
    const { pool, counts } = given({ capabilities: { owned: false, reconnects: false }, uses: 1 });
    const first = await pool.acquire(A);
    expect(await pool.release(first, 'dirty')).toBe(false);
    expect(await pool.acquire(A, { fresh: true })).toBe(first);
    await pool.release(first, 'broken');
    expect(await pool.acquire(A)).toBe(first);
    await first.stop();
    await pool.release(first, 'broken');
    expect(await pool.acquire(A)).not.toBe(first);
    expect(counts).toEqual({ started: 2, running: 1 });
  });
});

test('a broken one is dropped, and never reset', async () => {
  const { pool, counts } = given();
  let resets = 0;
  const reset = async (): Promise<boolean> => {
    resets += 1;
    return true;
  };
  expect(await pool.release(await pool.acquire(A), 'broken', reset)).toBe(false);
  expect({ resets, running: counts.running }).toEqual({ resets: 0, running: 0 });
});

test('one that has been used often enough is dropped', async () => {
  const { pool, counts } = given({ uses: 2 });
  expect(await pool.release(await pool.acquire(A), 'clean')).toBe(true);
  expect(await pool.release(await pool.acquire(A), 'clean')).toBe(false);
  expect(counts).toEqual({ started: 1, running: 0 });
});

test('where there would be too many, the idle one used longest ago goes before the new one comes', async () => {
  const running: number[] = [];
  const { pool, counts } = given({
    most: 2,
    starting: async () => {
      running.push(counts.running);
    },
  });
  const [a, b] = [await pool.acquire(A), await pool.acquire(B)];
  await pool.release(b, 'clean');
  await pool.release(a, 'clean');
  await pool.release(await pool.acquire(C), 'clean');
  expect(await pool.acquire(A)).toBe(a);
  expect(await pool.acquire(B)).not.toBe(b);
  expect(running).toEqual([0, 1, 1, 1]);
});

test('those in use are not waited for', async () => {
  const { pool, counts } = given({ most: 1 });
  await pool.acquire(A);
  await pool.acquire(B);
  expect(counts.running).toBe(2);
});

test('its scratch folder is filled before it starts', async () => {
  const seen: string[] = [];
  const { pool } = given({
    starting: async ({ scratch }) => {
      seen.push(scratch);
    },
  });
  const prepare = (scratch: string): Promise<void> => {
    seen.push(`filled ${scratch}`);
    return writeFile(join(scratch, 'f0'), '');
  };
  const { scratch } = await pool.acquire(A, { prepare });
  expect(seen).toEqual([`filled ${scratch}`, scratch]);
});

test('a start that fails is told, and the next is tried again', async () => {
  let fails = true;
  const { pool, counts } = given({
    most: 1,
    starting: async () => {
      if (fails) throw new StartError('no such option');
    },
  });
  await expect(pool.acquire(A)).rejects.toThrow('no such option');
  fails = false;
  await pool.acquire(A);
  expect(counts).toEqual({ started: 1, running: 1 });
  expect(pool.started).toBe(1);
});

describe('stop', () => {
  test('ends those in use and those that are idle; a later release does nothing', async () => {
    const { pool, counts } = given();
    const [a, b] = [await pool.acquire(A), await pool.acquire(B)];
    await pool.release(b, 'clean');
    await pool.stop();
    expect(counts.running).toBe(0);
    expect(await pool.release(a, 'clean')).toBe(false);
    await expect(pool.acquire(A)).rejects.toThrow('stopped');
    expect(counts.started).toBe(2);
  });
  test('waits for a start that is under way, and ends what it gives', async () => {
    let goOn: () => void = () => undefined;
    const { pool, counts } = given({
      starting: () =>
        new Promise((resolve) => {
          goOn = resolve;
        }),
    });
    const acquired = pool.acquire(A);
    const refused = expect(acquired).rejects.toThrow('stopped');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const stopped = pool.stop();
    goOn();
    await Promise.all([stopped, refused]);
    expect(counts).toEqual({ started: 1, running: 0 });
  });
  test('during a reset leaves nothing behind', async () => {
    const { pool, counts } = given();
    const session = await pool.acquire(A);
    const kept = await pool.release(session, 'dirty', async () => {
      await pool.stop();
      return true;
    });
    expect({ kept, running: counts.running }).toEqual({ kept: false, running: 0 });
  });
});
