/** Programs that tests need: whether they are here, a server of theirs that runs until it is stopped. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type TcpSocketConnectOpts } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Between attempts to reach a server that is starting. */
const RETRY_MS = 5;

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

/** What qemu-img says when a busy machine keeps it from timing its key derivation: by chance, so it may try again. */
const BY_CHANCE = 'Unable to get accurate CPU usage';
const TRIES = 20;

/** Runs a program to its end; its standard output. Rejects, with its standard error, on a status other than 0. */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1 << 26 });
      return stdout;
    } catch (error) {
      if (tries === TRIES || !String((error as Error).message).includes(BY_CHANCE)) throw error;
    }
  }
}

/** Starts a server; waits until it accepts connections at this local socket or address. Rejects if it ends before that. */
export async function startServer(
  where: string | TcpSocketConnectOpts,
  program: string,
  ...args: readonly string[]
): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let lastWords = '';
  child.stderr.on('data', (text: Buffer) => {
    lastWords = (lastWords + text.toString()).slice(-2000);
  });
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  child.once('exit', (status) => {
    failure = new Error(`${program} exited with ${status}: ${lastWords}`);
  });
  while (!(await accepts(where))) {
    if (failure) throw failure;
    await setTimeout(RETRY_MS);
  }
  return child;
}

/** Whether somebody accepts connections there: at a local socket, or at a port. */
export function accepts(where: string | TcpSocketConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(typeof where === 'string' ? { path: where } : where);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Kills a server; resolves when it has gone. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
