/** What an earlier run of the same endpoint foresees of a later one: the causes that it showed, each in its case. */
import { causeKey, causesOf } from './cause.ts';
import type { CaseRecord, Policy, RunRecord } from './record.ts';
import { isBreach, isNotOk, isUnexpected } from './unexpected.ts';

/**
 * The case as one that was foreseen, if all that counts against it has a cause that the same case of the earlier run
 * showed, and was not ok there by the same policy. Another cause is a new fault, also in a case that is bad already.
 */
export function asInBaseline(one: CaseRecord, baseline: RunRecord | undefined, policy?: Policy): CaseRecord {
  const before = baseline?.cases.find(({ id }) => id === one.id);
  if (before === undefined || one.outcome === 'error' || before.outcome === 'error') return one;
  if (!isUnexpected(one, policy) || !isNotOk(before, policy)) return one;
  const known = new Set(causesOf(before).map(({ cause }) => causeKey(cause)));
  const counting = causesOf(one).filter(
    ({ deviation }) => deviation === null || isBreach(deviation, one, policy),
  );
  const isKnown = counting.every(({ cause }) => known.has(causeKey(cause)));
  // What shows no cause (a flaky case may not) can only be compared by how it ended.
  const isSame = isKnown && (counting.length > 0 || before.outcome === one.outcome);
  return isSame ? { ...one, expected: { reason: 'as in the baseline' } } : one;
}

/**
 * The run among `since` that is an earlier one of the same endpoint as this of `records`: by its name, else by its target.
 * With one of each, it is that one, whatever they are called.
 */
export function earlierRunOf(
  { endpoint: { name, target } }: RunRecord,
  records: readonly RunRecord[],
  since: readonly RunRecord[],
): RunRecord | undefined {
  return (
    since.find(({ endpoint }) => name !== undefined && endpoint.name === name) ??
    since.find(({ endpoint }) => endpoint.target === target) ??
    (records.length === 1 && since.length === 1 ? since[0] : undefined)
  );
}
