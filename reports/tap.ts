/**
 * `tap`: TAP version 14, written as cases end. Fail, crash, timeout and error are `not ok`, and what breaks a requirement
 * of the run's level; a foreseen deviation is a TODO, so that a TAP consumer lets it through; what is odd but no failure
 * is `ok` with a diagnostic. With strict expectations each that no longer applies is `not ok`, and the plan comes last.
 * Causes and totals are comments at the end.
 */
import { stringify } from 'yaml';
import { type CauseGroup, unexpectedCauses } from './causes.ts';
import { type Diagnosis, diagnose } from './diagnosis.ts';
import { schemaText, totalsText } from './outcome.ts';
import type { CaseRecord, Policy, RunRecord } from './record.ts';
import type { ReporterFactory, RunStart } from './reporter.ts';
import { clip, count, listed, printable } from './text.ts';
import { isNotOk, isUnexpected } from './unexpected.ts';

/** Ids of cases that are listed for a cause. */
const MOST_IDS = 10;

export const tap: ReporterFactory = ({ out }) => {
  let run: RunStart | undefined;
  let number = 0;

  return {
    start(start) {
      run = start;
      out('TAP version 14\n');
      const schema = schemaText(start.endpoint);
      if (schema !== null) out(`# ${plain(schema)}\n`);
      if (start.policy?.strictExpectations !== true) out(plan(start.planned));
    },

    caseEnd(record) {
      number += 1;
      out(testPoint(number, record, run?.policy));
      if (record.outcome !== 'pass' && record.outcome !== 'skip') out(diagnostic(diagnose(record, run!)));
    },

    end(record) {
      const strict = run?.policy?.strictExpectations === true;
      for (const { pattern, reason } of record.staleExpectations) {
        if (strict) number += 1;
        const told = `expectation no longer applies: ${plain(pattern)} (${plain(reason)})`;
        out(strict ? `not ok ${number} - ${told}\n` : `# ${told}\n`);
      }
      if (strict) out(plan(number));
      for (const line of summary(record)) out(`# ${line}\n`);
      if (record.interrupted) out('Bail out! interrupted\n');
    },
  };
};

function plan(points: number): string {
  return `1..${points}${points === 0 ? ' # no case was selected' : ''}\n`;
}

function testPoint(number: number, record: CaseRecord, policy: Policy | undefined): string {
  const status = isNotOk(record, policy) ? 'not ok' : 'ok';
  const directive =
    record.outcome === 'skip'
      ? ` # SKIP ${plain(record.reason ?? '')}`
      : record.expected && !isUnexpected(record, policy)
        ? ` # TODO ${plain(record.expected.reason.replace(/^TODO\b:?\s*/, ''))}`
        : '';
  return `${status} ${number} - ${`${plain(record.id)}${directive}`.trimEnd()}\n`;
}

function summary(record: RunRecord): string[] {
  const { cases, interrupted, incomplete } = record;
  if (cases.length === 0) return [];
  return [
    ...unexpectedCauses(record).map(
      (group, index) => `cause ${index + 1}: ${clip(group.text, 1000)} (${who(group)})`,
    ),
    `${count(cases.length, 'case')}: ${totalsText(record)}`,
    ...(incomplete ? ['incomplete: not all planned cases ran'] : []),
    ...(interrupted ? ['interrupted: the other cases did not run'] : []),
  ];
}

function who({ cases }: CauseGroup): string {
  const ids = cases.map((one) => clip(printable(one.record.id), 200));
  return `${count(cases.length, 'case')}: ${listed(ids, MOST_IDS)}`;
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
