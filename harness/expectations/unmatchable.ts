/** Entries that can match nothing, whatever an endpoint does: misspelled, or left over from names that are gone. */
import { isPossible } from './endpoint-version.ts';
import type { Expectation } from './expectation.ts';
import { caseGlob, type Globs, listOf, type Matcher, textGlob } from './glob.ts';

/** All names that there are. Absent: they are not known here, and not looked at. */
export interface KnownNames {
  /** Ids of checks, and what stands in their place: `case`, `crash`, classes of differences. */
  readonly checks?: readonly string[];
  /** Asked only where an entry names a case. */
  readonly cases?: () => readonly string[];
  /** Commands, and what else differences are about: `event NAME`, `raw bytes`. */
  readonly commands?: readonly string[];
}

/** What is wrong with entries of the user, a line each: `FILE:LINE: KEY: what`. What is shipped is held to it by a test. */
export function unmatchable(expectations: readonly Expectation[], names: KnownNames): string[] {
  let ids: readonly string[] | undefined;
  const { cases } = names;
  const known = { ...names, ...(cases && { cases: () => (ids ??= cases()) }) };
  return expectations.flatMap((entry) =>
    faultsOf(entry, known).map((fault) => `${entry.file}:${entry.line}: ${fault}`),
  );
}

/** What entries of the earlier spelling excuse without naming it: a line each. */
export function imprecise(expectations: readonly Expectation[]): string[] {
  return expectations
    .filter(({ outcome }) => outcome !== undefined && outcome !== 'skip')
    .map(
      ({ file, line, outcome }) =>
        `${file}:${line}: outcome: excuses every ${outcome} of its cases, whatever the cause; ` +
        '--update-expectations writes what is meant',
    );
}

function faultsOf(entry: Expectation, { checks, cases, commands }: KnownNames): string[] {
  const { version, case: ids, deviations } = entry;
  const faults =
    version !== undefined && !isPossible(version) ? [`version: no version is in the range '${version}'`] : [];
  if (entry.about === 'case' && ids !== undefined)
    faults.push(...strangers('case', 'no such case', ids, cases?.(), caseGlob));
  for (const deviation of deviations) {
    if ('printed' in deviation) continue;
    const { check, command, path } = deviation;
    faults.push(...strangers('check', 'no such check', check, checks, textGlob));
    if (command !== undefined)
      faults.push(...strangers('command', 'no such command', command, commands, textGlob));
    for (const glob of path === undefined ? [] : listOf(path))
      if (!/^[$*]/.test(glob)) faults.push(`path: paths begin with $: ${glob}`);
  }
  return faults;
}

/** Each of the globs that matches none of the names. */
function strangers(
  key: string,
  what: string,
  globs: Globs,
  names: readonly string[] | undefined,
  matcherOf: (glob: string) => Matcher,
): string[] {
  if (names === undefined) return [];
  return listOf(globs).flatMap((glob) => {
    const matches = matcherOf(glob);
    return names.some((name) => matches(name)) ? [] : [`${key}: ${what}: ${glob}`];
  });
}
