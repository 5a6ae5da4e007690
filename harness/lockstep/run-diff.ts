/**
 * `qmpcheck diff`, from two targets to a list of differences:
 *
 *   1. run cases and programs in lockstep, several at a time;
 *   2. compare; what differs is run again on fresh endpoints: what does not show each time is a matter of timing;
 *   3. where there is a judge it runs along, and says who is wrong;
 *   4. shrink the first program that shows an unexplained difference;
 *   5. hand over in the order of the inputs.
 */
import { minimize } from '../../generators/sequences/minimize.ts';
import type { Program } from '../../generators/sequences/program.ts';
import type { CaseRecord } from '../../reports/record.ts';
import { type AtFault, atFaultFor, type Judged } from '../differ/at-fault.ts';
import { type Comparison, compareRuns } from '../differ/differ.ts';
import { type Difference, excused, placeOf } from '../differ/difference.ts';
import type { SideRun } from '../differ/side-run.ts';
import type { FuzzStartState } from '../fuzz/start-states.ts';
import { inOrder } from '../runner/in-order.ts';
import { byTopology } from '../runner/run-cases.ts';
import type { RunSetting } from '../runner/run-setting.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import type { SnapshotWithContents } from '../state/snapshot-with-contents.ts';
import { commonSchema, commonStartStates, type DiffInput, programInput } from './diff-inputs.ts';
import { lockstep } from './lockstep.ts';
import { type IdentifiedTarget, Side } from './lockstep-side.ts';

export interface FoundDifference {
  readonly difference: Difference;
  readonly verdict: AtFault;
  /** Class, place and message without what differs from run to run: the same for what is the same difference. */
  readonly key: string;
  /** Why it is nobody's fault, or known; absent: nothing explains it. */
  readonly reason?: string;
}

/** Names a difference, and explains it if it can. */
export type Explain = (difference: Difference, input: DiffInput) => Pick<FoundDifference, 'key' | 'reason'>;

export interface DiffOutcome {
  readonly input: DiffInput;
  readonly found: readonly FoundDifference[];
  /** Why it was not compared: one side cannot do it; or the harness itself has failed. */
  readonly skipped?: string;
  readonly fault?: string;
  /** The smallest program that shows an unexplained difference, by its key; for those that were not seen before. */
  readonly minimal?: ReadonlyMap<string, Program>;
}

export interface DiffRunnerOptions extends Pick<RunSetting, 'seed' | 'limits' | 'signal'> {
  readonly left: IdentifiedTarget;
  readonly right: IdentifiedTarget;
  /** A third endpoint that runs along. */
  readonly judge: IdentifiedTarget | null;
  readonly explain: Explain;
  readonly area: ScratchArea;
}

export interface DiffOptions extends DiffRunnerOptions {
  readonly inputs: readonly DiffInput[];
  /** Pairs of endpoints at a time. */
  readonly workers: number;
  /** Called in the order of the inputs. */
  readonly onOutcome: (outcome: DiffOutcome) => void;
}

/** Runs of what differs, the first one included. */
const RUNS = 3;

/** Bounds for shrinking: milliseconds for one difference and for all, and programs tried for one. */
const SHRINK_MS = 8_000;
const SHRINK_ALL_MS = 60_000;
const SHRINK_TRIES = 80;

/**
 * Runs all inputs on both targets, and tells of each in order. Resolves when all are done or `signal` has ended it;
 * endpoints are stopped by then.
 */
export async function diff(options: DiffOptions): Promise<void> {
  const { inputs, workers, onOutcome, signal } = options;
  const runners = Array.from({ length: workers }, () => new DiffRunner(options));
  const seen = new Set<string>();
  try {
    await inOrder({
      items: inputs,
      workers: runners,
      work: async (runner, input): Promise<DiffOutcome> => {
        const outcome = await runner.compare(input);
        const fresh = outcome.found.filter((one) => isUnexplained(one) && !seen.has(one.key));
        for (const { key } of fresh) seen.add(key);
        return { ...outcome, minimal: await runner.shrink(input, fresh) };
      },
      emit: onOutcome,
      compare: (a, b) => byTopology(a.definition, b.definition),
      signal,
    });
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()));
  }
}

