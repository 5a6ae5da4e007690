/**
 * `junit`: the XML that CI servers read. A suite is a theme; crash and timeout are failures of the endpoint,
 * `error` is the harness's own. A foreseen deviation is skipped, since JUnit has no word for it. With strict expectations
 * a suite of its own fails for each that no longer applies. Each case names its causes; the first suite lists all.
 */
import { causesOfCase, unexpectedCauses } from './causes.ts';
import { type Markup, html as xml } from './compat/html/markup.ts';
import { diagnose } from './diagnosis.ts';
import { labelledLines } from './lines.ts';
import { nameOf, themeOf, versionText } from './outcome.ts';
import type { CaseRecord, RunRecord } from './record.ts';
import type { ReporterFactory } from './reporter.ts';
import { clip, count, printable } from './text.ts';
import { DEFAULT_POLICY, isUnexpected, unexpectedlyStale } from './unexpected.ts';

export const junit: ReporterFactory = ({ out }) => ({
  end(record) {
    out(`${document(record)}\n`);
  },
});

/** A test case of a suite, counted by what it is. */
interface TestCase {
  readonly kind: 'passed' | 'failures' | 'errors' | 'skipped';
  readonly seconds: number;
  readonly xml: Markup;
}

interface Suite {
  readonly name: string;
  readonly properties: readonly Property[];
  readonly cases: readonly TestCase[];
}

type Property = readonly [name: string, value: string];

function document(record: RunRecord): Markup {
  const themes = new Map<string, CaseRecord[]>();
  for (const one of record.cases) {
    const theme = themeOf(one.id);
    themes.set(theme, [...(themes.get(theme) ?? []), one]);
  }
  const suites: Suite[] = [...themes].map(([name, cases], index) => ({
    name,
    properties: [...properties(record), ...(index === 0 ? causeProperties(record) : [])],
    cases: cases.map((one) => testCase(one, record)),
  }));
  const stale = unexpectedlyStale(record).map(staleCase);
  if (stale.length > 0) suites.push({ name: 'expectations', properties: [], cases: stale });
  const all = suites.flatMap(({ cases }) => cases);
  const timestamp = record.startedAt.slice(0, 19);
  return xml`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${line(`qmpcheck ${nameOf(record.endpoint)}`)}" ${counts(all)}>${suites.map(
    (suite) => xml`
  <testsuite name="${line(suite.name)}" timestamp="${timestamp}" ${counts(suite.cases)}>${
    suite.properties.length > 0 &&
    xml`
    <properties>${suite.properties.map(property)}
    </properties>`
  }${suite.cases.map((one) => one.xml)}
  </testsuite>`,
  )}
</testsuites>`;
}

function counts(cases: readonly TestCase[]): Markup {
  const of = (kind: TestCase['kind']) => cases.filter((one) => one.kind === kind).length;
  const total = cases.reduce((sum, one) => sum + one.seconds, 0);
  return xml`tests="${cases.length}" failures="${of('failures')}" errors="${of('errors')}" skipped="${of('skipped')}" time="${seconds(total)}"`;
}

/** What the run was, on every suite: some servers show suites one by one. */
function properties({
  endpoint,
  seed,
  tool,
  policy = DEFAULT_POLICY,
  interrupted,
  incomplete,
}: RunRecord): Property[] {
  const version = versionText(endpoint);
  return [
    ['target', endpoint.target],
    ...(endpoint.name === undefined ? [] : [['name', endpoint.name] as const]),
    ...(version === null ? [] : [['version', version] as const]),
    ...(endpoint.package === undefined ? [] : [['package', endpoint.package] as const]),
    ['seed', seed],
    ['tool', `${tool.name} ${tool.version}`],
    ['level', policy.level],
    ...(interrupted ? [['interrupted', 'true'] as const] : []),
    ...(incomplete ? [['incomplete', 'true'] as const] : []),
  ];
}

function causeProperties(record: RunRecord): Property[] {
  return unexpectedCauses(record).map(({ text, cases }, index) => [
    `cause ${index + 1}`,
    `${count(cases.length, 'case')}: ${clip(text, 900)}`,
  ]);
}

function property([name, value]: Property): Markup {
  return xml`
      <property name="${name}" value="${line(value)}"/>`;
}

function staleCase({ pattern, reason }: { readonly pattern: string; readonly reason: string }): TestCase {
  const message = line(`expectation no longer applies: ${reason}`);
  return {
    kind: 'failures',
    seconds: 0,
    xml: xml`
    <testcase classname="expectations" name="${line(pattern)}" time="0"><failure message="${message}" type="stale"/></testcase>`,
  };
}

function testCase(one: CaseRecord, run: RunRecord): TestCase {
  const { kind, content } = result(one, run);
  const time = one.durationMs / 1000;
  return {
    kind,
    seconds: time,
    xml: xml`
    <testcase classname="${line(themeOf(one.id))}" name="${line(one.id)}" time="${seconds(time)}">${content}</testcase>`,
  };
}

function result(one: CaseRecord, run: RunRecord): Pick<TestCase, 'kind'> & { readonly content: Markup | '' } {
  const { outcome, expected } = one;
  if (outcome === 'pass') return { kind: 'passed', content: '' };
  const reason = line(one.reason ?? outcome);
  if (outcome === 'skip') return { kind: 'skipped', content: xml`<skipped message="${reason}"/>` };

  const causes = causesOfCase(one, run.policy).map(({ text }) => text);
  const message = line(causes.join('; '));
  const lines = labelledLines(diagnose(one, run)).map(({ label, text }) => `${label}: ${text}\n`);
  const named = xml`<properties>${causes.map((cause) => property(['cause', cause]))}</properties>`;
  if (isUnexpected(one, run.policy)) {
    const element = outcome === 'error' ? 'error' : 'failure';
    const kind = outcome === 'error' ? 'errors' : 'failures';
    return {
      kind,
      content:
        element === 'error'
          ? xml`${named}<error message="${message}" type="${outcome}">${lines}</error>`
          : xml`${named}<failure message="${message}" type="${outcome}">${lines}</failure>`,
    };
  }
  if (expected) {
    const why = line(`expected: ${expected.reason}`);
    return {
      kind: 'skipped',
      content: xml`${named}<skipped message="${why}"/><system-out>${why}\n${lines}</system-out>`,
    };
  }
  return { kind: 'passed', content: xml`${named}<system-out>${outcome}: ${message}\n${lines}</system-out>` };
}

function line(text: string): string {
  return clip(printable(text), 1000);
}

/** At most six digits: microseconds, or what is exact enough of a long run. */
function seconds(value: number): string {
  // A number below a millionth would have an exponent.
  return value < 1e-6 ? '0' : String(Number(value.toPrecision(6)));
}
