/**
 * `markdown`: a summary for the page that a CI server shows after a run: totals, then the causes of what fails the run, the
 * first in full and the others folded. It stays below 65 kB, which GitLab and GitHub take in comments too.
 */
import { exampleOf } from './causes.ts';
import { buildReport } from './compat/build.ts';
import type { CauseReport, Compatibility, EndpointReport } from './compat/compat-model.ts';
import { STATUS_WORDS } from './compat/status.ts';
import { diagnose } from './diagnosis.ts';
import { markdownCode as code, markdownTable as table, markdownText as text } from './markdown-text.ts';
import { OUTCOME_WORDS, OUTCOMES, schemaText } from './outcome.ts';
import type { ReporterFactory } from './reporter.ts';
import { count } from './text.ts';

/** Rows of a table. */
const MOST_ROWS = 50;
/** Causes with their first case in full. */
const MOST_IN_FULL = 10;
/** Ids of further cases of a cause. */
const MOST_IDS = 40;
/** Bytes of the page, and of its list of causes, before they are cut. */
const MOST_BYTES = 64_000;
const MOST_OF_CAUSES = 48_000;

export const markdown: ReporterFactory = ({ out }) => ({
  end(record) {
    out(markdownPage(buildReport([record])));
  },
});

/** The report in GitHub's Markdown. Everything from records is escaped. */
export function markdownPage(report: Compatibility): string {
  let page = '';
  for (const section of [totals(report), causes(report), changes(report), differing(report), drift(report)]) {
    if (section === '') continue;
    const longer = page === '' ? section : `${page}\n\n${section}`;
    if (bytes(longer) > MOST_BYTES) return `${page}\n\n… and more, in the other reports\n`;
    page = longer;
  }
  return `${page}\n`;
}

function bytes(of: string): number {
  return Buffer.byteLength(of, 'utf8');
}

function totals({ endpoints }: Compatibility): string {
  const shown = OUTCOMES.filter((outcome) => endpoints.some((one) => one.totals[outcome] > 0));
  const told = endpoints.slice(0, MOST_ROWS);
  const rows = told.map(({ label, version, totals: n, unexpected: bad, known, interrupted, incomplete }) => [
    `**${text(label, 100)}**`,
    text(version ?? 'no greeting', 100),
    bad > 0
      ? `❌ ${count(bad, 'unexpected deviation')}`
      : interrupted || incomplete
        ? '⚠️ none so far'
        : known > 0
          ? `🟣 ${known} known only`
          : '✅ none',
    ...shown.map((outcome) => String(n[outcome])),
  ]);
  const head = ['Endpoint', 'Version', 'Deviations', ...shown.map((outcome) => OUTCOME_WORDS[outcome])];
  const notes = told.flatMap(({ label, interrupted, incomplete, identity }) => [
    ...(interrupted ? [`- **${text(label, 100)}** was interrupted: the other cases did not run`] : []),
    ...(incomplete ? [`- **${text(label, 100)}** is incomplete: not all planned cases ran`] : []),
    ...[schemaText(identity)].flatMap((schema) =>
      schema === null ? [] : [`- **${text(label, 100)}** was ${text(schema, 300)}`],
    ),
    ...(identity.quirks ?? []).map(
      ({ does, tolerance }) => `- **${text(label, 100)}** ${text(does, 200)}; ${text(tolerance, 200)}`,
    ),
  ]);
  return [
    `## QMP block API compatibility\n\n${table(head, rows)}`,
    ...(notes.length > 0 ? [notes.join('\n')] : []),
  ].join('\n\n');
}

function causes(report: Compatibility): string {
  const { endpoints } = report;
  const failing = report.causes.filter(({ fails }) => fails);
  const stale = endpoints.flatMap(staleLines);
  if (failing.length === 0) return stale.length === 0 ? '' : ['### Unexpected', ...stale].join('\n\n');
  const cases = new Set(failing.flatMap((one) => one.cases.map(({ record }) => record))).size;
  const full = failing.slice(0, MOST_IN_FULL).map((one, index) => inFull(one, index + 1, endpoints));
  const others = failing.slice(MOST_IN_FULL);
  const more = within(others.map(inBrief), MOST_OF_CAUSES - bytes(full.join('')));
  return [
    `### Unexpected: ${count(failing.length, 'cause')} in ${count(cases, 'case')}`,
    ...full,
    ...(others.length > 0 ? [folded(count(others.length, 'more cause'), more)] : []),
    ...stale,
  ].join('\n\n');
}

/** Expectations that no longer apply, where that fails the run. */
function staleLines({ label, policy, staleExpectations }: EndpointReport): string[] {
  if (policy?.strictExpectations !== true || staleExpectations.length === 0) return [];
  const lines = staleExpectations.map(
    ({ pattern, reason }) => `- ${code(pattern, 200)}: ${text(reason, 300)}`,
  );
  return [`Expectations that no longer apply on ${text(label, 100)}:\n\n${within(lines, 4000)}`];
}

function title({ what, at }: CauseReport): string {
  return `${text(what, 300)}${at === null ? '' : ` at ${code(at, 200)}`}`;
}

