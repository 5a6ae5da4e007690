/** `--update-expectations`: what a run shows becomes known while it runs, and then stands in the file. */
import { causesOf } from '../../reports/cause.ts';
import type { CaseRecord, RunRecord } from '../../reports/record.ts';
import { isNotOk, isUnexpected } from '../../reports/unexpected.ts';
import type { Expectation } from '../expectations/expectation.ts';
import { NOT_LOOKED_INTO, type Updated, updateExpectations } from '../expectations/update-expectations.ts';

/** The case as it will be known; a fault of the harness cannot be. */
export function asRecorded(record: CaseRecord, policy: RunRecord['policy']): CaseRecord {
  if (record.outcome === 'error' || !isUnexpected(record, policy)) return record;
  return { ...record, expected: { reason: NOT_LOOKED_INTO } };
}

/** Updates the text of a file by all cases that ran. `elsewhere`: the expectations of other files. Throws `InputError`. */
export function recordCases(
  { endpoint, cases, policy }: RunRecord,
  from: { readonly text: string; readonly file: string; readonly elsewhere: readonly Expectation[] },
): Updated {
  return updateExpectations({
    ...from,
    about: 'case',
    endpoint,
    blind: policy?.excludedChecks,
    seen: cases
      .filter(({ outcome }) => outcome !== 'skip' && outcome !== 'error')
      .map((record) => ({
        where: record.id,
        outcome: record.outcome,
        causes: causesOf(record).map(({ cause }) => cause),
        counts: isNotOk(record, policy),
      })),
  });
}

/** The record as the updated file has it: all that failed is known, and what was stale is gone. */
export function withUpdate(record: RunRecord, { taken }: Updated): RunRecord {
  return {
    ...record,
    cases: record.cases.map((one) => asRecorded(one, record.policy)),
    staleExpectations: record.staleExpectations.filter(({ pattern }) => !taken.includes(pattern)),
  };
}
