/** `markdown`: a summary for the page that a CI server shows after a run. Text of endpoints stays text. */
import { buildReport } from './compat/build.ts';
import type { CaseReport, Compatibility, EndpointReport, Status } from './compat/compat-model.ts';
import { STATUS_WORDS } from './compat/status.ts';
import { OUTCOME_WORDS, OUTCOMES, schemaText } from './outcome.ts';
import type { CaseRecord } from './record.ts';
import type { ReporterFactory } from './reporter.ts';
import { clip, count, jsonText, printable } from './text.ts';

/** What CI servers show is limited: GitHub takes 1 MiB. */
const MOST_CASES = 100;

export const markdown: ReporterFactory = ({ out }) => ({
  end(record) {
    out(markdownPage(buildReport([record])));
  },
});

/** The report in GitHub's Markdown. Everything from records is escaped. */
export function markdownPage(report: Compatibility): string {
  return [totals(report), changes(report), unexpected(report), differing(report), drift(report)]
    .filter((section) => section !== '')
    .join('\n\n')
    .concat('\n');
}

function totals({ endpoints }: Compatibility): string {
  const shown = OUTCOMES.filter((outcome) => endpoints.some((one) => one.totals[outcome] > 0));
  const rows = endpoints.map(({ label, version, totals: n, unexpected: bad, known }) => [
    `**${text(label)}**`,
    text(version ?? 'no greeting'),
    bad > 0 ? `❌ ${count(bad, 'unexpected deviation')}` : known > 0 ? `🟣 ${known} known only` : '✅ none',
    ...shown.map((outcome) => String(n[outcome])),
  ]);
  const head = ['Endpoint', 'Version', 'Deviations', ...shown.map((outcome) => OUTCOME_WORDS[outcome])];
  const schemas = endpoints.flatMap(({ label, identity }) => {
    const schema = schemaText(identity);
    return schema === null ? [] : [`**${text(label)}**: ${text(schema)}`];
  });
  return ['## QMP block API compatibility', table(head, rows), ...schemas].join('\n\n');
}

function changes({ regressions, endpoints }: Compatibility): string {
  if (regressions === null) return '';
  const told = regressions.filter(({ what }) => what === 'broke' || what === 'fixed');
  const others = regressions.length - told.length;
  const rows = told
    .slice(0, MOST_CASES)
    .map(({ what, id, endpoint, before, after }) => [
      what === 'broke' ? '❌ broke' : '✅ fixed',
      code(id),
      text(endpoints[endpoint]!.label),
      `${before ?? 'none'} → ${after ?? 'none'}`,
    ]);
  const list =
    rows.length === 0
      ? 'Nothing broke, nothing was fixed.'
      : table(['', 'Case', 'Endpoint', 'Outcome'], rows);
  return `### Since the earlier run\n\n${list}${others > 0 ? `\n\n${others} more are new, gone or changed otherwise.` : ''}`;
}

function unexpected({ cases, endpoints }: Compatibility): string {
  const bad = [...cases.flatMap((one) => failures(one, endpoints)), ...endpoints.flatMap(stale)];
  if (bad.length === 0) return '';
  const list = bad.slice(0, MOST_CASES);
  const more = bad.length > MOST_CASES ? [`… and ${bad.length - MOST_CASES} more`] : [];
  return ['### Unexpected deviations', ...list, ...more].join('\n\n');
}

const FAILURES: ReadonlySet<Status> = new Set<Status>(['fail', 'crash', 'timeout', 'error']);

function failures(one: CaseReport, endpoints: Compatibility['endpoints']): string[] {
  return one.results.flatMap((result, index) => {
    const status = one.statuses[index]!;
    const { label } = endpoints[index]!;
    return result && FAILURES.has(status)
      ? [`#### ${code(one.id)} ${STATUS_WORDS[status]} on ${text(label)}\n\n${entry(one, result)}`]
      : [];
  });
}

/** Expectations that no longer apply, where that fails the run. */
function stale({ label, policy, staleExpectations }: EndpointReport): string[] {
  if (policy?.strictExpectations !== true) return [];
  return staleExpectations.map(
    ({ pattern, reason }) =>
      `#### Expectation ${code(pattern)} no longer applies on ${text(label)}\n\n${text(reason)}`,
  );
}

function entry(one: CaseReport, result: CaseRecord): string {
  const lines = result.deviations.flatMap(({ severity, message, exchange, expected, got }) => {
    const step = exchange === undefined ? undefined : result.transcript?.steps[exchange];
    const reply = got ?? step?.reply;
    return [
      `- ${severity}: ${text(message)}`,
      ...(step?.send === undefined ? [] : [`  - sent ${code(jsonText(step.send, 500))}`]),
      ...(expected === undefined ? [] : [`  - expected ${code(jsonText(expected, 500))}`]),
      ...(reply === undefined ? [] : [`  - got ${code(jsonText(reply, 500))}`]),
    ];
  });
  const reason = result.reason !== undefined && lines.length === 0 ? [`- ${text(result.reason)}`] : [];
  const hint = result.hint === undefined ? [] : [`- hint: ${text(result.hint)}`];
  return [text(one.title), '', ...reason, ...lines, ...hint].join('\n');
}

/** Only where there is more than one endpoint. */
function differing({ cases, endpoints }: Compatibility): string {
  const differ = cases.filter(({ statuses }) => {
    const ran = statuses.filter((status) => status !== 'untested' && status !== 'skip');
    return new Set(ran).size > 1;
  });
  if (differ.length === 0) return '';
  const rows = differ
    .slice(0, MOST_CASES)
    .map(({ id, statuses }) => [
      code(id),
      ...statuses.map((status) => (status === 'untested' ? 'not run' : STATUS_WORDS[status])),
    ]);
  const head = ['Case', ...endpoints.map(({ label }) => text(label))];
  return `### Where endpoints differ\n\n${table(head, rows)}`;
}

function drift({ drift: { columns, changes: lists, beyond } }: Compatibility): string {
  const rows = columns.map(({ label }, index) => {
    const broken = lists[index]!.filter(({ breaks }) => breaks.client).length;
    return [text(label), String(lists[index]!.length), String(broken), String(beyond[index])];
  });
  if (rows.length < 2) return '';
  const head = ['Schema', 'Differences from the spec', 'May break clients', 'Commands and events beyond'];
  return `### Schema drift\n\n${table(head, rows.slice(1))}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** On one line, with nothing that Markdown or HTML would read. */
function text(value: string): string {
  return clip(printable(value), 500)
    .replace(/[&<>]/g, (char) => `&#${char.codePointAt(0)};`)
    .replace(/[\\`*_[\]#|~@:]/g, '\\$&');
}

/** As code, in an element: back-ticks in the text could end a span of them, and a bar a cell. */
function code(value: string): string {
  const escaped = clip(printable(value), 1000).replace(
    /[^\w .,/"'=-]/gu,
    (char) => `&#${char.codePointAt(0)};`,
  );
  return `<code>${escaped.replaceAll('_', '&#95;')}</code>`;
}
