/** The exit code of a run and what its reports show agree, whatever the run and its policy. */
import * as fc from 'fast-check';
import { Parser, type Result } from 'tap-parser';
import { expect, test } from 'vitest';
import { buildReport } from '../../reports/compat/build.ts';
import { jsonReport } from '../../reports/compat/compat-json.ts';
import { type ReporterName, reporters } from '../../reports/index.ts';
import { type CaseRecord, LEVELS, type Policy, type RunRecord } from '../../reports/record.ts';
import { runRecord } from '../../reports/testing/arbitrary-record.ts';
import { example, failure } from '../../reports/testing/example-record.ts';
import { render } from '../../reports/testing/render.ts';
import { parseXml } from '../../reports/testing/xml-reader.ts';
import { countUnexpected } from '../../reports/unexpected.ts';
import { parseJson } from '../../spec/json.ts';
import { EXIT, exitCodeOf } from './exit.ts';

function tapFailures(text: string): number {
  let failures = 0;
  const parser = new Parser({ strict: true });
  parser.on('assert', ({ ok, todo, skip }: Result) => {
    if (!ok && !todo && !skip) failures += 1;
  });
  parser.end(text);
  return failures;
}

const numberIn = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);

/** What a reader of the format takes for unexpected, by how the format says it. */
const SHOWN = {
  tap: tapFailures,
  junit: (text) => {
    const { failures, errors } = parseXml(text).attributes;
    return Number(failures) + Number(errors);
  },
  spec: (text) =>
    numberIn(text, /^\d+ causes? of (\d+) unexpected cases?$/m) +
    (text.match(/^ {2}✖ expectation no longer/gm)?.length ?? 0),
  json: (text) => countUnexpected(parseJson(text) as unknown as RunRecord),
  html: (text) => numberIn(text, /class="verdict fail">✖ (\d+) unexpected/),
  markdown: (text) => numberIn(text, /❌ (\d+) unexpected/),
  sarif: (text) => {
    const [run] = JSON.parse(text).runs;
    const failing = run.results.filter(
      (one: { level: string; suppressions?: unknown }) => one.level === 'error' && !one.suppressions,
    );
    return failing.length + (run.invocations?.[0].toolConfigurationNotifications.length ?? 0);
  },
} as const satisfies Record<ReporterName, (text: string) => number>;

const VIEWS: Readonly<Record<string, (record: RunRecord) => number>> = {
  ...Object.fromEntries(
    (Object.keys(reporters) as ReporterName[]).map((name) => [
      name,
      (record: RunRecord) => SHOWN[name](render(reporters[name], record)),
    ]),
  ),
  'compat --json': (record) => JSON.parse(jsonReport(buildReport([record]))).endpoints[0].unexpected,
};

const warning: CaseRecord = {
  ...failure,
  id: 'a/warns',
  outcome: 'warn',
  severity: 'should',
  deviations: [{ check: 'case', severity: 'should', message: 'should not' }],
};
const ok: RunRecord = { ...example, cases: [warning], staleExpectations: [] };

const POLICIES = LEVELS.flatMap((level) => [
  { level, strictExpectations: false },
  { level, strictExpectations: true },
]);

test.each(Object.keys(VIEWS))(
  '%s shows something unexpected if and only if the exit code says so',
  (name) => {
    fc.assert(
      fc.property(runRecord, fc.constantFrom(...POLICIES), (bare, policy) => {
        const record: RunRecord = { ...bare, policy };
        const shown = VIEWS[name]!(record);
        const isAtFault = record.cases.some(({ outcome }) => outcome === 'error');
        const code = isAtFault ? EXIT.fault : shown > 0 ? EXIT.unexpected : EXIT.ok;
        expect(exitCodeOf(record)).toBe(code);
        // A result of SARIF is a cause, with any number of cases.
        if (name !== 'sarif') expect(shown).toBe(countUnexpected(record));
      }),
      {
        numRuns: 80,
        examples: [ok, example, { ...example, cases: [] }].flatMap((run) =>
          POLICIES.map((policy) => [run, policy] as [RunRecord, Policy]),
        ),
      },
    );
  },
);

test('a warning fails the run at its level, and has its cross in the report for people', () => {
  const at = (level: Policy['level']): RunRecord => ({ ...ok, policy: { level, strictExpectations: false } });
  const cross = (record: RunRecord) =>
    render(reporters.spec, record)
      .split('\n')
      .filter((line) => line.includes('✖'));
  expect([exitCodeOf(at('must')), cross(at('must'))]).toEqual([EXIT.ok, []]);
  expect(exitCodeOf(at('should'))).toBe(EXIT.unexpected);
  expect(cross(at('should'))).toEqual([
    expect.stringContaining('✖ a '),
    expect.stringContaining('✖ a/warns'),
  ]);
  expect(render(reporters.tap, at('should'))).toContain('not ok 1 - a/warns\n');
  expect(render(reporters.tap, at('must'))).toContain('\nok 1 - a/warns\n');
});

test('a fault of the harness wins over deviations, an interruption over both', () => {
  const error: CaseRecord = { ...failure, outcome: 'error' };
  expect(exitCodeOf({ ...ok, cases: [failure, error] })).toBe(EXIT.fault);
  expect(exitCodeOf({ ...ok, cases: [failure, error], interrupted: true })).toBe(EXIT.interrupted);
});
