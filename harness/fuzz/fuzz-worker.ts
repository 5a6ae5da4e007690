/** Who runs the programs of a campaign: in this thread, or in one of its own (`cli/fuzz-thread.ts`). Jobs are plain data. */
import { decode, encode } from '../../generators/sequences/encoding.ts';
import type { CaseRecord, Deviation } from '../../reports/record.ts';
import { EndpointAway } from '../runner/run-on-pool.ts';
import { type Symptom, symptomsOf } from './buckets.ts';
import { featuresOf } from './features.ts';
import { type TriageOptions, triage, type Unfinished } from './triage.ts';

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
  /** What the symptom is, unless it is a crash or a hang. */
  readonly deviation?: Deviation;
  /** Of a crash: frames, the innermost first. */
  readonly stack?: readonly string[];
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
  triage(program: string, symptom: Symptom): Promise<FindingAnswer | Unfinished | null>;
  stop(): Promise<void>;
}

export interface LocalWorkerOptions extends TriageOptions {
  /** Hears that the endpoint, which is not ours to start, cannot be reached any more. */
  readonly onAway?: ((message: string) => void) | undefined;
}

/** A worker in this thread. What the harness itself does wrong becomes `error` of an answer. */
export function localWorker(options: LocalWorkerOptions): FuzzWorker {
  const { executor, normaliseText } = options;
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
        if (error instanceof EndpointAway) options.onAway?.(error.message);
        // An endpoint that does not come up, or time that a busy machine did not have: the campaign goes on.
        return { features: [], symptoms: [], commands: 0, error: String(error) };
      }
    },
    triage: async (text, symptom) => {
      const found = await triage(decode(text), symptom, options);
      return found === null || 'unfinished' in found ? found : { ...found, program: encode(found.program) };
    },
    stop: () => executor.stop(),
  };
}
