/** From deviations to an outcome, and how much each counts. One place for both. */
import type { Deviation, Outcome, Severity } from '../../reports/record.ts';
import type { Requirement } from '../../spec/requirements/index.ts';

/** Worst first. */
const SEVERITIES: readonly Severity[] = ['must', 'should', 'may', 'text'];

const OUTCOME_OF: Readonly<Record<Severity, Outcome>> = {
  must: 'fail',
  should: 'warn',
  may: 'info',
  text: 'warn',
};

export function worstSeverity(deviations: readonly Deviation[]): Severity | undefined {
  return SEVERITIES.find((severity) => deviations.some((deviation) => deviation.severity === severity));
}

type Requirements = Readonly<Record<string, Pick<Requirement, 'contradictedBy'>>>;

/**
 * Gives the deviations that make a case fail or warn. Where an observation contradicts the requirement that a deviation
 * names, what the case itself found is information. All others count: what a check found, and what names no requirement,
 * whatever else the case is about.
 */
export function countingDeviations(
  deviations: readonly Deviation[],
  requirements: Requirements,
): readonly Deviation[] {
  return deviations.filter(
    ({ check, requirement }) =>
      check !== 'case' ||
      requirement === undefined ||
      requirements[requirement]?.contradictedBy === undefined,
  );
}

/** The outcome of a case that ran to its end, whose requirements are these. */
export function judge(deviations: readonly Deviation[], requirements: Requirements): Outcome {
  const worst = worstSeverity(countingDeviations(deviations, requirements));
  if (worst !== undefined) return OUTCOME_OF[worst];
  return deviations.length > 0 ? 'info' : 'pass';
}

export function noTotals(): Record<Outcome, number> {
  return { pass: 0, fail: 0, warn: 0, info: 0, skip: 0, error: 0, crash: 0, timeout: 0, flaky: 0 };
}
