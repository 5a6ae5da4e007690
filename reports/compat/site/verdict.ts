/** How a run went, in a few words, for badges and tables. */
import { conformance } from '../../outcome.ts';
import type { RunRecord } from '../../record.ts';
import { count } from '../../text.ts';
import { countUnexpected, isForeseen } from '../../unexpected.ts';

/** The verdict on a run. */
export interface Verdict {
  readonly kind: 'pass' | 'known' | 'fail' | 'incomplete';
  /** `98.2 %, 7 deviations`. */
  readonly text: string;
}

/** Deviations that nobody foresaw come before all else; then whether the run was whole. */
export function verdictOf(record: RunRecord): Verdict {
  const { percent, ran } = conformance(record.totals);
  const bad = countUnexpected(record);
  const share = `${percent} %`;
  if (bad > 0) return { kind: 'fail', text: `${share}, ${count(bad, 'deviation')}` };
  if (record.interrupted || record.incomplete === true || isPart(record) || ran === 0)
    return { kind: 'incomplete', text: ran === 0 ? 'nothing ran' : `${share}, incomplete` };
  const known = record.cases.filter((one) => isForeseen(one, record.policy)).length;
  return known > 0 ? { kind: 'known', text: `${share}, ${known} known` } : { kind: 'pass', text: share };
}

function isPart({ shard, missingShards }: RunRecord): boolean {
  return shard !== undefined || missingShards !== undefined;
}
