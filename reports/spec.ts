/**
 * `spec`: the report for people. A line a theme as it ends (a moving line below it on a terminal), and what is new in it;
 * then the causes of what failed, most cases first, each with its first case in full; then the totals, last.
 */
import picocolors from 'picocolors';
import { type CauseGroup, causesOfCase, exampleOf, isEnd, unexpectedCauses } from './causes.ts';
import { diagnose } from './diagnosis.ts';
import { labelledLines } from './lines.ts';
import { nameOf, OUTCOME_WORDS, schemaText, themeOf, totalsOf, versionText } from './outcome.ts';
import type { CaseRecord, Outcome, RequirementRecord, RunRecord } from './record.ts';
import type { ReporterContext, ReporterFactory, RunStart } from './reporter.ts';
import { requirementNotes } from './requirement-notes.ts';
import { clip, count, duration, listed, printable, wrap } from './text.ts';
import { isForeseen, isUnexpected, unexpectedlyStale } from './unexpected.ts';

const SIGNS = {
  pass: '✔',
  fail: '✖',
  crash: '†',
  timeout: '∞',
  error: '⚠',
  warn: '!',
  info: 'i',
  flaky: '~',
  skip: '-',
} as const satisfies Record<Outcome, string>;

/** Back to the first column, and the line cleared. */
const CLEAR_LINE = '\r\u001b[K';
const THEME_WIDTH = 46;
const LABEL_WIDTH = 13;
/** Requirements of a case that does not say which it breaks. */
const MOST_REQUIREMENTS = 2;
/** Ids of further cases that are listed for a cause. */
const MOST_IDS = 20;

type Colors = ReturnType<typeof picocolors.createColors>;

export const spec: ReporterFactory = (context) => new SpecReporter(context);

class SpecReporter {
  readonly #out: (text: string) => void;
  readonly #columns: number;
  readonly #colors: Colors;
  #run: RunStart | undefined;
  #done = 0;
  #theme: CaseRecord[] = [];
  /** What was said of cases so far: it is said once. */
  readonly #said = new Set<string>();

  constructor(context: ReporterContext) {
    this.#out = context.out;
    this.#columns = context.columns;
    this.#colors = picocolors.createColors(context.color);
  }

