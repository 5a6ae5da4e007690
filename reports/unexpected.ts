/**
 * What of a run is unexpected: decided here, by the policy in its record, for the exit code and for every report.
 * What an expectation or a baseline foresaw carries `expected` in its case.
 */
import {
  type CaseRecord,
  type Deviation,
  LEVELS,
  type Outcome,
  type Policy,
  type RunRecord,
} from './record.ts';

/** The policy of a record that names none. */
export const DEFAULT_POLICY: Policy = { level: 'must', strictExpectations: false };

const BROKEN: ReadonlySet<Outcome> = new Set<Outcome>(['fail', 'crash', 'timeout', 'error']);

/** Whether a deviation of this case is of a level whose breach fails the run. */
export function isBreach(
  { severity }: Deviation,
  { outcome }: CaseRecord,
  { level }: Policy = DEFAULT_POLICY,
): boolean {
  const reaches = severity !== 'text' && LEVELS.indexOf(severity) <= LEVELS.indexOf(level);
  if (BROKEN.has(outcome)) return reaches;
  // What is broken and yet made the case no worse is what an observation contradicts.
  return reaches && (severity === 'should' ? outcome === 'warn' : severity === 'may' && isTold(outcome));
}

function isTold(outcome: Outcome): boolean {
  return outcome === 'warn' || outcome === 'info';
}

/** `not ok` in TAP's sense, foreseen or not. */
export function isNotOk(one: CaseRecord, policy?: Policy): boolean {
  if (BROKEN.has(one.outcome) || (one.outcome === 'flaky' && policy?.failOnFlaky === true)) return true;
  return one.deviations.some((deviation) => isBreach(deviation, one, policy));
}

/** Not ok, and foreseen by nobody. A fault of the harness cannot be foreseen. */
export function isUnexpected(one: CaseRecord, policy?: Policy): boolean {
  return isNotOk(one, policy) && (one.expected === undefined || one.outcome === 'error');
}

/** Not ok, as somebody foresaw. */
export function isForeseen(one: CaseRecord, policy?: Policy): boolean {
  return isNotOk(one, policy) && !isUnexpected(one, policy);
}

/** The expectations that no longer apply, where that fails the run. */
export function unexpectedlyStale({ staleExpectations, policy }: RunRecord): RunRecord['staleExpectations'] {
  return policy?.strictExpectations === true ? staleExpectations : [];
}

/** How much of the run nobody foresaw, cases and expectations that no longer apply: 0 if and only if it did not fail. */
export function countUnexpected(record: RunRecord): number {
  const cases = record.cases.filter((one) => isUnexpected(one, record.policy));
  return cases.length + unexpectedlyStale(record).length;
}
