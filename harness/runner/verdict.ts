/** The exit code of a run, from its record. */
import type { CaseRecord, RunRecord, Severity } from '../../reports/record.ts';

export interface VerdictOptions {
  /** The lowest level whose breach fails the run; default must. */
  readonly level?: 'must' | 'should' | 'may';
  /** Deviations that this earlier record has too do not count. */
  readonly baseline?: RunRecord;
  /** A stale expectation fails the run. */
  readonly strictExpectations?: boolean;
}

const LEVELS: readonly Severity[] = ['must', 'should', 'may'];

/** 0 nothing unexpected, 1 deviations, 2 the harness was at fault, 130 interrupted. */
export function exitCode(record: RunRecord, options: VerdictOptions = {}): 0 | 1 | 2 | 130 {
  if (record.interrupted) return 130;
  if (record.cases.some(({ outcome }) => outcome === 'error')) return 2;
  if (options.strictExpectations && record.staleExpectations.length > 0) return 1;
  return record.cases.some((one) => isUnexpected(one, options)) ? 1 : 0;
}

/** Whether this case fails the run. */
export function isUnexpected(one: CaseRecord, { level = 'must', baseline }: VerdictOptions = {}): boolean {
  if (one.expected !== undefined) return false;
  const breaks =
    one.outcome === 'crash' ||
    one.outcome === 'timeout' ||
    one.outcome === 'fail' ||
    ((one.outcome === 'warn' || one.outcome === 'info') &&
      one.deviations.some(({ severity }) => severity !== 'must' && reaches(severity, level)));
  return breaks && !knownIn(one, baseline);
}

/** The case as one that was foreseen, if it fails as it did in the baseline: reports are not to tell of it as new. */
export function asInBaseline(one: CaseRecord, baseline: RunRecord | undefined): CaseRecord {
  const foreseen = one.expected === undefined && isUnexpected(one) && knownIn(one, baseline);
  return foreseen ? { ...one, expected: { reason: 'as in the baseline' } } : one;
}

function reaches(severity: Severity, level: Severity): boolean {
  const rank = LEVELS.indexOf(severity);
  return rank !== -1 && rank <= LEVELS.indexOf(level);
}

function knownIn(one: CaseRecord, baseline: RunRecord | undefined): boolean {
  const before = baseline?.cases.find(({ id }) => id === one.id);
  if (before === undefined || before.outcome !== one.outcome) return false;
  const known = new Set(before.deviations.map(keyOf));
  return one.deviations.every((deviation) => known.has(keyOf(deviation)));
}

/** What makes two deviations the same in two runs: not the values, which may hold names and times. */
function keyOf({ check, path, severity }: CaseRecord['deviations'][number]): string {
  return `${check} ${severity} ${path ?? ''}`;
}
