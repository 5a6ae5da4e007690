/** However a run ends, no child and no temporary file of it stays. On the built command line, as people run it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../spec/package-root.ts';
import { enginesUnavailable, requireOrSkip } from './engines.ts';

const PROGRAM = fileURLToPath(new URL('bin/qmpcheck', packageRoot()));

/** Many, the first of which ends soon. */
const CASES = ['derived/*'];

let temp: string;

/** What the tests of a file need, which is called first. */
export function withTemporaryFolder(): void {
  beforeEach(async () => {
    temp = await mkdtemp(join(tmpdir(), 'signals-test-'));
  });
  afterEach(() => rm(temp, { recursive: true, force: true }));
}

function start(target: string, ...more: string[]): ChildProcess {
  return spawn(process.execPath, [PROGRAM, 'run', '--target', target, '--reporter', 'tap', ...more], {
    env: { ...process.env, TMPDIR: temp },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** Resolves at the first result: endpoints are up then. */
async function running(child: ChildProcess): Promise<void> {
  for await (const chunk of child.stdout!) if (/^ok /m.test(String(chunk))) return;
}

/** Processes that have something of the run's folder in their command line. */
function endpoints(): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(`${temp}/`));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Runs on a target that get a signal. */
export function leavesNothing(target: 'reference:spawn' | 'qemu-storage-daemon' | 'qemu-system'): void {
  describe(target, () => {
    beforeEach((context) => {
      if (target === 'qemu-storage-daemon') requireOrSkip(context, 'qemu', enginesUnavailable(target));
      if (target === 'qemu-system') requireOrSkip(context, 'qemu', enginesUnavailable('qemu-system-x86_64'));
    });

    test.each(['SIGINT', 'SIGTERM'] as const)(
      '%s ends the run in order, and nothing is left',
      async (signal) => {
        const child = start(target, '--workers', '2', ...CASES);
        await running(child);
        // One endpoint may just have given way to the next.
        await until(() => endpoints().length > 0);
        child.kill(signal);
        expect(await once(child, 'exit')).toEqual([signal === 'SIGINT' ? 130 : 143, null]);
        expect(endpoints()).toEqual([]);
        expect(await readdir(temp)).toEqual([]);
      },
    );

    test('after SIGKILL the children go by themselves, and the next run sweeps the rest', async () => {
      const child = start(target, ...CASES);
      await running(child);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await until(() => endpoints().length === 0);
      expect(await readdir(temp)).not.toEqual([]);
      const next = start(target, 'greeting');
      next.stdout!.resume();
      expect(await once(next, 'exit')).toEqual([0, null]);
      expect(await readdir(temp)).toEqual([]);
    });
  });
}

/** A run whose endpoint says nothing. */
export function givesUpAtOnce(): void {
  test('an endpoint that never greets is given up at once', async () => {
    const child = start('exec:cat; : @DIR@', 'greeting');
    child.stdout!.resume();
    const ended = once(child, 'exit');
    await until(() => endpoints().length > 0);
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(endpoints()).toEqual([]);
    expect(await readdir(temp)).toEqual([]);
  });
}
