/** Who runs the programs of a campaign: in this thread, or in one of its own (`thread.ts`). Jobs are plain data. */
import { decode, encode } from '../../generators/sequences/encoding.ts';
import type { CaseRecord } from '../../reports/record.ts';
import { type MatchRule, type Symptom, symptomsOf } from './buckets.ts';
import { featuresOf } from './features.ts';
import type { FuzzSetting } from './fuzz-config.ts';
import type { Abstract } from './normalise-text.ts';
import type { ProgramRunner } from './program-executor.ts';
import { DEFAULT_LIMITS, investigate, type Limits } from './triage.ts';

export interface RunAnswer {
  readonly features: readonly string[];
  readonly symptoms: readonly Symptom[];
  readonly commands: number;
  /** The harness's own fault, or that of the program. */
  readonly error?: string;
}

export interface FindingAnswer {
  readonly symptom: Symptom;
  /** Text of the minimal program. */
  readonly program: string;
  readonly runs: number;
  readonly held: number;
  readonly record: CaseRecord;
}

export interface Hand {
  /** Runs a program, given as text. */
  run(program: string): Promise<RunAnswer>;
  /** Null if it does not do it again. */
  investigate(program: string, symptom: Symptom): Promise<FindingAnswer | null>;
  stop(): Promise<void>;
}

export interface HandOptions {
  readonly lane: ProgramRunner;
  readonly setting: FuzzSetting;
  readonly abstract: Abstract;
  readonly rule?: MatchRule;
  readonly limits?: Limits;
}

export function localHand({ lane, setting, abstract, rule, limits = DEFAULT_LIMITS }: HandOptions): Hand {
  return {
    run: async (text) => {
      try {
        const execution = await lane.run(decode(text));
        const { outcome, reason } = execution.record;
        return {
          features: featuresOf(execution, abstract),
          symptoms: symptomsOf(execution.record, abstract),
          commands: execution.commands,
          ...(outcome === 'error' && { error: reason ?? 'unknown' }),
        };
      } catch (error) {
        // An endpoint that does not come up, or time that a busy machine did not have: the campaign goes on.
        return { features: [], symptoms: [], commands: 0, error: String(error) };
      }
    },
    investigate: async (text, symptom) => {
      const found = await investigate(decode(text), symptom, lane, setting, abstract, rule, limits);
      return found && { ...found, program: encode(found.program) };
    },
    stop: () => lane.stop(),
  };
}
