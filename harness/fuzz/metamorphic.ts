/**
 * Metamorphic relations: a program and another made of it must come to the same, whatever the right answer is. They need
 * no model of what commands do. Programs in which time decides something are left alone.
 */
import { type Call, type Program, type Step, symbolsOf } from '../../generators/sequences/program.ts';
import { madeBy } from '../../generators/sequences/resources.ts';
import type { TranscriptStep } from '../../reports/record.ts';
import { actionsOf, effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { compareRuns } from '../differ/differ.ts';
import { answerOf } from '../differ/side-run.ts';
import type { CampaignCheck } from './fuzz-defaults.ts';
import type { PostRunDeviation } from './post-run-checks.ts';
import type { Execution } from './run-program.ts';

/** A relation: which steps of a program, in which order, must come to the same. */
export interface Relation {
  readonly check: CampaignCheck;
  /** For people: what was done to the program. */
  readonly change: string;
  /** Indexes of the steps that are run; null: it says nothing of this program. */
  steps(program: Program, replies: ReadonlyMap<number, TranscriptStep>): readonly number[] | null;
}

/** Classes of differences that time does not make. */
const COUNTED: ReadonlySet<string> = new Set(['crash', 'hang', 'must', 'should']);

const refusedLeftOut: Relation = {
  check: 'metamorphic/refused-left-out',
  change: 'with its refused commands left out',
  steps({ steps }, replies) {
    const kept = steps.flatMap((_, index) => (isRefused(replies.get(index)) ? [] : [index]));
    return kept.length === steps.length ? null : kept;
  },
};

const unrelatedSwapped: Relation = {
  check: 'metamorphic/unrelated-swapped',
  change: 'with two commands on unrelated nodes swapped',
  steps({ steps }, replies) {
    const group = groupsOf(steps);
    const mayMove = (index: number): boolean => {
      const step = steps[index];
      return step?.kind === 'call' && group[index] !== null && !isRefused(replies.get(index));
    };
    const first = steps.findIndex(
      (_, index) => mayMove(index) && mayMove(index + 1) && group[index] !== group[index + 1],
    );
    if (first < 0) return null;
    const order = steps.map((_, index) => index);
    order.splice(first, 2, first + 1, first);
    return order;
  },
};

/** All relations. */
export const RELATIONS: readonly Relation[] = [refusedLeftOut, unrelatedSwapped];

/** Whether nothing but its commands decides what a program comes to. */
export function isTimeless({ steps }: Program): boolean {
  return steps.every(
    (step) =>
      step.kind === 'call' &&
      step.monitor === 0 &&
      !step.pipelined &&
      effectsOf(step.command).disruptive === undefined &&
      !startsJob(step),
  );
}

function startsJob(call: Call): boolean {
  return actionsOf(call).some(({ command }) => effectsOf(command).job !== undefined);
}

/** The program of these steps. */
export function programOf({ startState, steps }: Program, order: readonly number[]): Program {
  return { startState, steps: order.map((index) => steps[index]!) };
}

/** Exchanges by the index of the step that sent them. */
export function repliesOf({ record }: Execution): ReadonlyMap<number, TranscriptStep> {
  const replies = new Map<number, TranscriptStep>();
  for (const step of record.transcript?.steps ?? [])
    if (isJsonObject(step.send) && typeof step.send.id === 'number') replies.set(step.send.id, step);
  return replies;
}

/** What the two executions differ in, where the second is that of `order`. */
export function breachesOf(
  relation: Relation,
  order: readonly number[],
  [whole, other]: readonly [Execution, Execution],
  endpointSchema: Schema,
): PostRunDeviation[] {
  const [ours, theirs] = [repliesOf(whole), repliesOf(other)];
  const pairs = order.flatMap((index, place) => {
    const [left, right] = [ours.get(index), theirs.get(place)];
    return left === undefined || right === undefined ? [] : [{ left, right }];
  });
  const side = ({ record, graph }: Execution, steps: readonly TranscriptStep[]) => ({
    endpointSchema,
    record: {
      ...record,
      transcript: { ...record.transcript!, steps: [...steps.map(withoutId), graphStep(graph)] },
    },
  });
  const { differences } = compareRuns(
    side(
      whole,
      pairs.map(({ left }) => left),
    ),
    side(
      other,
      pairs.map(({ right }) => right),
    ),
  );
  const [difference] = differences.filter((one) => COUNTED.has(one.class) && one.excuse === undefined);
  if (difference === undefined) return [];
  const { subject, message, left, right } = difference;
  return [
    {
      check: relation.check,
      severity: 'must',
      message: `${subject}: as it is (left), and ${relation.change} (right): ${message}`,
      ...(left !== undefined && { expected: left }),
      ...(right !== undefined && { got: right }),
    },
  ];
}

function isRefused(step: TranscriptStep | undefined): boolean {
  return step !== undefined && answerOf(step) === 'error';
}

/** What is there before the first step: one group, as nobody tells how it hangs together. */
const GROUND = 'ground';

/** Steps that share symbols, directly or by others that do, have the same group; null where there is no symbol. */
function groupsOf(steps: readonly Step[]): (string | null)[] {
  const made = new Set(steps.flatMap(madeBy));
  const ground = steps.flatMap(symbolsOf).filter((symbol) => !made.has(symbol));
  const parents = new Map(ground.map((symbol) => [symbol, GROUND]));
  const root = (symbol: string): string => {
    const parent = parents.get(symbol) ?? symbol;
    return parent === symbol ? symbol : root(parent);
  };
  for (const step of steps) {
    const [first, ...others] = symbolsOf(step);
    for (const other of others) parents.set(root(other), root(first!));
  }
  return steps.map((step) => {
    const [first] = symbolsOf(step);
    return first === undefined ? null : root(first);
  });
}

/** Ids are positions in the program, and the two have other ones. */
function withoutId(step: TranscriptStep): TranscriptStep {
  const strip = (message: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(message).filter(([member]) => member !== 'id'));
  const { send, reply } = step;
  return {
    ...step,
    ...(isJsonObject(send) && { send: strip(send) }),
    ...(isJsonObject(reply) && { reply: strip(reply) }),
  };
}

function graphStep(graph: Json | null): TranscriptStep {
  return { send: { execute: 'query-named-block-nodes' }, reply: { return: graph ?? [] } };
}
