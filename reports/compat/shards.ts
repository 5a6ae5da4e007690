/** Which parts of a run that was divided (`--shard`) are not among the records. */
import type { RunRecord } from '../record.ts';

/** A divided run, of which parts are missing. */
export interface MissingShards {
  readonly target: string;
  /** From 1. */
  readonly indexes: readonly number[];
  /** Into how many parts it was divided. */
  readonly of: number;
}

/** Records of one target, seed and division are of one run; a merged record says itself which parts it lacks. */
export function missingShards(records: readonly RunRecord[]): MissingShards[] {
  const runs = new Map<string, { target: string; of: number; there: Set<number> }>();
  for (const { endpoint, seed, shard, missingShards: missing } of records) {
    const of = shard?.of ?? missing?.of;
    if (of === undefined) continue;
    const { target } = endpoint;
    const key = JSON.stringify([target, seed, of]);
    const { there } = runs.get(key) ?? runs.set(key, { target, of, there: new Set() }).get(key)!;
    if (shard !== undefined) there.add(shard.index);
    else for (const index of indexesOf(of)) if (!missing!.indexes.includes(index)) there.add(index);
  }
  return [...runs.values()].flatMap(({ target, of, there }) => {
    const indexes = indexesOf(of).filter((index) => !there.has(index));
    return indexes.length > 0 ? [{ target, of, indexes }] : [];
  });
}

/** `shards 1 and 3 of 3 are missing`. */
export function missingShardsText({ indexes, of }: Pick<MissingShards, 'indexes' | 'of'>): string {
  const [last, ...others] = indexes.toReversed();
  if (others.length === 0) return `shard ${last} of ${of} is missing`;
  return `shards ${others.toReversed().join(', ')} and ${last} of ${of} are missing`;
}

function indexesOf(of: number): number[] {
  return Array.from({ length: of }, (_, index) => index + 1);
}
