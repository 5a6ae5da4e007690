/**
 * The differ: all differences between two runs of the same case or program.
 *
 *   1. did both run: a skip compares to nothing, a crash or a hang of one side is a difference in itself;
 *   2. step by step: the exchange (`compare-steps.ts`), and what the sides hold after it (`snapshot-diff.ts`);
 *   3. where one side did what the other refused, all that follows is a consequence and not compared;
 *   4. events, as partial orders; and what the case itself thought of it.
 */
import type { CaseRecord } from '../../reports/record.ts';
import { compareSteps, wentOn } from './compare-steps.ts';
import { type Difference, excused, LATE } from './difference.ts';
import { NamePairs } from './error-texts.ts';
import { compareEvents } from './event-order.ts';
import { type SideRun, stepsOf, subjectOf } from './side-run.ts';
import { SnapshotComparison } from './snapshot-diff.ts';

/** What two runs of one input differ in. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** Why nothing was compared: one side cannot do this. */
  readonly skipped?: string;
  /** Why nothing could be compared: the harness itself has failed. */
  readonly fault?: string;
}

export interface CompareOptions {
  /** Numbers of the steps at which the sides stood differently by chance: in their jobs, or in what was in flight. */
  readonly skewed?: ReadonlySet<number>;
}

/** Compares two runs of the same input, exchange by exchange. `skewed`: numbers of exchanges at which time decides. */
export function compareRuns(left: SideRun, right: SideRun, { skewed }: CompareOptions = {}): Comparison {
  const failed = [left, right].find(({ record }) => record.outcome === 'error');
  if (failed !== undefined) return { differences: [], fault: failed.record.reason ?? 'unknown' };
  const skipped = [left, right].find(({ record }) => record.outcome === 'skip');
  if (skipped !== undefined) return { differences: [], skipped: skipped.record.reason ?? 'skipped' };
  const names = new NamePairs();
  const schemas = { left: left.endpointSchema, right: right.endpointSchema };
  const found: Difference[] = [];
  const snapshots = new SnapshotComparison(left, right);
  const steps = { left: stepsOf(left), right: stepsOf(right) };
  const both = Math.min(steps.left.length, steps.right.length);
  let until = both;
  for (let index = 0; index < both; index += 1) {
    const number = index + 1;
    const pair = { number, left: steps.left[index]!, right: steps.right[index]!, schemas, names };
    const { differences, parted } = compareSteps(pair);
    const late = skewed?.has(number) === true;
    found.push(...(late ? differences.map((one) => excused(one, LATE)) : differences));
    if (parted) {
      until = index;
      break;
    }
    snapshots.compare(pair);
  }
  const anySkew = skewed !== undefined && skewed.size > 0;
  const events = compareEvents(left, right, until, names);
  found.push(...(anySkew ? events.map((one) => excused(one, LATE)) : events));
  found.push(...snapshots.found(anySkew || events.some(isEndedEarly)));
  const whole = until === both;
  const ends = compareEnds(left.record, right.record, both);
  // What ended one side early, or made a case fail, shows in the exchanges most often.
  const explained = found.some(({ class: of }) => of !== 'timing' && of !== 'schema') || !whole;
  if (ends !== null && !(explained && ends.subject === 'outcome')) found.push(ends);
  else if (!explained && steps.left.length !== steps.right.length)
    found.push(wentOn(steps.left[both], steps.right[both], both + 1));
  return { differences: found };
}

/** A cancelled job that had done more on one side. */
function isEndedEarly({ subject, path }: Difference): boolean {
  return subject === 'event BLOCK_JOB_CANCELLED' && path === '$.data.offset';
}

/** How the two ended: a crash or hang of one, or another outcome; null if alike. */
function compareEnds(left: CaseRecord, right: CaseRecord, steps: number): Difference | null {
  if (left.outcome === right.outcome) return null;
  for (const [outcome, of] of [
    ['crash', 'crash'],
    ['timeout', 'hang'],
  ] as const) {
    if (left.outcome !== outcome && right.outcome !== outcome) continue;
    const [who, record] = left.outcome === outcome ? (['left', left] as const) : (['right', right] as const);
    const step = record.transcript?.steps.at(-1);
    return {
      class: of,
      step: steps,
      subject: step === undefined ? 'end' : subjectOf(step),
      path: '$',
      left: left.outcome,
      right: right.outcome,
      message: `${who}: ${[record.reason ?? of, ...lastWords(record)].join(': ')}`,
    };
  }
  const judged = [left, right].map(
    ({ outcome, deviations }) => `${outcome}: ${deviations[0]?.message ?? ''}`,
  );
  const [worse] = [left, right].filter(({ outcome }) => outcome !== 'pass' && outcome !== 'info');
  if (worse === undefined) return null;
  const { severity } = worse;
  return {
    class: severity === 'text' || severity === 'should' ? severity : 'must',
    subject: 'outcome',
    path: '$',
    left: judged[0]!,
    right: judged[1]!,
    message: `${worse === left ? 'left' : 'right'} ${worse.outcome}s: ${worse.deviations[0]?.message ?? ''}`,
  };
}

/** A line of stderr that says why a process ended. */
const WHY = /assert|unexpected error|sanitizer/i;

function lastWords({ process }: CaseRecord): string[] {
  const line = process?.lastWords.findLast((words) => WHY.test(words));
  return line === undefined ? [] : [line];
}
