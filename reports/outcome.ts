/** What outcomes, cases and endpoints are called in reports. */
import { isJsonObject } from '../spec/json.ts';
import type { EndpointIdentity, Outcome } from './record.ts';
import { clip, count, jsonText, printable } from './text.ts';

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
