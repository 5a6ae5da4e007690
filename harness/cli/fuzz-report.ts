/** Reports on what a campaign has found, in the formats of `qmpcheck run`. */
import type { Invocation } from '../../reports/record.ts';
import { campaignRecord } from '../fuzz/campaign-report.ts';
import { openReporters, type ReporterSpec } from './reporters.ts';

/** Throws `OutputError` as `openReporters`, `NoCampaign` where there is none. */
export function reportCampaign(out: string, specs: readonly ReporterSpec[], invocation: Invocation): void {
  if (specs.length === 0) return;
  const record = campaignRecord(out, invocation);
  const output = openReporters(specs, process.stdout);
  try {
    const { endpoint, seed, cases } = record;
    for (const reporter of output.reporters) {
      reporter.start?.({ endpoint, seed, planned: cases.length, invocation });
      for (const one of cases) reporter.caseEnd?.(one);
      reporter.end(record);
    }
    output.finish();
  } finally {
    output.discard();
  }
}