function inFull(group: CauseReport, number: number, endpoints: readonly EndpointReport[]): string {
  const { cause, cases, commands, counts } = group;
  const { record, alone } = exampleOf(group);
  const endpoint = endpoints[cases.find((one) => one.record === record)!.endpoint]!;
  const { deviations, process, hint, reproduce } = diagnose(alone, {
    endpoint: endpoint.identity,
    seed: endpoint.seed,
  });
  const [first] = deviations;
  const facts: [string, string | undefined][] = [
    ['sent', first?.request],
    ['at', first?.path],
    ['expected', first?.expected],
    ['got', first?.got],
    ['reply', first?.reply],
    ['ended', process?.ended],
    ['in flight', process?.inFlight],
    ...(process?.lastWords.slice(-5).map((words): [string, string] => ['stderr', words]) ?? []),
    ['hint', hint],
    ['again', reproduce],
  ];
  const shared = endpoints.flatMap(({ label }, index) =>
    counts[index]! > 0 ? [`${text(label, 60)} ${counts[index]}`] : [],
  );
  return [
    `#### ${number}. ${title(group)}`,
    '',
    [
      `**${count(cases.length, 'case')}**`,
      ...(cause.check === 'case' ? [] : [text(cause.check, 80)]),
      ...(endpoints.length > 1 ? [shared.join(', ')] : []),
      ...(commands.length > 1 ? [`${commands.length} commands`] : []),
    ].join(' · '),
    '',
    `- ${cases.length > 1 ? 'e.g. ' : ''}${code(record.id, 200)}: ${text(record.title, 200)}`,
    ...facts.flatMap(([label, value]) =>
      value === undefined ? [] : [`  - ${label} ${code(value, label === 'again' ? 600 : 400)}`],
    ),
    ...otherCases(group),
  ].join('\n');
}

function otherCases({ cases }: CauseReport): string[] {
  const ids = [...new Set(cases.map(({ record }) => record.id))].slice(1);
  if (ids.length === 0) return [];
  const told = ids.slice(0, MOST_IDS).map((id) => code(id, 100));
  const more = ids.length > MOST_IDS ? [`… and ${ids.length - MOST_IDS} more`] : [];
  return ['', folded(count(ids.length, 'more case'), [...told, ...more].join(', '))];
}

function inBrief(group: CauseReport): string {
  const { cases } = group;
  return `- ${title(group)}: ${count(cases.length, 'case')}, ${cases.length > 1 ? 'e.g. ' : ''}${code(cases[0]!.record.id, 200)}`;
}

function folded(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}

/** As many lines as there is room for, and how many there are else. */
function within(lines: readonly string[], room: number): string {
  const told: string[] = [];
  for (const line of lines) {
    if (bytes([...told, line].join('\n')) > room) break;
    told.push(line);
  }
  if (told.length < lines.length) told.push(`- … and ${lines.length - told.length} more`);
  return told.join('\n');
}

function changes({ regressions, endpoints }: Compatibility): string {
  if (regressions === null) return '';
  const told = regressions.filter(({ what }) => what === 'broke' || what === 'fixed');
  const others = regressions.length - told.length;
  const rows = told
    .slice(0, MOST_ROWS)
    .map(({ what, id, endpoint, before, after }) => [
      what === 'broke' ? '❌ broke' : '✅ fixed',
      code(id, 100),
      text(endpoints[endpoint]!.label, 60),
      `${before ?? 'none'} → ${after ?? 'none'}`,
    ]);
  const list =
    rows.length === 0
      ? 'Nothing broke, nothing was fixed.'
      : table(['', 'Case', 'Endpoint', 'Outcome'], rows);
  const cut = told.length > MOST_ROWS ? `\n\n… and ${told.length - MOST_ROWS} more` : '';
  return `### Since the earlier run\n\n${list}${cut}${others > 0 ? `\n\n${others} more are new, gone or changed otherwise.` : ''}`;
}

/** Only where there is more than one endpoint. */
function differing({ cases, endpoints }: Compatibility): string {
  const differ = cases.filter(({ statuses }) => {
    const ran = statuses.filter((status) => status !== 'untested' && status !== 'skip');
    return new Set(ran).size > 1;
  });
  if (differ.length === 0) return '';
  const rows = differ
    .slice(0, MOST_ROWS)
    .map(({ id, statuses }) => [
      code(id, 100),
      ...statuses.map((status) => (status === 'untested' ? 'not run' : STATUS_WORDS[status])),
    ]);
  const head = ['Case', ...endpoints.map(({ label }) => text(label, 60))];
  const cut = differ.length > MOST_ROWS ? `\n\n… and ${differ.length - MOST_ROWS} more` : '';
  return `### Where endpoints differ\n\n${folded(count(differ.length, 'case'), `${table(head, rows)}${cut}`)}`;
}

function drift({ drift: { columns, changes: lists, beyond } }: Compatibility): string {
  const rows = columns.slice(0, MOST_ROWS).map(({ label }, index) => {
    const broken = lists[index]!.filter(({ breaks }) => breaks.client).length;
    return [text(label, 100), String(lists[index]!.length), String(broken), String(beyond[index])];
  });
  if (rows.length < 2) return '';
  const head = ['Schema', 'Differences from the spec', 'May break clients', 'Commands and events beyond'];
  return `### Schema drift\n\n${table(head, rows.slice(1))}`;
}
