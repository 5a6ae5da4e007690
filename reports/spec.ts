/**
 * `spec`: the report for people. A line a theme as it ends (a moving line below it on a terminal), then what
 * failed with all there is to know about it, then the totals, last.
 */
import picocolors from 'picocolors';
import { diagnose } from './diagnosis.ts';
import { labelledLines } from './lines.ts';
import { OUTCOME_WORDS, OUTCOMES, schemaText, themeOf, versionText } from './outcome.ts';
import type { CaseRecord, Outcome, RequirementRecord, RunRecord } from './record.ts';
import type { ReporterContext, ReporterFactory, RunStart } from './reporter.ts';
import { clip, count, duration, printable, wrap } from './text.ts';
import { isForeseen, isUnexpected, unexpectedlyStale } from './unexpected.ts';

const SIGNS = {
  pass: '✔',
  fail: '✖',
  crash: '✖',
  timeout: '✖',
  error: '✖',
  warn: '!',
  info: 'i',
  flaky: '~',
  skip: '-',
} as const satisfies Record<Outcome, string>;

/** Back to the first column, and the line cleared. */
const CLEAR_LINE = '\r\u001b[K';
const THEME_WIDTH = 46;
const LABEL_WIDTH = 13;

type Colors = ReturnType<typeof picocolors.createColors>;

export const spec: ReporterFactory = (context) => new SpecReporter(context);

class SpecReporter {
  readonly #out: (text: string) => void;
  readonly #columns: number;
  readonly #colors: Colors;
  #run: RunStart | undefined;
  #done = 0;
  #theme: CaseRecord[] = [];

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
      count(run.planned, 'case'),
      `seed ${printable(run.seed)}`,
    ].filter((fact) => fact !== null);
    const schema = schemaText(run.endpoint);
    this.#out(`${bold(printable(run.endpoint.target))}  ${dim(facts.join(' · '))}\n`);
    if (schema !== null) this.#out(`${dim(schema)}\n`);
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
    const failures = record.cases.filter((one) => isUnexpected(one, record.policy));
    const requirements = new Map(record.requirements.map((one) => [one.id, one]));
    failures.forEach((failure, index) => {
      this.#failure(index + 1, failure, record, requirements);
    });
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
    this.#out(`  ${this.#sign(worst)} ${theme} ${this.#tally(cases)}\n`);
    for (const one of cases)
      if (one.outcome !== 'pass' && one.outcome !== 'skip') this.#out(this.#caseLines(one));
  }

  /** A case that did not simply pass, under its theme. */
  #caseLines(record: CaseRecord): string {
    const { dim } = this.#colors;
    const told = whatHappened(record);
    const policy = this.#run?.policy;
    const sign = isForeseen(record, policy)
      ? dim(SIGNS.fail)
      : this.#sign(isUnexpected(record, policy) ? 'fail' : record.outcome);
    const text = clip(printable(told), 500);
    return [
      `      ${sign} ${printable(record.id)}\n`,
      ...this.#wrapped(text, 10).map((line) => `          ${dim(line)}\n`),
    ].join('');
  }

  #failure(
    number: number,
    failure: CaseRecord,
    run: RunRecord,
    requirements: ReadonlyMap<string, RequirementRecord>,
  ): void {
    const { bold, dim, red } = this.#colors;
    const diagnosis = diagnose(failure, run);
    const level = diagnosis.severity ? ` (${diagnosis.severity})` : '';
    this.#out(
      `\n${bold(`${number}) ${printable(failure.id)}`)}  ${red(OUTCOME_WORDS[failure.outcome])}${level}\n`,
    );
    for (const line of this.#wrapped(diagnosis.title, 3)) this.#out(`   ${line}\n`);
    const explain = (id: string): string => {
      const one = requirements.get(id);
      return one ? `${printable(one.text)} [${id}, ${one.level}]` : id;
    };
    for (const { label, text } of labelledLines(diagnosis, explain)) {
      // The command stays in one piece, to be copied.
      const [first, ...rest] = label === 'again' ? [text] : this.#wrapped(text, 3 + LABEL_WIDTH);
      this.#out(`   ${dim(label.padEnd(LABEL_WIDTH))}${first}\n`);
      for (const line of rest) this.#out(`${' '.repeat(3 + LABEL_WIDTH)}${line}\n`);
    }
  }

  #summary(record: RunRecord): void {
    const { bold, dim, red, yellow } = this.#colors;
    this.#out('\n');
    for (const [reason, number] of countReasons(record.cases))
      this.#out(`${dim(`  - ${count(number, 'case')} skipped: ${clip(printable(reason), 300)}`)}\n`);
    const strict = unexpectedlyStale(record).length > 0;
    for (const { pattern, reason } of record.staleExpectations) {
      const told = `expectation no longer applies: ${printable(pattern)} (${printable(reason)})\n`;
      this.#out(strict ? red(`  ${SIGNS.fail} ${told}`) : yellow(`  ${SIGNS.warn} ${told}`));
    }
    if (record.interrupted) this.#out(yellow('  ! interrupted: the other cases did not run\n'));
    this.#out(
      `  ${bold(count(record.cases.length, 'case'))}  ${this.#tally(record.cases)}  ${dim(duration(record.durationMs))}\n`,
    );
  }

  /** `12 passed, 1 failed`, each in its colour. */
  #tally(cases: readonly CaseRecord[]): string {
    const foreseen = new Set(cases.filter((one) => isForeseen(one, this.#run?.policy)));
    const parts = OUTCOMES.flatMap((outcome) => {
      const number = cases.filter((one) => one.outcome === outcome && !foreseen.has(one)).length;
      return number === 0 ? [] : [this.#colored(outcome, `${number} ${OUTCOME_WORDS[outcome]}`)];
    });
    if (foreseen.size > 0) parts.push(this.#colors.dim(`${foreseen.size} failed as expected`));
    return parts.join(', ') || this.#colors.dim('none');
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

/** One line about a case that did not simply pass. */
function whatHappened(record: CaseRecord): string {
  if (record.expected) return `expected: ${record.expected.reason}`;
  if (record.outcome === 'flaky') return `passed after ${record.earlier?.join(', ') ?? 'a failure'}`;
  return record.reason ?? record.deviations[0]?.message ?? record.title;
}

/** Reasons of skips, the most frequent first. */
function countReasons(cases: readonly CaseRecord[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of cases) {
    if (one.outcome !== 'skip') continue;
    const reason = one.reason ?? 'no reason given';
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}
