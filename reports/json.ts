/**
 * `json`: the run record as one JSON document, integers exact, with the causes of what fails the run. Its schema is
 * `docs/record.schema.json`.
 */
import { type Json, stringifyJson } from '../spec/json.ts';
import { unexpectedCauses } from './causes.ts';
import type { RunRecord } from './record.ts';
import type { ReporterFactory } from './reporter.ts';

export const json: ReporterFactory = ({ out }) => ({
  end(record) {
    out(recordJson(record));
  },
});

/** The text of a result file. */
export function recordJson(record: RunRecord): string {
  const causes = unexpectedCauses(record).map(({ cause, cases }) => ({
    ...cause,
    cases: cases.map((one) => one.record.id),
  }));
  const { causes: _derived, ...rest } = record;
  // A record is JSON by construction; its readonly interfaces only lack the index signature.
  const value = { ...rest, ...(causes.length > 0 && { causes }) } as unknown as Json;
  return `${stringifyJson(value, 2)}\n`;
}
