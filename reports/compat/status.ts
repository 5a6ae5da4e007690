/** Outcomes of many cases as one status: the worst of them. */
import { isNotOk } from '../outcome.ts';
import type { CaseRecord } from '../record.ts';
import type { Status } from './model.ts';

/** Worst first. */
export const STATUSES = [
  'crash',
  'timeout',
  'error',
  'fail',
  'known',
  'flaky',
  'warn',
  'info',
  'pass',
  'skip',
  'untested',
  'absent',
] as const satisfies readonly Status[];

export const STATUS_WORDS = {
  crash: 'crashed',
  timeout: 'timed out',
  error: 'harness error',
  fail: 'failed',
  known: 'known deviation',
  flaky: 'flaky',
  warn: 'warned',
  info: 'noted',
  pass: 'passed',
  skip: 'skipped',
  untested: 'not tested',
  absent: 'not offered',
} as const satisfies Record<Status, string>;

export function statusOf(record: CaseRecord): Status {
  return isNotOk(record) && record.expected !== undefined ? 'known' : record.outcome;
}

export function worst(statuses: readonly Status[]): Status {
  return STATUSES.find((status) => statuses.includes(status)) ?? 'untested';
}
