/** Has a broken reference judged in a process of its own, with scratch folders of its own, for a limited time. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atProcessEnd } from '../../cleanup.ts';
import type { Begins, Judged, Judgement } from './judge.ts';
import type { Noticed } from './suite-on-reference.ts';

/** Milliseconds for a process to start, and for a case: its own time limit, and then some. */
const SILENT_MS = 30_000;
/** How much longer than on the sound reference the cases may take. */
const SLOWER = 8;

/**
 * The cases that end otherwise than expected. `milliseconds`: what the cases take on the sound reference; a process that
 * hangs has been noticed. Rejects once `signal` is aborted.
 */
export async function judgedApart(
  judgement: Judgement,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<readonly Noticed[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'qmpcheck-judge-'));
  const child = fork(new URL('judge.js', import.meta.url), {
    env: { ...process.env, TMPDIR: scratch },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const kill = () => child.kill('SIGKILL');
  const withdraw = atProcessEnd(kill);
  signal?.addEventListener('abort', kill);
  const timer = setTimeout(kill, SILENT_MS + milliseconds * SLOWER);
  const silence = setTimeout(kill, SILENT_MS);
  try {
    const noticed = await new Promise<readonly Noticed[]>((resolve, reject) => {
      child.on('message', (message: Begins | Judged) => {
        if (message === 'begins') silence.refresh();
        else resolve(message.noticed);
      });
      child.once('error', reject);
      child.once('exit', (code, killedBy) =>
        resolve([{ by: 'the process', outcome: killedBy === null ? `exit code ${code}` : 'hang' }]),
      );
      child.send(judgement);
    });
    signal?.throwIfAborted();
    return noticed;
  } finally {
    clearTimeout(timer);
    clearTimeout(silence);
    signal?.removeEventListener('abort', kill);
    kill();
    withdraw();
    rmSync(scratch, { recursive: true, force: true });
  }
}
