/** Outcomes of many cases as one status: the worst of them. */
import type { CaseRecord, Policy } from '../record.ts';
import { isForeseen, isUnexpected } from '../unexpected.ts';
import type { Status } from './compat-model.ts';

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

/** The outcome as the run's policy has it: what was foreseen is `known`, and a warning that fails the run is `fail`. */
export function statusOf(record: CaseRecord, policy: Policy | undefined): Status {
  if (isForeseen(record, policy)) return 'known';
  const { outcome } = record;
  return isUnexpected(record, policy) && (outcome === 'warn' || outcome === 'info') ? 'fail' : outcome;
}

/** What causes are told of: all that is worse than noted. */
export const DEVIATING: ReadonlySet<Status> = new Set(STATUSES.slice(0, STATUSES.indexOf('info')));

/** What fails a run. */
export const FAILING: ReadonlySet<Status> = new Set(STATUSES.slice(0, STATUSES.indexOf('known')));

/** The worst of the statuses by the order of `STATUSES`; `untested` if there is none. */
export function worst(statuses: readonly Status[]): Status {
  return STATUSES.find((status) => statuses.includes(status)) ?? 'untested';
}
