/**
 * Waits for an endpoint that somebody else starts: for as long as the target says, and with the command that starts it
 * again where there is one. An endpoint of our own is not waited for: its start tells how it went.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError, type Target, UnsupportedTopology } from '../targets/target.ts';

/** Pause between two tries, milliseconds. */
const RETRY_MS = 100;

export interface Return {
  readonly target: Target;
  /** It was there before: whoever calls us is then waited for `startTimeout` milliseconds only. */
  readonly again: boolean;
  readonly startTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** What `start` gives, tried until it is there or the time is over. Rejects as the last try did. */
export async function comeBack<T>(
  { target, again, startTimeout, signal }: Return,
  start: (limit?: AbortSignal) => Promise<T>,
): Promise<T> {
  const { capabilities, comeback = {} } = target;
  const calls = again && !capabilities.reconnects;
  const { wait = calls || comeback.restart !== undefined ? startTimeout : 0 } = comeback;
  if (capabilities.owned || wait === 0) return start(signal);
  const time = AbortSignal.timeout(wait);
  const limit = signal === undefined ? time : AbortSignal.any([signal, time]);
  let restarting: Restart | null = null;
  for (;;) {
    try {
      return await start(limit);
    } catch (error) {
      signal?.throwIfAborted();
      restarting ??= comeback.restart === undefined ? null : new Restart(comeback.restart);
      if (error instanceof UnsupportedTopology || time.aborted) throw error;
      if (restarting?.fault !== undefined) throw new StartError(restarting.fault);
      await sleep(RETRY_MS, undefined, { signal: limit }).catch(() => undefined);
    }
  }
}

/** The command may go on for as long as the endpoint lives, or end when that runs. It prints to nobody: a pipe would end with us. */
class Restart {
  /** Why it failed; absent: it did not, so far. */
  fault: string | undefined;

  constructor(command: string) {
    // a group of its own: Ctrl-C is for us, and the endpoint is not ours to end
    const child = spawn('/bin/sh', ['-c', command], { stdio: 'ignore', detached: true });
    child.once('error', (error) => {
      this.fault = `restart: ${error.message}`;
    });
    child.once('exit', (code, name) => {
      if (code !== 0) this.fault = `restart: ${command}: ended with ${name ?? `exit status ${code}`}`;
    });
    child.unref();
  }
}
