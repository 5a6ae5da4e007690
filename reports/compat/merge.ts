/** The shards of one run as one record. */
import { OUTCOMES } from '../outcome.ts';
import type { Outcome, Policy, RunRecord } from '../record.ts';
import { jsonText } from '../text.ts';
import { DEFAULT_POLICY } from '../unexpected.ts';
import { missingShards } from './shards.ts';

/** The records are not of one run; the message says why. */
export class MergeError extends Error {
  override readonly name = 'MergeError';
}

/** Cases in the order of the records. Throws `MergeError` for other endpoints, seeds, policies, a case that ran twice, or other divisions. */
export function mergeRecords(records: readonly RunRecord[]): RunRecord {
  const [first] = records;
  if (first === undefined) throw new MergeError('no record');
  for (const record of records) {
    const { endpoint, seed, policy } = record;
    same('endpoint', first.endpoint.target, endpoint.target);
    same('version', jsonText(first.endpoint.version), jsonText(endpoint.version));
    same('schema', first.endpoint.schemaDigest, endpoint.schemaDigest);
    same('seed', first.seed, seed);
    same('number of shards', divisionOf(first), divisionOf(record));
    same('policy', policyText(first.policy), policyText(policy));
  }
  const cases = records.flatMap((record) => record.cases);
  const ids = new Set<string>();
  for (const { id } of cases) {
    if (ids.has(id)) throw new MergeError(`case ${id} is in two of the records`);
    ids.add(id);
  }
  const { shard: _shard, missingShards: _missing, incomplete: _incomplete, ...whole } = first;
  const [missing] = missingShards(records);
  return {
    ...whole,
    ...(missing && { missingShards: { indexes: missing.indexes, of: missing.of } }),
    startedAt: records.map((record) => record.startedAt).toSorted()[0]!,
    durationMs: records.reduce((sum, record) => sum + record.durationMs, 0),
    interrupted: records.some((record) => record.interrupted),
    ...(records.some(({ incomplete }) => incomplete === true) && { incomplete: true }),
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

/** Into how many parts the run was divided. */
function divisionOf({ shard, missingShards: missing }: RunRecord): string | undefined {
  return (shard ?? missing)?.of.toString();
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
