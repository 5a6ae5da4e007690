import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../spec/package-root.ts';
import { pendingCleanups } from '../cleanup.ts';
import { Child, type ChildOptions, DEFAULT_LIMITS } from './child-process.ts';

let cwd: string;
const children: Child[] = [];

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'process-test-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) await child.stop();
  await rm(cwd, { recursive: true, force: true });
});

function start(script: string, more: Partial<ChildOptions> = {}): Child {
  const child = new Child({ command: '/bin/sh', args: ['-c', script], cwd, ...more });
  children.push(child);
  return child;
}

/** Resolves when no process has this id any more. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function firstLine(child: Child): Promise<string> {
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return chunk.toString().trim();
}

describe('the end of a child', () => {
  test('what our own options bring about is no word of the child', async () => {
    const child = start('echo x: info: waiting >&2; echo mine >&2', { unheard: /: info: waiting/ });
    await child.exited;
    expect(child.lastWords()).toEqual(['mine']);
  });

  test('is told with exit status and last lines of stderr', async () => {
    const child = start('for i in $(seq 30); do echo line $i >&2; done; exit 3');
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(child.lastWords()).toHaveLength(20);
    expect(child.lastWords().at(-1)).toBe('line 30');
    expect(pendingCleanups()).toBe(0);
  });

  test('is told with its signal', async () => {
    expect(await start('kill -SEGV $$').exited).toEqual({ code: null, signal: 'SIGSEGV' });
  });

  test('a command that does not exist says so', async () => {
    const child = new Child({ command: 'no-such-command', args: [], cwd });
    expect((await child.exited).code).toBe(127);
    expect(child.lastWords().join()).toContain('no-such-command');
  });

  test('comes with SIGKILL to one that hangs', async () => {
    const child = start('echo up; kill -STOP $$', { pipes: true });
    await firstLine(child);
    expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('takes what the child has started along', async () => {
    const child = start('sleep 1000 & echo $!; wait', { pipes: true });
    const grandchild = Number(await firstLine(child));
    await child.stop();
    await gone(grandchild);
  });

  test('takes along what hangs, and does not heed SIGTERM, when the shell that started it has gone', async () => {
    const child = start("(trap '' TERM; sh -c 'echo $PPID'; exec sleep 60) & wait", { pipes: true });
    const pid = Number(await firstLine(child));
    await child.stop();
    await gone(pid);
  });

  test('comes when we die without a word', async () => {
    const module = fileURLToPath(new URL('dist/harness/targets/child-process.js', packageRoot()));
    const script = `
      const { Child } = await import(${JSON.stringify(module)});
      const child = new Child({ command: 'sleep', args: ['1000'], cwd: ${JSON.stringify(cwd)} });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill('SIGKILL');
    await gone(pid);
  });
});

describe('limits', () => {
  test('a file cannot grow beyond the limit, and trying does not kill', async () => {
    const limits = { ...DEFAULT_LIMITS, fileBytes: 1 << 20 };
    const child = start('head -c 2000000 /dev/zero > big; wc -c < big', { pipes: true, limits });
    expect(await firstLine(child)).toBe(String(1 << 20));
  });

  test('memory is limited', async () => {
    const limits = { ...DEFAULT_LIMITS, memoryBytes: 1 << 26 };
    const child = start('ulimit -v', { pipes: true, limits });
    expect(await firstLine(child)).toBe(String((1 << 26) / 1024));
  });
});
