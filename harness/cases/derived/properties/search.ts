/**
 * Searches for a counterexample of a property on a live endpoint: random values, then the simplest one that still
 * fails. What is found is tried once more from a fresh start, so that the record holds just what shows it.
 */
import { type Arbitrary, asyncProperty, check } from 'fast-check';
import type { CaseContext } from '../../case.ts';
import type { Fixture } from './fixture.ts';

export interface Property<T> {
  readonly arbitrary: Arbitrary<T>;
  /** Values that are tried. */
  readonly runs: number;
  /** What is wrong, null if nothing is. Leaves the fixture as it was. */
  readonly attempt: (value: T) => Promise<string | null>;
  /** A value for people. */
  readonly show: (value: T) => string;
}

/** Simplifications that are tried of a counterexample. */
const MAX_SHRINKS = 400;

const BY_CHECKS = 'found by the checks';

class Falsified extends Error {}

/** A deviation ends the case, with the simplest counterexample as its transcript; else the transcript stays empty. */
export async function holds<T>(t: CaseContext, fixture: Fixture, property: Property<T>): Promise<void> {
  const { arbitrary, runs, attempt, show } = property;
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
  const problem = (await attempt(value)) ?? onlyOnce(t, search.problem);
  t.check(false, `${show(value)}: ${problem}`);
}

/** What to say of a second try that the property itself found nothing wrong with, when at the first it had. */
export function onlyOnce(t: CaseContext, problem: string | null): string {
  if (t.deviations > 0) return BY_CHECKS;
  return `${problem ?? BY_CHECKS}, but not when tried once more`;
}

class Search<T> {
  /** What ended the search from outside: the endpoint died, the case is over. */
  fault: Error | undefined;
  /** What was wrong with the simplest counterexample so far. */
  problem: string | null = null;
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
    const before = this.#t.deviations;
    const problem = await this.#attempt(value).catch((error: Error) => {
      this.fault = error;
      return null;
    });
    if (this.fault !== undefined || (problem === null && this.#t.deviations === before)) return;
    this.#shrinks = Math.max(this.#shrinks, 0);
    this.problem = problem;
    throw new Falsified();
  }
}
