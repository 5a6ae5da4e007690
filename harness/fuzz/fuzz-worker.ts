/** Who runs the programs of a campaign: in this thread, or in one of its own (`cli/fuzz-thread.ts`). Jobs are plain data. */
import { decode, encode } from '../../generators/sequences/encoding.ts';
import type { CaseRecord } from '../../reports/record.ts';
import type { NormaliseText } from '../expectations/normalise-text.ts';
import { type MatchRule, type Symptom, symptomsOf } from './buckets.ts';
import { featuresOf } from './features.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import type { ProgramRunner } from './program-executor.ts';
import { DEFAULT_LIMITS, type Limits, triage } from './triage.ts';

/** What running a program has shown, as plain data that can cross a thread. */
export interface RunAnswer {
  readonly features: readonly string[];
  readonly symptoms: readonly Symptom[];
  readonly commands: number;
  /** The harness's own fault, or that of the program. */
  readonly error?: string;
}

/** What triage has made of a symptom, as plain data that can cross a thread. */
export interface FindingAnswer {
  readonly symptom: Symptom;
  /** Text of the minimal program. */
  readonly program: string;
  readonly runs: number;
  readonly held: number;
  readonly record: CaseRecord;
}

/** Runs programs one at a time. Methods never overlap. */
export interface FuzzWorker {
  /** Runs a program, given as text. */
  run(program: string): Promise<RunAnswer>;
  /** Null if it does not do it again. */
  triage(program: string, symptom: Symptom): Promise<FindingAnswer | null>;
  stop(): Promise<void>;
}

export interface LocalWorkerOptions {
  readonly executor: ProgramRunner;
  readonly config: FuzzConfig;
  readonly normaliseText: NormaliseText;
  readonly rule?: MatchRule;
  readonly limits?: Limits;
}

/** A worker in this thread. What the harness itself does wrong becomes `error` of an answer. */
export function localWorker({
  executor,
  config,
  normaliseText,
  rule,
  limits = DEFAULT_LIMITS,
}: LocalWorkerOptions): FuzzWorker {
  return {
    run: async (text) => {
      try {
        const execution = await executor.run(decode(text));
        const { outcome, reason } = execution.record;
        return {
          features: featuresOf(execution, normaliseText),
          symptoms: symptomsOf(execution.record, normaliseText),
          commands: execution.commands,
          ...(outcome === 'error' && { error: reason ?? 'unknown' }),
        };
      } catch (error) {
        // An endpoint that does not come up, or time that a busy machine did not have: the campaign goes on.
        return { features: [], symptoms: [], commands: 0, error: String(error) };
      }
    },
    triage: async (text, symptom) => {
      const found = await triage(decode(text), symptom, executor, config, normaliseText, rule, limits);
      return found && { ...found, program: encode(found.program) };
    },
    stop: () => executor.stop(),
  };
}
