/** Has broken references judged in processes of their own, with scratch folders of their own, each for a limited time. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atProcessEnd } from '../../cleanup.ts';
import type { Begins, Judged, Judgement } from './judge.ts';
import type { Noticed } from './suite-on-reference.ts';

/** Who notices what no case does. */
export const PROCESS = 'the process';

/** Milliseconds for a process to start, and for a case: its own time limits, and then some. */
const SILENT_MS = 40_000;
/** How much longer than on the sound reference the cases may take. */
const SLOWER = 8;
/** Modules of broken references are never given back: what a process holds at most. */
const MOST_JUDGEMENTS = 200;

/** Those that have nothing to do. */
const idle: JudgeProcess[] = [];

/**
 * The cases that end otherwise than expected. `milliseconds`: what the cases take on the sound reference; a process that
 * hangs has been noticed. Rejects once `signal` is aborted.
 */
export async function judgedApart(
  judgement: Judgement,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<readonly Noticed[]> {
  const known = takeIdle();
  const noticed = await (known ?? new JudgeProcess()).judge(judgement, milliseconds, signal);
  // What breaks outside of any case may be left from an earlier judgement.
  return known !== undefined && noticed.some(({ by }) => by === PROCESS)
    ? new JudgeProcess().judge(judgement, milliseconds, signal)
    : noticed;
}

/** One that still lives; undefined: there is none. */
function takeIdle(): JudgeProcess | undefined {
  for (let known = idle.pop(); known !== undefined; known = idle.pop()) {
    if (known.isAlive) return known;
    known.end();
  }
  return undefined;
}

class JudgeProcess {
  readonly #scratch = mkdtempSync(join(tmpdir(), 'qmpcheck-judge-'));
  readonly #child: ChildProcess;
  readonly #withdraw: () => void;
  #judgements = 0;

  constructor() {
    this.#child = fork(new URL('judge.js', import.meta.url), {
      env: { ...process.env, TMPDIR: this.#scratch },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#withdraw = atProcessEnd(() => this.end());
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async judge(judgement: Judgement, milliseconds: number, signal?: AbortSignal): Promise<readonly Noticed[]> {
    const child = this.#child;
    this.#judgements += 1;
    this.#hold(true);
    const kill = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', kill);
    const timer = setTimeout(kill, SILENT_MS + milliseconds * SLOWER);
    const silence = setTimeout(kill, SILENT_MS);
    let isSound = false;
    try {
      const noticed = await new Promise<readonly Noticed[]>((resolve, reject) => {
        child.on('message', (message: Begins | Judged) => {
          if (message === 'begins') silence.refresh();
          else resolve(message.noticed);
        });
        child.once('error', reject);
        child.once('exit', (code, killedBy) =>
          resolve([{ by: PROCESS, outcome: killedBy === null ? `exit code ${code}` : 'hang' }]),
        );
        child.send(judgement);
      });
      signal?.throwIfAborted();
      isSound = noticed.every(({ by, outcome }) => by !== PROCESS && outcome !== 'timeout');
      return noticed;
    } finally {
      clearTimeout(timer);
      clearTimeout(silence);
      signal?.removeEventListener('abort', kill);
      child.removeAllListeners();
      if (isSound && this.#judgements < MOST_JUDGEMENTS) {
        this.#hold(false);
        idle.push(this);
      } else {
        this.end();
      }
    }
  }

  /** Whether this process waits for it. */
  #hold(isHeld: boolean): void {
    const { channel } = this.#child;
    if (isHeld) {
      this.#child.ref();
      channel?.ref();
    } else {
      this.#child.unref();
      channel?.unref();
    }
  }

  end(): void {
    this.#withdraw();
    this.#child.kill('SIGKILL');
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