/** The sides, which run one thing at a time. */
export class DiffRunner {
  readonly #sides: readonly Side[];
  readonly #explain: Explain;
  readonly #startStates: readonly FuzzStartState[];
  /** Left for shrinking. */
  #shrinkMs = SHRINK_ALL_MS;

  constructor({ left, right, judge, explain, area, seed, limits, signal }: DiffRunnerOptions) {
    const schema = commonSchema(left, right);
    this.#explain = explain;
    this.#startStates = commonStartStates([left.target, right.target]);
    this.#sides = [left, right, ...(judge === null ? [] : [judge])].map(
      ({ target, endpointSchema, undecided, session }) => {
        const setting = { target, schema, endpointSchema, undecided, seed, limits, signal };
        return new Side(setting, area, session);
      },
    );
  }

  /** What does not differ every time is told as a matter of timing; a fault of the harness counts only if it comes again. */
  async compare(input: DiffInput): Promise<DiffOutcome> {
    let ran = await this.run(input);
    if (ran.fault !== undefined) ran = await this.run(input, true);
    const { record: _record, snapshot: _snapshot, ...first } = ran;
    let { found } = first;
    for (let run = 1; run < RUNS && found.some(isUnexplained); run += 1) {
      const again = await this.run(input, true);
      const places = new Set(again.found.map(({ difference }) => placeOf(difference)));
      found = found.map((one) => {
        if (!isUnexplained(one) || places.has(placeOf(one.difference))) return one;
        const difference = excused(one.difference, 'it does not show in every run');
        return { ...one, difference, ...this.#explain(difference, input) };
      });
    }
    return { ...first, found };
  }

  /** Each of these differences by the smallest program that still shows it. Nothing for a case. */
  async shrink(
    { where, program }: DiffInput,
    wanted: readonly FoundDifference[],
  ): Promise<Map<string, Program>> {
    const minimal = new Map<string, Program>();
    if (program === undefined) return minimal;
    for (const { key, difference } of wanted) {
      // What only words an error differently is plain as it is.
      if (difference.class === 'text' || this.#shrinkMs <= 0) continue;
      const holds = async (candidate: Program): Promise<boolean> => {
        const { found } = await this.run(programInput(where, candidate, this.#startStates), true);
        return found.some((one) => one.key === key);
      };
      const started = performance.now();
      const expired = (): boolean => performance.now() - started > Math.min(SHRINK_MS, this.#shrinkMs);
      const options = { startStates: this.#startStates, holds, tries: SHRINK_TRIES, expired };
      minimal.set(key, await minimize(program, options));
      this.#shrinkMs -= performance.now() - started;
    }
    return minimal;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sides.map((side) => side.stop()));
  }

  async run(input: DiffInput, fresh?: boolean): Promise<InputRun> {
    const { sides, skewed } = await lockstep(this.#sides, input, fresh);
    const runs = this.#sides.map(
      ({ setting }, index): SideRun => ({ ...sides[index]!, endpointSchema: setting.endpointSchema }),
    );
    const [left, right, judge] = runs as [SideRun, SideRun, SideRun?];
    const { differences, skipped, fault } = compareRuns(left, right, { skewed });
    const judged = judge === undefined ? null : judgedBy(judge, left, right, skewed);
    const found = differences.map((difference) => ({
      difference,
      verdict: atFaultFor(difference, left, right, judged),
      ...this.#explain(difference, input),
    }));
    return {
      input,
      found,
      record: left.record,
      snapshot: [...(left.snapshots?.values() ?? [])].at(-1),
      ...(skipped !== undefined && { skipped }),
      ...(fault !== undefined && { fault }),
    };
  }
}

/** A single run, with what the left side recorded and how it stood at the end. */
interface InputRun extends DiffOutcome {
  readonly record: CaseRecord;
  readonly snapshot: SnapshotWithContents | undefined;
}

/** Null if the judge cannot do it. */
function judgedBy(judge: SideRun, left: SideRun, right: SideRun, skewed: ReadonlySet<number>): Judged | null {
  const [ours, theirs] = [left, right].map((side): Comparison => compareRuns(side, judge, { skewed }));
  if ([ours!, theirs!].some(({ skipped, fault }) => (skipped ?? fault) !== undefined)) return null;
  return { left: ours!.differences, right: theirs!.differences };
}

export function isUnexplained({ reason }: FoundDifference): boolean {
  return reason === undefined;
}
