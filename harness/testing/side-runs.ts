/** Records for tests of what differs. */
import type { CaseRecord, TranscriptStep } from '../../reports/record.ts';

/** Makes the record of a case that passed with these exchanges. */
export function passed(steps: readonly TranscriptStep[]): CaseRecord {
  return {
    id: 'case',
    title: 'a case',
    requirements: [],
    outcome: 'pass',
    durationMs: 1,
    deviations: [],
    transcript: { name: 'case', endpoint: 'x', argv: [], setup: [], steps },
  };
}