  start(run: RunStart): void {
    this.#run = run;
    const { bold, dim } = this.#colors;
    const facts = [
      versionText(run.endpoint),
      run.endpoint.package === undefined ? null : clip(printable(run.endpoint.package), 60),
      count(run.planned, 'case'),
      `seed ${printable(run.seed)}`,
    ].filter((fact) => fact !== null);
    this.#out(`${bold(nameOf(run.endpoint))}  ${dim(facts.join(' · '))}\n`);
    for (const { does, tolerance } of run.endpoint.quirks ?? [])
      for (const line of this.#wrapped(`! the endpoint ${printable(does)}; ${printable(tolerance)}`, 2))
        this.#out(this.#colors.yellow(`  ${line}\n`));
    const schema = schemaText(run.endpoint);
    if (schema !== null) for (const line of this.#wrapped(schema, 2)) this.#out(dim(`  ${line}\n`));
    this.#out('\n');
  }

  caseEnd(record: CaseRecord): void {
    if (this.#theme.length > 0 && themeOf(this.#theme[0]!.id) !== themeOf(record.id)) this.#endTheme();
    this.#theme.push(record);
    this.#done += 1;
    this.#progress(record.id);
  }

  end(record: RunRecord): void {
    this.#endTheme();
    const causes = unexpectedCauses(record);
    if (causes.length > 0) this.#heading(record, causes);
    const requirements = new Map(record.requirements.map((one) => [one.id, one]));
    const shown = new Set<CaseRecord>();
    for (const [index, cause] of causes.entries()) this.#cause(index + 1, cause, record, requirements, shown);
    this.#summary(record);
  }

  #progress(id: string): void {
    if (this.#columns === 0) return;
    const text = `  ${this.#done}/${this.#run?.planned ?? '?'}  ${printable(id)}`;
    this.#out(`${CLEAR_LINE}${this.#colors.dim(text.slice(0, this.#columns - 1))}`);
  }

  #endTheme(): void {
    const cases = this.#theme;
    this.#theme = [];
    if (this.#columns > 0) this.#out(CLEAR_LINE);
    if (cases.length === 0) return;
    const worst = cases.some((one) => isUnexpected(one, this.#run?.policy))
      ? 'fail'
      : cases.every((one) => one.outcome === 'skip')
        ? 'skip'
        : 'pass';
    const theme = printable(themeOf(cases[0]!.id)).padEnd(THEME_WIDTH);
    const lines = this.#caseLines(cases.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip'));
    this.#out(`  ${this.#sign(worst)} ${theme} ${this.#tally(cases)}\n${lines}`);
  }

  /** Cases that did not simply pass, under their theme; nothing if all is as above. */
  #caseLines(cases: readonly CaseRecord[]): string {
    const { dim } = this.#colors;
    const lines: string[] = [];
    const asAbove = new Map<string, string[]>();
    for (const one of cases) {
      const news = this.#textsOf(one).filter(([key]) => !this.#said.has(key));
      for (const [key] of news) this.#said.add(key);
      const sign = this.#caseSign(one);
      if (news.length === 0) {
        asAbove.set(sign, [...(asAbove.get(sign) ?? []), printable(leafOf(one.id))]);
        continue;
      }
      lines.push(`      ${sign} ${printable(one.id)}`);
      const texts = news.flatMap(([, text]) => this.#wrapped(text, 10));
      lines.push(...texts.map((text) => `          ${dim(text)}`));
    }
    if (lines.length === 0) return '';
    for (const [sign, names] of asAbove) {
      const [first, ...rest] = this.#wrapped(`as above: ${listed(names, MOST_IDS)}`, 8);
      lines.push(`      ${sign} ${dim(first!)}`, ...rest.map((text) => `        ${dim(text)}`));
    }
    return `${lines.join('\n')}\n`;
  }

  /** Why it did not pass; the key is the same where it says the same. */
  #textsOf(one: CaseRecord): [key: string, text: string][] {
    const policy = this.#run?.policy;
    if (isUnexpected(one, policy))
      return causesOfCase(one, policy).map(({ key, text }) => [key, clip(text, 240)]);
    const text = clip(printable(whatHappened(one)), 500);
    return [[text, text]];
  }

  #caseSign(one: CaseRecord): string {
    const policy = this.#run?.policy;
    if (isForeseen(one, policy)) return this.#colors.dim(SIGNS[one.outcome]);
    const isBroken = isUnexpected(one, policy) && (one.outcome === 'warn' || one.outcome === 'info');
    return this.#sign(isBroken ? 'fail' : one.outcome);
  }

  #heading({ cases, policy }: RunRecord, causes: readonly CauseGroup[]): void {
    const bad = cases.filter((one) => isUnexpected(one, policy)).length;
    const words = `${count(causes.length, 'cause')} of ${count(bad, 'unexpected case')}`;
    this.#out(`\n${this.#colors.bold(words)}\n`);
  }

  /** `shown`: cases that were examples already; another is better. */
  #cause(
    number: number,
    group: CauseGroup,
    run: RunRecord,
    requirements: ReadonlyMap<string, RequirementRecord>,
    shown: Set<CaseRecord>,
  ): void {
    const { bold, dim, red } = this.#colors;
    const { text, what, cause, cases, commands } = group;
    const { record, alone } = exampleOf(group, shown);
    shown.add(record);
    const indent = `${number}) `.length;
    const [head, ...more] = this.#wrapped(clip(text, 500), indent);
    this.#out(`\n${bold(`${number}) ${head}`)}\n`);
    for (const line of more) this.#out(`${' '.repeat(indent)}${bold(line)}\n`);

    const { severity, ...all } = diagnose(alone, run);
    // Of many nobody can say here which is meant.
    const diagnosis = { ...all, requirements: all.requirements.slice(0, MOST_REQUIREMENTS) };
    const told = labelledLines(diagnosis, explainer(requirements)).filter(
      (line) => line.label !== 'deviation' || !line.text.startsWith(`${what} [`),
    );
    const check = isEnd(cause) || cause.check === 'case' ? '' : dim(` · ${printable(cause.check)}`);
    this.#out(`   ${red(count(cases.length, 'case'))}${check}\n`);
    if (commands.length > 1) this.#labelled('commands', listed(commands.map(printable), MOST_IDS));
    const how = `${OUTCOME_WORDS[record.outcome]}${severity ? ` (${severity})` : ''}`;
    this.#labelled(cases.length > 1 ? 'e.g.' : 'case', `${printable(record.id)}  ${how}`);
    this.#labelled('', diagnosis.title);
    for (const line of told) this.#labelled(line.label, line.text);
    const others = cases.filter((one) => one.record !== record).map((one) => printable(one.record.id));
    if (others.length > 0) this.#labelled('also', listed(others, MOST_IDS));
  }

  #labelled(label: string, text: string): void {
    // The command stays in one piece, to be copied.
    const [first, ...rest] = label === 'again' ? [text] : this.#wrapped(text, 3 + LABEL_WIDTH);
    this.#out(`   ${this.#colors.dim(label.padEnd(LABEL_WIDTH))}${first}\n`);
    for (const line of rest) this.#out(`${' '.repeat(3 + LABEL_WIDTH)}${line}\n`);
  }

