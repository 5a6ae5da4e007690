/** `--update-expectations` of a campaign: its findings as expectations, so that the next one is silent about them. */
import { type Updated, updateExpectations } from '../expectations/update-expectations.ts';
import { deviationOf } from './buckets.ts';
import { findingsBelow, readFinding } from './findings.ts';

/**
 * Updates the text of a file by the findings in a campaign's folder. Findings of `--diff` are left out, as they are about
 * two endpoints. Throws `InputError`.
 */
export function recordFindings(
  out: string,
  from: Pick<Parameters<typeof updateExpectations>[0], 'text' | 'file' | 'elsewhere'>,
): Updated {
  const findings = findingsBelow(out).map((folder) => readFinding(folder).finding);
  const start: Updated = { text: from.text, expectations: [], taken: [] };
  return findings
    .filter(({ diff }) => diff === undefined)
    .reduce(
      (before, { symptom: { bucket }, target, version }) =>
        updateExpectations({
          ...from,
          text: before.text,
          about: 'finding',
          endpoint: { target, version },
          seen: [{ where: '', causes: [deviationOf(bucket)], printed: bucket, counts: true }],
        }),
      start,
    );
}
