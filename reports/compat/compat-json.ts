/** The report for machines: all but transcripts, which the records hold. */
import { type Json, stringifyJson } from '../../spec/json.ts';
import { type Compatibility, REPORT_VERSION } from './compat-model.ts';

/** The report as JSON text, with `REPORT_VERSION`, for scripts. */
export function jsonReport(report: Compatibility): string {
  const cases = report.cases.map(({ results, ...one }) => ({
    ...one,
    results: results.map((result) => {
      if (result === null) return null;
      const { outcome, severity, reason, expected, deviations } = result;
      return {
        outcome,
        ...(severity !== undefined && { severity }),
        ...(reason !== undefined && { reason }),
        ...(expected && { expected }),
        deviations,
      };
    }),
  }));
  const causes = report.causes.map(({ key: _key, cause, cases: shown, ...one }) => ({
    ...cause,
    ...one,
    cases: shown.map(({ record, endpoint }) => ({ id: record.id, endpoint })),
  }));
  // `undefined` in the timeline says that even the owner is not there; JSON has no word for it
  const timeline = report.drift.timeline.map(({ states, ...point }) => ({
    ...point,
    states: states.map((state) => state ?? null),
  }));
  const value = {
    reportVersion: REPORT_VERSION,
    ...report,
    cases,
    causes,
    drift: { ...report.drift, timeline },
  };
  return `${stringifyJson(value as unknown as Json, 2)}\n`;
}
