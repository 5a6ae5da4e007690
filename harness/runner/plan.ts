/** Which cases run, and in which order. */
import picomatch from 'picomatch';
import { Random } from '../../generators/random.ts';
import type { CaseDefinition } from '../cases/case.ts';

/** Part `index` of `of`, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

export interface PlanRequest {
  /** Globs on ids; a pattern also means everything below it (`block_resize`). Empty: all. */
  readonly patterns: readonly string[];
  /** Globs on ids that are left out, each of which must match one, too. */
  readonly exclude?: readonly string[];
  /** Ids of cases that run although no pattern names them. */
  readonly also?: readonly string[];
  /** Of what is left, only these ids. */
  readonly only?: ReadonlySet<string> | undefined;
  readonly shard?: Shard | undefined;
  /** The seed of a random order. Absent: the order given. */
  readonly shuffle?: string | undefined;
}

/** No case has an id like this: the call was wrong. */
export class NoSuchCase extends Error {
  override readonly name = 'NoSuchCase';
}

/**
 * The cases that match. Shards take every N-th of those in the order given, so that each gets a share of every theme,
 * whatever order that is run in. Throws `NoSuchCase` for a pattern or an id that matches nothing, and where nothing is left
 * but by the division into shards.
 */
export function plan(
  cases: readonly CaseDefinition[],
  { patterns, exclude = [], also = [], only, shard, shuffle }: PlanRequest,
): CaseDefinition[] {
  const isWanted = patterns.length === 0 ? () => true : anyOf(patterns, cases);
  const isExcluded = anyOf(exclude, cases);
  const chosen = cases.filter(
    ({ id }) => (isWanted(id) || also.includes(id)) && !isExcluded(id) && only?.has(id) !== false,
  );
  const gone = [...(only ?? [])].filter((id) => !cases.some((one) => one.id === id));
  if (gone.length > 0) throw new NoSuchCase(`there is no case ${gone.join(', ')} any more`);
  if (chosen.length === 0 && only?.size !== 0) throw new NoSuchCase('no case is left to run');
  const part =
    shard === undefined ? chosen : chosen.filter((_, index) => index % shard.of === shard.index - 1);
  return shuffle === undefined ? part : new Random(shuffle).shuffled(part);
}

/** Whether an id matches one of them. */
function anyOf(patterns: readonly string[], cases: readonly CaseDefinition[]): (id: string) => boolean {
  const matchers = patterns.map((pattern) => ({ pattern, matches: idMatcher(pattern) }));
  for (const { pattern, matches } of matchers)
    if (!cases.some(({ id }) => matches(id))) throw new NoSuchCase(`no case matches '${pattern}'`);
  return (id) => matchers.some(({ matches }) => matches(id));
}

/** A glob on case ids. */
function idMatcher(pattern: string): (id: string) => boolean {
  return picomatch([pattern, `${pattern}/**`]);
}
