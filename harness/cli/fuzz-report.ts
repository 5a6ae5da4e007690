/** What is told of a campaign's findings: the status, reports in the formats of `qmpcheck run`, expectations. */
import type { Invocation } from '../../reports/record.ts';
import type { Reporter } from '../../reports/reporter.ts';
import { printable } from '../../reports/text.ts';
import type { Expectation } from '../expectations/expectation.ts';
import { campaignRecord } from '../fuzz/campaign-report.ts';
import { statusLines } from '../fuzz/campaign-status.ts';
import { recordFindings } from '../fuzz/recorded-findings.ts';
import { finishAll } from '../output-file.ts';
import { type ExpectationsUpdate, openUpdate, updateFrom } from './expectation-options.ts';
import { openReporters, type ReporterSpec } from './reporters.ts';

/** What the options say. */
export interface CampaignOutputOptions {
  readonly reporter: readonly ReporterSpec[];
  readonly updateExpectations?: string;
}

/** The files of a campaign's end, which have been seen to be writable. */
export interface CampaignOutput {
  readonly update: ExpectationsUpdate | undefined;
  /**
   * Tells of the campaign in a folder. `expectations`: what is known already, and is not written down again. Throws
   * `OutputError`, `NoCampaign` where there is none.
   */
  tell(folder: string, expectations: readonly Expectation[]): void;
}

/** Throws `OutputError` for a file that cannot be written, and what `openUpdate` throws. */
export function openCampaignOutput(options: CampaignOutputOptions, invocation: Invocation): CampaignOutput {
  const { reporter: specs, updateExpectations } = options;
  const update = openUpdate(updateExpectations);
  const output = specs.length === 0 ? null : openReporters(specs, process.stdout);
  // A report may take the place of the status.
  const hasStatus = specs.every(({ file }) => file !== undefined);
  return {
    update,
    tell: (folder, expectations) => {
      if (hasStatus)
        process.stdout.write(
          statusLines(folder)
            .map((line) => `${printable(line)}\n`)
            .join(''),
        );
      if (output !== null) report(folder, output.reporters, invocation);
      update?.output.write(recordFindings(folder, updateFrom(update, expectations)).text);
      finishAll([output, update?.output].filter((file) => file != null));
    },
  };
}

function report(folder: string, reporters: readonly Reporter[], invocation: Invocation): void {
  const record = campaignRecord(folder, invocation);
  const { endpoint, seed, cases } = record;
  for (const reporter of reporters) {
    reporter.start?.({ endpoint, seed, planned: cases.length, invocation });
    for (const one of cases) reporter.caseEnd?.(one);
    reporter.end(record);
  }
}
