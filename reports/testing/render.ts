/** Runs a report format over a finished record, as the runner would have driven it. */
import type { RunRecord } from '../record.ts';
import type { ReporterContext, ReporterFactory } from '../reporter.ts';

export function render(
  factory: ReporterFactory,
  record: RunRecord,
  context: Partial<Omit<ReporterContext, 'out'>> = {},
): string {
  const written: string[] = [];
  const reporter = factory({ out: (text) => written.push(text), color: false, columns: 0, ...context });
  const { endpoint, seed, cases, policy } = record;
  reporter.start?.({ endpoint, seed, planned: cases.length, policy });
  for (const one of record.cases) reporter.caseEnd?.(one);
  reporter.end(record);
  return written.join('');
}
