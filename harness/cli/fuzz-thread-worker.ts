/** A worker in a thread of its own, so that its share of the work has a processor of its own. */
import { Worker } from 'node:worker_threads';
import type { MatchRule } from '../fuzz/buckets.ts';
import type { FindingAnswer, FuzzWorker, RunAnswer } from '../fuzz/fuzz-worker.ts';
import type { TriageBudget, Unfinished } from '../fuzz/triage.ts';
import type { Quirks } from '../qmp/quirks.ts';
import type { Share } from './processors.ts';
import type { TargetOptions } from './target-option.ts';

/** What the thread is started with. */
export interface ThreadData extends TargetOptions {
  readonly target: string;
  readonly match: MatchRule;
  readonly budget: TriageBudget;
  /** The second target of `--diff`. */
  readonly diff?: string;
  /** Files of known deviations; `shipped` is false without those that the project ships. */
  readonly expect: readonly string[];
  readonly shipped?: false;
  /** How the target breaks the protocol, where the campaign has found that out. Absent: the thread does. */
  readonly quirks?: Quirks | undefined;
  /** The share of the processors that the thread and its endpoints get. */
  readonly share: Share;
}

export interface ThreadRequest {
  readonly method: keyof FuzzWorker;
  readonly args: readonly unknown[];
}

export type ThreadReply = { readonly value: unknown } | { readonly error: string };

/** One request at a time. */
export function threadWorker(data: ThreadData): FuzzWorker {
  const worker = new Worker(new URL('./fuzz-thread.js', import.meta.url), { workerData: data });
  const failed = new Promise<never>((_, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('a thread of the campaign ended')));
  });
  failed.catch(() => undefined);
  const ask = async <T>(method: keyof FuzzWorker, ...args: unknown[]): Promise<T> => {
    const answered = new Promise<ThreadReply>((resolve) => worker.once('message', resolve));
    worker.postMessage({ method, args } satisfies ThreadRequest);
    const reply = await Promise.race([answered, failed]);
    if ('error' in reply) throw new Error(reply.error);
    return reply.value as T;
  };
  return {
    run: (program) => ask<RunAnswer>('run', program),
    triage: (program, symptom) => ask<FindingAnswer | Unfinished | null>('triage', program, symptom),
    stop: async () => {
      await ask('stop').catch(() => undefined);
      await worker.terminate();
    },
  };
}