  #summary(record: RunRecord): void {
    const { bold, dim, red, yellow } = this.#colors;
    this.#out('\n');
    for (const line of skippedLines(record.cases))
      for (const [index, text] of this.#wrapped(line, 4).entries())
        this.#out(dim(`${index === 0 ? '  - ' : '    '}${text}\n`));
    const strict = unexpectedlyStale(record).length > 0;
    for (const { pattern, reason } of record.staleExpectations) {
      const told = `expectation no longer applies: ${printable(pattern)} (${printable(reason)})\n`;
      this.#out(strict ? red(`  ${SIGNS.fail} ${told}`) : yellow(`  ${SIGNS.warn} ${told}`));
    }
    if (record.interrupted) this.#out(yellow('  ! interrupted: the other cases did not run\n'));
    if (record.incomplete) this.#out(yellow('  ! incomplete: not all planned cases ran\n'));
    this.#out(
      `  ${bold(count(record.cases.length, 'case'))}  ${this.#tally(record.cases)}  ${dim(duration(record.durationMs))}\n`,
    );
  }

  /** `12 passed, 1 failed`, each in its colour. */
  #tally(cases: readonly CaseRecord[]): string {
    const { dim } = this.#colors;
    const parts = totalsOf(cases, this.#run?.policy).map(({ outcome, text }) =>
      outcome === null ? dim(text) : this.#colored(outcome, text),
    );
    return parts.join(', ') || dim('none');
  }

  #sign(outcome: Outcome): string {
    return this.#colored(outcome, SIGNS[outcome]);
  }

  #colored(outcome: Outcome, text: string): string {
    const { green, red, yellow, dim, cyan } = this.#colors;
    if (outcome === 'pass') return green(text);
    if (outcome === 'skip') return dim(text);
    if (outcome === 'info') return cyan(text);
    return outcome === 'warn' || outcome === 'flaky' ? yellow(text) : red(text);
  }

  /** Lines that fit the terminal behind an indent; narrow terminals still get some room. */
  #wrapped(text: string, indent: number): string[] {
    return wrap(text, this.#columns === 0 ? 0 : Math.max(20, this.#columns - indent));
  }
}

function explainer(requirements: ReadonlyMap<string, RequirementRecord>): (id: string) => string {
  return (id) => {
    const one = requirements.get(id);
    return one
      ? `${printable(one.text)} [${[id, one.level, ...requirementNotes(one)].map((part) => printable(part)).join(', ')}]`
      : id;
  };
}

/** The part of an id after its theme. */
function leafOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1) || id;
}

/** One line about a case that did not simply pass. */
function whatHappened(record: CaseRecord): string {
  if (record.expected) return `expected: ${record.expected.reason}`;
  if (record.outcome === 'flaky') return `passed after ${record.earlier?.join(', ') ?? 'a failure'}`;
  return record.reason ?? record.deviations[0]?.message ?? record.title;
}

/** Why cases were skipped, the most frequent first; reasons that differ in their last word only, as one. */
function skippedLines(cases: readonly CaseRecord[]): string[] {
  const counts = new Map<string, Map<string, number>>();
  for (const one of cases) {
    if (one.outcome !== 'skip') continue;
    const reason = clip(printable(one.reason ?? 'no reason given'), 300);
    const [, most = reason, last = ''] = /^(.* )(\S+)$/.exec(reason) ?? [];
    const lasts = counts.get(most) ?? counts.set(most, new Map()).get(most)!;
    lasts.set(last, (lasts.get(last) ?? 0) + 1);
  }
  return [...counts]
    .map(([most, lasts]) => ({ most, lasts, sum: [...lasts.values()].reduce((sum, n) => sum + n, 0) }))
    .toSorted((a, b) => b.sum - a.sum)
    .map(({ most, lasts, sum }) => {
      const [[only = ''] = []] = lasts;
      const which = [...lasts].toSorted((a, b) => b[1] - a[1]).map(([last, n]) => `${last} (${n})`);
      return `${count(sum, 'case')} skipped: ${most}${lasts.size === 1 ? only : which.join(', ')}`;
    });
}
