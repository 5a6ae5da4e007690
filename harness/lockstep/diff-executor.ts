/**
 * An executor of a campaign that runs each program on a second target too, in lockstep. What the two do differently, and
 * nothing explains, are deviations of the first: of checks `diff/must`, `diff/should` and so on.
 */
import type { Program } from '../../generators/sequences/program.ts';
import type { CaseRecord, Deviation } from '../../reports/record.ts';
import { isJsonObject } from '../../spec/json.ts';
import type { DifferenceClass } from '../differ/difference.ts';
import { commandOf } from '../differ/side-run.ts';
import type { ProgramRunner } from '../fuzz/program-executor.ts';
import type { Execution } from '../fuzz/run-program.ts';
import type { FuzzStartState } from '../fuzz/start-states.ts';
import { programLimits } from '../time-limits.ts';
import { commonStartStates, programInput } from './diff-inputs.ts';
import { DiffRunner, type DiffRunnerOptions, type FoundDifference, isUnexplained } from './run-diff.ts';

/** Differences that are findings. */
const GRAVE: ReadonlySet<DifferenceClass> = new Set(['crash', 'hang', 'must', 'should', 'order']);

export type DiffExecutorOptions = Omit<DiffRunnerOptions, 'judge' | 'limits'>;

/** An executor for two targets. The execution is that of the left, with what it does differently as deviations. */
export class DiffExecutor implements ProgramRunner {
  readonly #runner: DiffRunner;
  readonly #startStates: readonly FuzzStartState[];

  constructor(options: DiffExecutorOptions) {
    this.#runner = new DiffRunner({ ...options, judge: null, limits: programLimits() });
    this.#startStates = commonStartStates([options.left.target, options.right.target]);
  }

  async run(program: Program, fresh = false): Promise<Execution> {
    const input = programInput('program', program, this.#startStates);
    const { record, found, snapshot } = await this.#runner.run(input, fresh);
    const steps = record.transcript?.steps ?? [];
    const nodes = snapshot?.answers.find((step) => commandOf(step) === 'query-named-block-nodes')?.reply;
    return {
      record: withDifferences(record, found),
      commands: steps.filter((step) => commandOf(step) !== undefined).length,
      graph: isJsonObject(nodes) ? (nodes.return ?? null) : null,
      reusable: true,
      images: [],
      resting: [],
    };
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }
}

function withDifferences(record: CaseRecord, found: readonly FoundDifference[]): CaseRecord {
  const grave = found.filter((one) => isUnexplained(one) && GRAVE.has(one.difference.class));
  return grave.length === 0
    ? record
    : { ...record, deviations: [...record.deviations, ...grave.map(deviation)] };
}

function deviation({ difference }: FoundDifference): Deviation {
  const { class: of, subject, path, message, left, right, step } = difference;
  return {
    check: `diff/${of}`,
    severity: of === 'should' ? 'should' : 'must',
    message: `${subject}: ${message}`,
    path,
    ...(right !== undefined && { expected: right }),
    ...(left !== undefined && { got: left }),
    ...(step !== undefined && { exchange: step - 1 }),
  };
}
