/** What changed from one run to a later one of the same endpoint. */
import type { CaseRecord, Policy, RunRecord } from '../record.ts';
import { isNotOk } from '../unexpected.ts';
import type { Regression } from './compat-model.ts';

/** Cases whose outcome is another, in the order of the later run, then those that are gone. */
export function regressions(before: RunRecord, after: RunRecord, endpoint: number): Regression[] {
  const old = new Map(before.cases.map((one) => [one.id, one]));
  const now = new Set(after.cases.map(({ id }) => id));
  const gone = before.cases.filter(({ id }) => !now.has(id));
  return [
    ...after.cases.flatMap((one) => {
      const was = old.get(one.id);
      const what = was === undefined ? 'new' : compare(was, one, after.policy);
      return what === null
        ? []
        : [{ endpoint, id: one.id, what, before: was?.outcome ?? null, after: one.outcome }];
    }),
    ...gone.map(({ id, outcome }) => ({ endpoint, id, what: 'gone' as const, before: outcome, after: null })),
  ];
}

function compare(
  before: CaseRecord,
  after: CaseRecord,
  policy: Policy | undefined,
): Regression['what'] | null {
  if (before.outcome === after.outcome) return null;
  const broken = isNotOk(after, policy);
  if (broken !== isNotOk(before, policy)) return broken ? 'broke' : 'fixed';
  return 'changed';
}
