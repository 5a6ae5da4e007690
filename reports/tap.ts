/**
 * `tap`: TAP version 14, written as cases end. Fail, crash, timeout and error are `not ok`; a foreseen deviation
 * is a TODO, so that a TAP consumer lets it through; what is odd but no failure is `ok` with a diagnostic.
 */
import { stringify } from 'yaml';
import { type Diagnosis, diagnose } from './diagnosis.ts';
import { isNotOk } from './outcome.ts';
import type { CaseRecord } from './record.ts';
import type { ReporterFactory, RunStart } from './reporter.ts';
import { clip, printable } from './text.ts';

export const tap: ReporterFactory = ({ out }) => {
  let run: RunStart | undefined;
  let number = 0;

  return {
    start(start) {
      run = start;
      out(`TAP version 14\n1..${start.planned}${start.planned === 0 ? ' # no case was selected' : ''}\n`);
    },

    caseEnd(record) {
      number += 1;
      out(testPoint(number, record));
      if (record.outcome !== 'pass' && record.outcome !== 'skip') out(diagnostic(diagnose(record, run!)));
    },

    end(record) {
      for (const { pattern, reason } of record.staleExpectations)
        out(`# expectation no longer applies: ${plain(pattern)} (${plain(reason)})\n`);
      if (record.interrupted) out('Bail out! interrupted\n');
    },
  };
};

function testPoint(number: number, record: CaseRecord): string {
  const status = isNotOk(record) ? 'not ok' : 'ok';
  const directive =
    record.outcome === 'skip'
      ? ` # SKIP ${plain(record.reason ?? '')}`
      : record.expected
        ? ` # TODO ${plain(record.expected.reason)}`
        : '';
  return `${status} ${number} - ${`${plain(record.id)}${directive}`.trimEnd()}\n`;
}

/** Escaped as TAP wants it, on one line; a brace at the end would open a subtest for some consumers. */
function plain(text: string): string {
  return clip(printable(text), 1000)
    .replace(/[\\#]/g, '\\$&')
    .replace(/\{\s*$/, '{…');
}

function diagnostic(diagnosis: Diagnosis): string {
  // A line a value, whatever its length: commands are to be copied.
  const indented = stringify(diagnosis, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((text) => `  ${text}`)
    .join('\n');
  return `  ---\n${indented}\n  ...\n`;
}
