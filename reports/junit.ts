/**
 * `junit`: the XML that CI servers read. A suite is a theme; crash and timeout are failures of the endpoint,
 * `error` is the harness's own. A foreseen deviation is skipped, since JUnit has no word for it. With strict expectations
 * a suite of its own fails for each that no longer applies.
 */
import builders, { type Builder, type TestSuite } from 'junit-report-builder';
import { diagnose } from './diagnosis.ts';
import { labelledLines } from './lines.ts';
import { themeOf } from './outcome.ts';
import type { CaseRecord, RunRecord } from './record.ts';
import type { ReporterFactory } from './reporter.ts';
import { clip, printable } from './text.ts';
import { isUnexpected, unexpectedlyStale } from './unexpected.ts';

/** The package is CommonJS: its types put the builder one `default` deeper than Node does. */
const JUNIT = builders as unknown as Builder;

export const junit: ReporterFactory = ({ out }) => ({
  end(record) {
    out(`${document(record)}\n`);
  },
});

function document(record: RunRecord): string {
  const builder = JUNIT.newBuilder().name(line(`qmpcheck ${record.endpoint.target}`));
  const suites = new Map<string, TestSuite>();
  for (const one of record.cases) {
    const theme = themeOf(one.id);
    let suite = suites.get(theme);
    if (!suite) {
      suite = builder.testSuite().name(line(theme)).timestamp(new Date(record.startedAt));
      suite.property('seed', line(record.seed)).property('target', line(record.endpoint.target));
      suites.set(theme, suite);
    }
    writeCase(suite, one, record);
  }
  for (const [theme, suite] of suites)
    suite.time(seconds(record.cases.filter((one) => themeOf(one.id) === theme)));
  const stale = unexpectedlyStale(record);
  const expectations = stale.length > 0 ? builder.testSuite().name('expectations') : null;
  for (const { pattern, reason } of stale) {
    const testCase = expectations!.testCase().className('expectations').name(line(pattern));
    testCase.failure(line(`expectation no longer applies: ${reason}`), 'stale');
  }
  return builder.build();
}

function writeCase(suite: TestSuite, one: CaseRecord, run: RunRecord): void {
  const testCase = suite
    .testCase()
    .className(line(themeOf(one.id)))
    .name(line(one.id))
    .time(seconds([one]));
  if (one.outcome === 'pass') return;

  const diagnosis = diagnose(one, run);
  const lines = labelledLines(diagnosis).map(({ label, text }) => `${label}: ${text}`);
  const details = lines.join('\n');
  const message = diagnosis.reason ?? diagnosis.deviations[0]?.message ?? diagnosis.outcome;

  if (one.outcome === 'skip') testCase.skipped().standardOutput(cdata(message));
  else if (isUnexpected(one, run.policy)) {
    if (one.outcome === 'error') testCase.error(message, one.outcome, cdata(details));
    else testCase.failure(message, one.outcome).stacktrace(cdata(details));
  } else if (one.expected)
    testCase.skipped().standardOutput(cdata(`expected: ${line(one.expected.reason)}\n${details}`));
  else testCase.standardOutput(cdata(`${one.outcome}: ${message}\n${details}`));
}

function line(text: string): string {
  return clip(printable(text), 1000);
}

/** The builder writes long texts as CDATA and splits only the first end mark in one. */
function cdata(text: string): string {
  return text.replaceAll(']]>', ']] >');
}

function seconds(cases: readonly CaseRecord[]): number {
  return cases.reduce((sum, one) => sum + one.durationMs, 0) / 1000;
}
