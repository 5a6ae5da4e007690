/** For tests that need other people's programs: whether they are here, a server of theirs that runs until it is stopped. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';

/**
 * Why a test that needs these programs must be skipped; undefined if all are here. Throws instead where
 * `QMPCHECK_REQUIRE` names one of `groups`: there they are expected.
 */
export function whyMissing(programs: readonly string[], ...groups: readonly string[]): string | undefined {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return undefined;
  const reason = `${missing.join(', ')} not installed`;
  const required = (process.env.QMPCHECK_REQUIRE ?? '').split(',');
  if (groups.some((group) => required.includes(group))) throw new Error(reason);
  return reason;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end; its standard output. Rejects, with its standard error, on a status other than 0. */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1 << 26 });
  return stdout;
}

/** Starts a server that shows itself as a socket at `path`; waits for that. */
export async function startServer(
  path: string,
  program: string,
  ...args: readonly string[]
): Promise<ChildProcess> {
  const appeared = new AbortController();
  const watcher = watch(dirname(path), { signal: appeared.signal });
  const shown = new Promise<void>((resolve, reject) => {
    watcher.on('change', () => existsSync(path) && resolve());
    watcher.on('error', reject);
  });
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`${basename(program)} exited with ${status}`)));
  });
  try {
    if (!existsSync(path)) await Promise.race([shown, ended]);
    return child;
  } finally {
    ended.catch(() => undefined);
    appeared.abort();
  }
}

/** Kills a server; resolves when it has gone. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
