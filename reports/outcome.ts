/** What outcomes, cases and endpoints are called in reports. */
import { isJsonObject } from '../spec/json.ts';
import type { EndpointIdentity, Outcome, RunRecord } from './record.ts';
import { clip, count, jsonText, printable } from './text.ts';
import { isForeseen } from './unexpected.ts';

/** All outcomes, the order of a summary. */
export const OUTCOMES = [
  'pass',
  'fail',
  'crash',
  'timeout',
  'error',
  'warn',
  'info',
  'flaky',
  'skip',
] as const satisfies readonly Outcome[];

export const OUTCOME_WORDS = {
  pass: 'passed',
  fail: 'failed',
  crash: 'crashed',
  timeout: 'timed out',
  error: 'harness error',
  warn: 'warned',
  info: 'noted',
  flaky: 'flaky',
  skip: 'skipped',
} as const satisfies Record<Outcome, string>;

/** The part of a case id before its last slash. */
export function themeOf(id: string): string {
  const slash = id.lastIndexOf('/');
  return slash < 0 ? id : id.slice(0, slash);
}

/** `QEMU 7.2.13`, or the greeting's version as JSON where it has another form, or null without a greeting. */
export function versionText(endpoint: EndpointIdentity): string | null {
  const { version } = endpoint;
  if (version === null) return null;
  const qemu = isJsonObject(version) ? version.qemu : undefined;
  if (!isJsonObject(qemu)) return jsonText(version, 80);
  return `QEMU ${[qemu.major, qemu.minor, qemu.micro].map((part) => jsonText(part ?? null, 20)).join('.')}`;
}

/** By which schema it was tested where that is not its own, and why; null where it is. One line, printable. */
export function schemaText({ schemaOrigin }: EndpointIdentity): string | null {
  if (schemaOrigin === undefined) return null;
  const { base, restrictedBy, reason, undecided = [] } = schemaOrigin;
  const what = restrictedBy === 'probing' ? 'what a probe found' : 'what query-commands lists';
  const open = undecided.length === 0 ? '' : `, ${count(undecided.length, 'command')} undecided`;
  const text = `tested by ${base === 'spec' ? 'the spec' : base}, restricted to ${what}${open}`;
  return clip(printable(reason === undefined ? text : `${text} (${reason})`), 300);
}

/** How many of the cases that ran came out as the specification wants it or leaves it open, in percent with one digit. */
export function conformance(totals: RunRecord['totals']): {
  readonly conforming: number;
  readonly ran: number;
  readonly percent: number;
} {
  const ran = OUTCOMES.reduce((sum, outcome) => sum + totals[outcome], 0) - totals.skip;
  const conforming = totals.pass + totals.info;
  return { conforming, ran, percent: ran === 0 ? 0 : Math.floor((conforming / ran) * 1000) / 10 };
}

/** What an endpoint is called: the name that it was given, or its target. Printable. */
export function nameOf({ name, target }: Pick<EndpointIdentity, 'name' | 'target'>): string {
  return printable(name ?? target);
}

/** `12 passed, 1 failed, 2 failed as expected`; `none` of no cases. */
export function totalsText({ cases, policy }: Pick<RunRecord, 'cases' | 'policy'>): string {
  return (
    totalsOf(cases, policy)
      .map(({ text }) => text)
      .join(', ') || 'none'
  );
}

/** How many cases ended in which way; what was foreseen is counted by itself, as null. */
export function totalsOf(
  cases: RunRecord['cases'],
  policy: RunRecord['policy'],
): { readonly outcome: Outcome | null; readonly text: string }[] {
  const foreseen = new Set(cases.filter((one) => isForeseen(one, policy)));
  const parts = OUTCOMES.flatMap((outcome) => {
    const number = cases.filter((one) => one.outcome === outcome && !foreseen.has(one)).length;
    return number === 0 ? [] : [{ outcome, text: `${number} ${OUTCOME_WORDS[outcome]}` }];
  });
  return foreseen.size === 0
    ? parts
    : [...parts, { outcome: null, text: `${foreseen.size} failed as expected` }];
}
