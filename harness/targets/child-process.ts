/**
 * A child process that cannot outlive us and cannot take the machine with it. Knows nothing of QMP.
 *
 * The child is started through a few lines of shell that set limits, leave a guard behind, and then become the
 * command. The guard waits on a pipe that we hold: told that all is well it goes away, and if the pipe ends without
 * a word, because we crashed, it kills the child's process group.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { atProcessEnd } from '../cleanup.ts';
import type { ExitInfo } from './target.ts';

/** Upper bounds for a child; generous, to stop a runaway, not to save resources. */
export interface ProcessLimits {
  /** Largest file it may write, bytes; beyond it writes fail with EFBIG. */
  readonly fileBytes: number;
  /** Address space, bytes. */
  readonly memoryBytes: number;
  /** Processes and threads of this user. */
  readonly processes: number;
}

export const DEFAULT_LIMITS: ProcessLimits = {
  fileBytes: 2 ** 41,
  memoryBytes: 2 ** 36,
  processes: 8192,
};

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Words before the command: of a program that starts it. */
  readonly under?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** True: stdin and stdout are pipes for us; else both are the null device. */
  readonly pipes?: boolean;
  readonly limits?: ProcessLimits;
  /** Lines of stderr that our own options bring about: no words of the endpoint's. */
  readonly unheard?: RegExp;
}

/** Wait for an end by SIGTERM before SIGKILL. */
const TERM_MS = 3_000;
/** Wait for the rest of stderr after the end; only a grandchild that keeps it open makes us wait so long. */
const DRAIN_MS = 200;

const LAST_LINES = 20;
const LINE_LENGTH = 4_096;

/** Lines of shell that set the limits. `trap '' XFSZ`: a write beyond the limit fails instead of killing. */
export function limitScript(limits: ProcessLimits = DEFAULT_LIMITS): string {
  return `trap '' XFSZ
ulimit -c 0
ulimit -f ${limits.fileBytes / 512}
ulimit -v ${limits.memoryBytes / 1024}
ulimit -p ${limits.processes} 2>/dev/null || ulimit -u ${limits.processes} 2>/dev/null`;
}

/** fd 3 is the guard's pipe. */
function guardScript(limits?: ProcessLimits): string {
  return `${limitScript(limits)}
( trap '' TERM INT HUP; read -r _ <&3 || kill -s KILL -- -$$ ) </dev/null >/dev/null 2>&1 &
exec 3<&-
exec "$@"`;
}

/** Keeps the last lines of a stream, whatever its length. */
class LineTail {
  readonly #lines: string[] = [];
  readonly #unheard: RegExp | undefined;
  #rest = '';

  constructor(unheard: RegExp | undefined) {
    this.#unheard = unheard;
  }

  push(text: string): void {
    const parts = (this.#rest + text).split('\n');
    this.#rest = parts.pop()!.slice(-LINE_LENGTH);
    for (const line of parts)
      if (this.#unheard?.test(line) !== true) this.#lines.push(line.slice(0, LINE_LENGTH));
    this.#lines.splice(0, this.#lines.length - LAST_LINES);
  }

  lines(): string[] {
    return this.#rest === '' ? [...this.#lines] : [...this.#lines, this.#rest];
  }
}

/** A child process that never outlives this one. It gets a limit on memory, file size and processes. */
export class Child {
  readonly pid: number;
  /** Resolves when the process has ended and its stderr was read. Never rejects. */
  readonly exited: Promise<ExitInfo>;
  readonly #process: ChildProcess;
  readonly #tail: LineTail;
  #running = true;

  /** Throws if not even a shell can be started. A command that cannot be found exits with 127. */
  constructor(options: ChildOptions) {
    this.#tail = new LineTail(options.unheard);
    const data = options.pipes === true ? 'pipe' : 'ignore';
    const stdio: StdioOptions = [data, data, 'pipe', 'pipe'];
    const script = guardScript(options.limits);
    const child = spawn(
      '/bin/sh',
      ['-c', script, 'sh', ...(options.under ?? []), options.command, ...options.args],
      {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        // A process group of its own: Ctrl-C in our terminal is ours to handle, and the whole group can be ended.
        detached: true,
        stdio,
      },
    );
    child.on('error', () => undefined);
    if (child.pid === undefined)
      throw new Error(`cannot start ${options.command}: no shell, or out of processes`);
    this.pid = child.pid;
    this.#process = child;
    const withdraw = atProcessEnd(() => this.#kill('SIGKILL'));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#tail.push(text));
    const guard = child.stdio[3] as Writable;
    guard.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#running = false;
        this.#kill('SIGTERM');
        guard.end('over\n');
        void drained(child.stderr!).then(() => {
          // A shell dies of what the program that it started may put off, or never get to.
          const endRest = (): void => {
            this.#kill('SIGKILL');
            withdraw();
          };
          if (child.stderr!.closed) endRest();
          else setTimeout(endRest, TERM_MS).unref();
          resolve({ code, signal });
        });
      });
    });
  }

  get running(): boolean {
    return this.#running;
  }

  get stdin(): Writable {
    return this.#process.stdin!;
  }

  get stdout(): Readable {
    return this.#process.stdout!;
  }

  /** Last lines of stderr, oldest first. */
  lastWords(): readonly string[] {
    return this.#tail.lines();
  }

  /** SIGTERM, then SIGKILL, to the whole process group. Idempotent, never rejects. */
  async stop(): Promise<ExitInfo> {
    if (this.#running) {
      this.#kill('SIGTERM');
      const timer = setTimeout(() => this.#kill('SIGKILL'), TERM_MS);
      await this.exited;
      clearTimeout(timer);
    }
    return this.exited;
  }

  /** SIGKILL now: it is known to hang. */
  async kill(): Promise<ExitInfo> {
    if (this.#running) this.#kill('SIGKILL');
    return this.exited;
  }

  #kill(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The group has gone already.
    }
  }
}

function drained(stream: Readable): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MS);
    stream.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
