/** Runs the command line as a user does: the built program, in a process and an empty folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../spec/package-root.ts';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const program = fileURLToPath(new URL('bin/qmpcheck', packageRoot()));

export interface Call {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Sees the process and what it printed so far; for signals. */
  readonly watch?: (child: ChildProcess, stdout: string) => void;
}

export function qmpcheck(args: readonly string[], call: Call = {}): Promise<Result> {
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

/** Runs `work` in a fresh folder that is removed afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-cli-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
