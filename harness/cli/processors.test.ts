import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { parseProcessors, processorsOf } from './processors.ts';

describe('shares of the processors', () => {
  test('all of them go round', () => {
    const shares = [0, 1, 2].map((index) => processorsOf({ index, of: 3 }, [0, 1, 2, 3, 8]));
    expect(shares).toEqual([[0], [1, 2], [3, 8]]);
  });

  test('nobody gets one where there are too few', () => {
    expect(processorsOf({ index: 0, of: 3 }, [0, 1])).toEqual([]);
  });

  test('a list has ranges and single ones', () => {
    expect(parseProcessors('0-2,5,8-9')).toEqual([0, 1, 2, 5, 8, 9]);
  });
});

test.skipIf(process.platform !== 'linux' || !hasTaskset() || availableParallelism() < 2)(
  'a process that a kept thread starts has the share of the thread',
  async () => {
    const lists = await Promise.all([0, 1].map((index) => allowedInThread(index)));
    expect(lists[0]).not.toBe(lists[1]);
    expect(lists.flatMap(parseProcessors).length).toBe(availableParallelism());
  },
);

/** What a process may run on that was started by a thread with a half of the processors. */
async function allowedInThread(index: number): Promise<string> {
  const source = `
    import { execFileSync } from 'node:child_process';
    import { parentPort } from 'node:worker_threads';
    import { keepToShare } from ${JSON.stringify(builtModule())};
    await keepToShare({ index: ${index}, of: 2 });
    parentPort.postMessage(execFileSync('grep', ['Cpus_allowed_list', '/proc/self/status'], { encoding: 'utf8' }));
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const [line] = (await once(worker, 'message')) as [string];
  await worker.terminate();
  return line.split(/\s+/)[1]!;
}

function builtModule(): string {
  return new URL('../../dist/harness/cli/processors.js', import.meta.url).href;
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
