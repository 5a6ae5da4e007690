/** The shards of one run as one record. */
import { OUTCOMES } from '../outcome.ts';
import type { Outcome, Policy, RunRecord } from '../record.ts';
import { DEFAULT_POLICY } from '../unexpected.ts';

/** The records are not of one run; the message says why. */
export class MergeError extends Error {
  override readonly name = 'MergeError';
}

/** Cases in the order of the records. Throws `MergeError` for other endpoints, seeds, policies, or a case that ran twice. */
export function mergeRecords(records: readonly RunRecord[]): RunRecord {
  const [first] = records;
  if (first === undefined) throw new MergeError('no record');
  for (const { endpoint, seed, policy } of records) {
    same('endpoint', first.endpoint.target, endpoint.target);
    same('schema', first.endpoint.schemaDigest, endpoint.schemaDigest);
    same('seed', first.seed, seed);
    same('policy', policyText(first.policy), policyText(policy));
  }
  const cases = records.flatMap((record) => record.cases);
  const ids = new Set<string>();
  for (const { id } of cases) {
    if (ids.has(id)) throw new MergeError(`case ${id} is in two of the records`);
    ids.add(id);
  }
  const { shard: _shard, ...whole } = first;
  return {
    ...whole,
    startedAt: records.map((record) => record.startedAt).toSorted()[0]!,
    durationMs: records.reduce((sum, record) => sum + record.durationMs, 0),
    interrupted: records.some((record) => record.interrupted),
    cases,
    requirements: unique(
      records.flatMap((record) => record.requirements),
      ({ id }) => id,
    ),
    staleExpectations: unique(
      records.flatMap((record) => record.staleExpectations),
      (one) => JSON.stringify(one),
    ),
    totals: Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, records.reduce((sum, { totals }) => sum + totals[outcome], 0)]),
    ) as Record<Outcome, number>,
  };
}

/** As the options say it. */
function policyText({ level, strictExpectations }: Policy = DEFAULT_POLICY): string {
  return `--level ${level}${strictExpectations ? ' --strict-expectations' : ''}`;
}

function same(what: string, left: string | undefined, right: string | undefined): void {
  if (left !== right)
    throw new MergeError(`records of another ${what}: ${left ?? 'none'} and ${right ?? 'none'}`);
}

function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
