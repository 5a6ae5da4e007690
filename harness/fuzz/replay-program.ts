/** Runs programs once, with all checks of a campaign: does the endpoint do anything wrong? */
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decode, ProgramError } from '../../generators/sequences/encoding.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import type { Target } from '../targets/target.ts';
import { symptomsOf } from './buckets.ts';
import { isFinding } from './findings.ts';
import { prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor } from './program-executor.ts';

export interface ProgramResult {
  readonly file: string;
  readonly verdict: 'PASSES' | 'FAILS' | 'SKIPPED' | 'ERROR';
  /** For FAILS a line a symptom, as a campaign calls it. */
  readonly reason: string | null;
}

export interface ReplayProgramsOptions {
  readonly target: Target;
  readonly files: readonly string[];
  readonly area: ScratchArea;
  readonly signal?: AbortSignal | undefined;
  readonly onResult?: ((result: ProgramResult) => void) | undefined;
}

const EXTENSION = '.txt';

/**
 * The path itself if it is a program's: by its name, or because it begins as one. Of a folder those below it that begin as
 * one, in the order of their names, without those that belong to findings.
 */
export function programsBelow(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return path.endsWith(EXTENSION) || beginsAsProgram(path) ? [path] : [];
  if (stats?.isDirectory() !== true) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter(
      (file) =>
        file.endsWith(EXTENSION) &&
        lstatSync(file).isFile() &&
        !isFinding(dirname(file)) &&
        beginsAsProgram(file),
    )
    .toSorted();
}

/** Its first line that says anything names the start state. */
function beginsAsProgram(file: string): boolean {
  const text = readFileSync(file, 'utf8');
  return /^(\s*(#.*)?\n)*\s*ground\s/.test(text);
}

/** One after the other, in the order given, each on a fresh endpoint. Rejects as `prepareCampaign` does. */
export async function replayPrograms(options: ReplayProgramsOptions): Promise<ProgramResult[]> {
  const { target, files, area, signal, onResult } = options;
  const { config, normaliseText } = await prepareCampaign({ target, area, invalid: 0, raw: 0, signal });
  const executor = new ProgramExecutor(config, area);
  const judge = async (file: string): Promise<ProgramResult> => {
    const program = decode(readFileSync(file, 'utf8'));
    if (!config.startStates.some(({ name }) => name === program.startState)) {
      const reason = `the target has no start state '${program.startState}'`;
      return { file, verdict: 'SKIPPED', reason };
    }
    const { record } = await executor.run(program, true);
    if (record.outcome === 'error') return { file, verdict: 'ERROR', reason: record.reason ?? 'unknown' };
    const buckets = symptomsOf(record, normaliseText).map(({ bucket }) => bucket);
    if (buckets.length === 0) return { file, verdict: 'PASSES', reason: null };
    return { file, verdict: 'FAILS', reason: buckets.join('\n') };
  };
  const results: ProgramResult[] = [];
  try {
    for (const file of files) {
      signal?.throwIfAborted();
      const result = await judge(file).catch((error: unknown): ProgramResult => {
        if (!(error instanceof ProgramError)) throw error;
        return { file, verdict: 'ERROR', reason: error.message };
      });
      results.push(result);
      onResult?.(result);
    }
  } finally {
    await executor.stop();
  }
  return results;
}
