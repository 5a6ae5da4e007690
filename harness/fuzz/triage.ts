/**
 * From a symptom to a finding: run the program again on fresh endpoints to see how often it does it, then shrink it,
 * both in bounded time.
 */
import { minimize } from '../../generators/sequences/minimize.ts';
import type { Program } from '../../generators/sequences/program.ts';
import type { NormaliseText } from '../../reports/normalise-text.ts';
import type { CaseRecord, Deviation } from '../../reports/record.ts';
import { deviationShown, type MatchRule, matches, type Symptom, symptomsOf, toldBy } from './buckets.ts';
import type { StackTaker } from './crash-stack.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import { ROUNDS } from './leak-detector.ts';
import { isLeak } from './post-run-checks.ts';
import type { ProgramRunner } from './program-executor.ts';

export interface Triaged {
  readonly symptom: Symptom;
  /** What the symptom is in `record`, unless it is a crash or a hang. */
  readonly deviation?: Deviation;
  /** Of a crash, where it can be had: `crash-stack.ts`. */
  readonly stack?: readonly string[];
  /** Minimal. */
  readonly program: Program;
  /** How many runs on fresh endpoints there were, and how many showed it. */
  readonly runs: number;
  readonly held: number;
  /** The record of the last run that showed it. */
  readonly record: CaseRecord;
}

/** How much triage may spend on one symptom. */
export interface TriageBudget {
  /** Runs to confirm. */
  readonly runs: number;
  /** Programs tried to shrink it, and to shrink a hang, of which each try takes seconds. */
  readonly tries: number;
  readonly hangTries: number;
  readonly milliseconds: number;
  /** When a campaign by time ends, its grace included, as `Date.now()` tells the time. Absent: it does not. */
  readonly until?: number;
}

/** How much longer than its time a campaign may begin runs that confirm or shrink what it has seen, milliseconds. */
export const GRACE_MS = 5_000;

/** Time was up before it was known whether a symptom shows again. */
export const UNFINISHED = { unfinished: true } as const;
/** The answer of triage that had no time. */
export type Unfinished = typeof UNFINISHED;

/** The budget in a campaign by time. */
export const DEFAULT_BUDGET: TriageBudget = { runs: 3, tries: 400, hangTries: 400, milliseconds: 30_000 };
/** The budget in a campaign by commands: the same on a fast machine and a slow one. */
export const COUNTED_BUDGET: TriageBudget = {
  ...DEFAULT_BUDGET,
  hangTries: 120,
  milliseconds: Number.POSITIVE_INFINITY,
};

/** More runs than this are not spent on one candidate of a finding that shows only sometimes. */
const MOST_RUNS = 3;

/** Growth is seen only after many rounds of a program. */
export function roundsFor(symptom: Symptom): number {
  return isLeak(symptom) ? ROUNDS : 1;
}

/** What triage works with, the same for all symptoms of a campaign. */
export interface TriageOptions {
  readonly executor: ProgramRunner;
  readonly config: FuzzConfig;
  readonly normaliseText: NormaliseText;
  /** Default: `bucket`. */
  readonly rule?: MatchRule | undefined;
  readonly budget?: TriageBudget | undefined;
  /** Default: no crash has a stack. */
  readonly stackOf?: StackTaker | undefined;
}

/**
 * Null if no run showed it again, or a deviation not each of them. When time is up, a crash or hang that was shown is given
 * as far as it has come.
 */
export async function triage(
  program: Program,
  symptom: Symptom,
  { executor, config, normaliseText, rule = 'bucket', budget = DEFAULT_BUDGET, stackOf }: TriageOptions,
): Promise<Triaged | Unfinished | null> {
  // What was in flight when a silent crash or a hang came is chance: the signal must be the same, or that it hangs.
  const used = symptom.silent === true ? 'signal' : rule;
  let shown: CaseRecord | null = null;
  const shows = async (candidate: Program): Promise<boolean> => {
    const ran = await executor.run(candidate, true, roundsFor(symptom)).catch(() => null);
    if (ran === null) return false;
    const { record } = ran;
    if (!matches(symptom, symptomsOf(record, normaliseText), used)) return false;
    shown = record;
    return true;
  };
  const isLate = (): boolean => budget.until !== undefined && Date.now() >= budget.until;
  let [held, runs] = [0, 0];
  for (; runs < budget.runs && !isLate(); runs += 1) if (await shows(program)) held += 1;
  if (runs < budget.runs && (held === 0 || symptom.kind === 'deviation')) return UNFINISHED;
  // What a job does by itself may fall between two looks at the state: such a deviation counts only if it is stable.
  if (held === 0 || (symptom.kind === 'deviation' && held < runs)) return null;
  const repeats = held === runs ? 1 : MOST_RUNS;
  const holds = async (candidate: Program): Promise<boolean> => {
    for (let run = 0; run < repeats; run += 1) if (await shows(candidate)) return true;
    return false;
  };
  const deadline = performance.now() + budget.milliseconds;
  const expired = (): boolean => performance.now() > deadline || isLate();
  const tries = symptom.kind === 'hang' ? budget.hangTries : budget.tries;
  const { startStates } = config;
  const minimal = await minimize(program, { startStates, holds, tries, expired });
  const last = minimal.steps.at(-1);
  const record: CaseRecord = shown!;
  const told =
    symptom.silent === true && last?.kind === 'call'
      ? toldBy(symptom, last.command, record, normaliseText)
      : symptom;
  const stack = symptom.kind === 'crash' && !isLate() ? await stackOf?.(minimal) : null;
  const deviation = deviationShown(symptom, record, normaliseText);
  return {
    symptom: told,
    ...(deviation && { deviation }),
    ...(stack && { stack }),
    program: minimal,
    runs,
    held,
    record,
  };
}
