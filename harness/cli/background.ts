/**
 * `-daemonize`: the same call again in a process of its own, which tells when it has started. Node cannot fork, so that
 * the descriptors which options name are handed on under their numbers.
 */
import { spawn } from 'node:child_process';

const MARK = 'QMPCHECK_IN_BACKGROUND';

/** What the process in the background says while it starts. */
type Word = { readonly out: string } | { readonly err: string } | { readonly started: true };

/** The end of the one that started us, if we are in the background. */
export interface Foreground {
  out(text: string): void;
  err(text: string): void;
  /** We are on our own from now on. */
  started(): void;
}

/** Undefined unless this process was started by `runInBackground`. */
export function foreground(): Foreground | undefined {
  if (process.env[MARK] === undefined || process.send === undefined) return undefined;
  delete process.env[MARK];
  const say = (word: Word) => {
    if (process.connected) process.send!(word);
  };
  return {
    out: (text) => say({ out: text }),
    err: (text) => say({ err: text }),
    started: () => {
      say({ started: true });
      process.disconnect();
      process.chdir('/');
    },
  };
}

/** Starts this call again; resolves with 0 once that has started, else with its exit status. */
export function runInBackground(descriptors: readonly number[]): Promise<number> {
  const stdio: ('ignore' | 'ipc' | number)[] = ['ignore', 'ignore', 'ignore'];
  for (const fd of descriptors) {
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = fd;
  }
  const free = stdio.findIndex((use, fd) => fd > 2 && use === 'ignore');
  if (free < 0) stdio.push('ipc');
  else stdio[free] = 'ipc';
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio,
    env: { ...process.env, [MARK]: '1' },
  });
  return new Promise((resolve) => {
    child.on('message', (word: Word) => {
      if ('out' in word) process.stdout.write(word.out);
      else if ('err' in word) process.stderr.write(word.err);
      else {
        child.disconnect();
        child.unref();
        resolve(0);
      }
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
