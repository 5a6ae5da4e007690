/**
 * Who is wrong where two differ: what a side's own case or checks hold against it is the spec's word; else a third
 * endpoint may agree with one of them.
 */
import type { Deviation } from '../../reports/record.ts';
import { type Difference, placeOf } from './difference.ts';
import type { SideRun } from './side-run.ts';

/** Who is wrong about a difference. */
export interface AtFault {
  /** `neither`: the spec is silent, and no judge tells them apart. */
  readonly wrong: 'left' | 'right' | 'both' | 'neither';
  /** Who says so. */
  readonly by: 'spec' | 'judge' | null;
  /** What the spec's case or check says. */
  readonly why?: string;
}

/** Differences of each side from the judge. */
export interface Judged {
  readonly left: readonly Difference[];
  readonly right: readonly Difference[];
}

/** Asks the spec first, then the judge; `judged` is null without one. */
export function atFaultFor(
  difference: Difference,
  left: SideRun,
  right: SideRun,
  judged: Judged | null,
): AtFault {
  const [ours, theirs] = [left, right].map((side) => breachOf(side, difference.step));
  if (ours !== undefined || theirs !== undefined)
    return {
      wrong: ours === undefined ? 'right' : theirs === undefined ? 'left' : 'both',
      by: 'spec',
      why: (ours ?? theirs)!.message,
    };
  if (judged === null || !binding(difference)) return { wrong: 'neither', by: null };
  const place = placeOf(difference);
  const differs = (found: readonly Difference[]): boolean => found.some((one) => placeOf(one) === place);
  const [left2, right2] = [differs(judged.left), differs(judged.right)];
  if (!left2 && !right2) return { wrong: 'neither', by: null };
  return { wrong: left2 ? (right2 ? 'both' : 'left') : 'right', by: 'judge' };
}

/** Texts, order between sources and detail are left open by the spec: that a judge has it one way proves nothing. */
function binding({ class: of }: Difference): boolean {
  return of === 'must' || of === 'crash' || of === 'hang';
}

/** What the case or a check held against the side at this step, or anywhere if the difference has none. */
function breachOf({ record }: SideRun, step: number | undefined): Deviation | undefined {
  return record.deviations.find(
    ({ severity, exchange }) =>
      (severity === 'must' || severity === 'should') &&
      (step === undefined || exchange === undefined || exchange === step - 1),
  );
}

/** For people. `judge`: its name. */
export function tellAtFault({ wrong, by, why }: AtFault, judge: string | null): string {
  if (by === null) return 'the spec is silent';
  const who = wrong === 'both' ? 'both are' : `${wrong} is`;
  return by === 'spec' ? `${who} wrong by the spec: ${why}` : `${who} wrong: ${judge} does it otherwise`;
}
