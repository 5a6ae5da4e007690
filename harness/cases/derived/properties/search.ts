/**
 * Searches for a counterexample of a property on a live endpoint: random values, then the simplest one that still
 * fails. What is found is tried once more from a fresh start, so that the record holds just what shows it.
 */
import { type Arbitrary, asyncProperty, check } from 'fast-check';
import type { CaseContext, Detail } from '../../case.ts';
import type { RequiredText } from '../../case-text.ts';
import type { Fixture } from './fixture.ts';

/** What is required, and what came instead. */
export type Problem = readonly [required: RequiredText, observed: string, detail?: Detail];

export interface Property<T> {
  readonly arbitrary: Arbitrary<T>;
  /** Values that are tried. */
  readonly runs: number;
  /** What is wrong, null if nothing is. Leaves the fixture as it was. */
  readonly attempt: (value: T) => Promise<Problem | null>;
}

/** Simplifications that are tried of a counterexample. */
const MAX_SHRINKS = 400;

class Falsified extends Error {}

/** A deviation ends the case, with the simplest counterexample as its transcript; else the transcript stays empty. */
export async function holds<T>(t: CaseContext, fixture: Fixture, property: Property<T>): Promise<void> {
  const { arbitrary, runs, attempt } = property;
  const search = new Search(t, attempt);
  const { counterexample } = await check(
    asyncProperty(arbitrary, (value) => search.try(value)),
    { seed: t.seed | 0, numRuns: runs },
  );
  if (search.fault !== undefined) throw search.fault;
  await fixture.clear();
  t.restartTranscript();
  if (counterexample === null) return;
  const [value] = counterexample;
  await fixture.furnish();
  report(t, await attempt(value), search.problem!);
}

/**
 * Ends the case for what a second try found, which is in `again`, or with the checks already; if it is neither, for what
 * the first one found.
 */
export function report(t: CaseContext, again: Problem | null, first: Problem): void {
  if (again === null && t.deviations.length > 0) return;
  const [required, observed, detail] = again ?? first;
  const times = again === null ? ', but not when it was tried once more' : '';
  t.fail(required, `${observed}${times}`, detail);
}

/** What the checks found since there were so many deviations; null if nothing. */
export function foundByChecks(t: CaseContext, before: number): Problem | null {
  const found = t.deviations[before];
  return found === undefined ? null : ['what is accepted must pass all checks', found.message];
}

class Search<T> {
  /** What ended the search from outside: the endpoint died, the case is over. */
  fault: Error | undefined;
  /** What was wrong with the simplest counterexample so far. */
  problem: Problem | null = null;
  readonly #t: CaseContext;
  readonly #attempt: Property<T>['attempt'];
  #shrinks = -1;

  constructor(t: CaseContext, attempt: Property<T>['attempt']) {
    this.#t = t;
    this.#attempt = attempt;
  }

  /** Rejects for a counterexample. */
  async try(value: T): Promise<void> {
    if (this.fault !== undefined || this.#shrinks >= MAX_SHRINKS) return;
    if (this.#shrinks >= 0) this.#shrinks++;
    const before = this.#t.deviations.length;
    const found = await this.#attempt(value).catch((error: Error) => {
      this.fault = error;
      return null;
    });
    const problem = found ?? foundByChecks(this.#t, before);
    if (this.fault !== undefined || problem === null) return;
    this.#shrinks = Math.max(this.#shrinks, 0);
    this.problem = problem;
    throw new Falsified();
  }
}
