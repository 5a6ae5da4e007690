/** Runs findings again: is it still so? */

import type { ScratchArea } from '../runner/scratch.ts';
import type { Target } from '../targets/target.ts';
import { matches, symptomsOf } from './buckets.ts';
import { type Finding, readFinding } from './findings.ts';
import { type PreparedCampaign, prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor, type ProgramRunner } from './program-executor.ts';
import { roundsFor } from './triage.ts';

export interface FindingResult {
  readonly file: string;
  readonly verdict: 'REPRODUCED' | 'FIXED' | 'SKIPPED' | 'ERROR';
  readonly reason: string | null;
}

/** Runs of a finding that shows only sometimes. */
const MOST_RUNS = 10;

export interface ReplayFindingsOptions {
  readonly folders: readonly string[];
  /** The target of a finding, by the name it was found on. */
  readonly targetOf: (name: string) => Promise<Target>;
  /** Runs programs on what was prepared, and on the second target of a finding that has one. Default: an executor of one. */
  readonly executorOf?: (prepared: PreparedCampaign, finding: Finding) => Promise<ProgramRunner>;
  readonly area: ScratchArea;
  readonly signal?: AbortSignal | undefined;
  readonly onResult?: ((result: FindingResult) => void) | undefined;
}

/** One after the other, in the order given. */
export async function replayFindings(options: ReplayFindingsOptions): Promise<FindingResult[]> {
  const prepared = new Map<string, Promise<PreparedCampaign>>();
  const results: FindingResult[] = [];
  for (const folder of options.folders) {
    options.signal?.throwIfAborted();
    const result = await replayFinding(folder, options, prepared).catch(
      (error: unknown): FindingResult => ({
        file: folder,
        verdict: 'ERROR',
        reason: (error as Error).message,
      }),
    );
    results.push(result);
    options.onResult?.(result);
  }
  for (const ready of prepared.values()) await (await ready.catch(() => null))?.config.first?.stop();
  return results;
}

async function replayFinding(
  folder: string,
  { targetOf, executorOf, area, signal }: ReplayFindingsOptions,
  prepared: Map<string, Promise<PreparedCampaign>>,
): Promise<FindingResult> {
  const { finding, program } = readFinding(folder);
  const target = await targetOf(finding.target);
  const unavailable = await target.unavailable();
  if (unavailable !== null) return { file: folder, verdict: 'SKIPPED', reason: unavailable };
  let ready = prepared.get(target.name);
  if (ready === undefined) {
    ready = prepareCampaign({ target, area, invalid: 0, raw: 0, signal });
    prepared.set(target.name, ready);
  }
  const made = await ready;
  const { config, normaliseText } = made;
  if (!config.startStates.some(({ name }) => name === program.startState))
    return {
      file: folder,
      verdict: 'SKIPPED',
      reason: `the target has no start state '${program.startState}'`,
    };
  const executor = (await executorOf?.(made, finding)) ?? new ProgramExecutor(config, area);
  try {
    const runs = finding.held === finding.runs ? finding.runs : MOST_RUNS;
    for (let run = 0; run < runs; run += 1) {
      const { record } = await executor.run(program, true, roundsFor(finding.symptom));
      if (record.outcome === 'error')
        return { file: folder, verdict: 'ERROR', reason: record.reason ?? 'unknown' };
      // Last words may differ between versions: for a crash the same signal is enough, else the same check.
      const rule = finding.symptom.kind === 'crash' ? 'signal' : 'check';
      if (matches(finding.symptom, symptomsOf(record, normaliseText), rule))
        return { file: folder, verdict: 'REPRODUCED', reason: finding.symptom.bucket };
    }
    return { file: folder, verdict: 'FIXED', reason: `${finding.symptom.bucket}: not in ${runs} run(s)` };
  } finally {
    await executor.stop();
  }
}
