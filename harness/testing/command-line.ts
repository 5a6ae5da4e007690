/** Runs the command line: the built program in a process, or what that calls in this one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../spec/package-root.ts';
import { main } from '../cli/main.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const program = fileURLToPath(new URL('bin/qmpcheck', packageRoot()));

export interface CommandLine {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Sees the process and what it printed so far; for signals. */
  readonly watch?: (child: ChildProcess, stdout: string) => void;
}

/** As a user does. The folder of the call is this machine's for temporary files, unless it is told. */
export function qmpcheck(args: readonly string[], call: CommandLine = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: call.cwd ?? tmpdir(),
    env: { ...process.env, NO_COLOR: '1', ...call.env },
  });
  const result = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      result[stream] += text;
      call.watch?.(child, result.stdout);
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(call.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...result }));
  });
}

/** A script of the shell, in which `$QMPCHECK` is the program: for what only a shell can do with its streams. */
export function inShell(script: string, cwd: string): CommandResult {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', QMPCHECK: `${process.execPath} ${program}` },
  });
  return { code: status, stdout, stderr };
}

/**
 * The same without a process, which takes most of the time of a short call. For calls that wait for no signal and read no
 * input; that a subcommand ends its process is for `qmpcheck` to show.
 */
export async function callMain(
  args: readonly string[],
  call: { readonly cwd?: string } = {},
): Promise<CommandResult> {
  const before = { cwd: process.cwd(), color: process.env.NO_COLOR };
  const result = { stdout: '', stderr: '' };
  const restore = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const { write } = stream;
    const listeners = stream.listeners('error');
    stream.write = (text: string | Uint8Array, ...rest: readonly unknown[]) => {
      result[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      const written = rest.at(-1);
      if (typeof written === 'function') written();
      return true;
    };
    return () => {
      stream.write = write;
      for (const listener of stream.listeners('error'))
        if (!listeners.includes(listener)) stream.off('error', listener as () => void);
    };
  });
  process.chdir(call.cwd ?? tmpdir());
  process.env.NO_COLOR = '1';
  try {
    return { code: await main(args), ...result };
  } finally {
    for (const undo of restore) undo();
    process.chdir(before.cwd);
    if (before.color === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = before.color;
  }
}

/** Runs `work` in a fresh folder that is removed afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-cli-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
