/** What a diff has found, as plain data: each difference once with a count, what explains it, and totals. */
import type { Program } from '../../generators/sequences/program.ts';
import type { AtFault } from '../differ/at-fault.ts';
import { CLASSES, type Difference, type DifferenceClass } from '../differ/difference.ts';
import { type Bucket, Buckets } from './difference-buckets.ts';
import { type DiffOutcome, isUnexplained } from './run-diff.ts';

/** Where a difference was seen, and what is held of it. */
export interface SeenDifference {
  readonly where: string;
  readonly difference: Difference;
  readonly verdict: AtFault;
  /** Where it was seen in a program: the smallest that shows it. */
  readonly program?: Program;
}

/** Inputs by how their comparison ended. */
export interface DiffTotals {
  readonly compared: number;
  /** Without a difference, or with none but those that schemas and time bring about. */
  readonly alike: number;
  /** How many are not alike, but all their differences are known. */
  readonly known: number;
  readonly skipped: number;
  /** Not compared for a fault of the harness itself. */
  readonly faults: number;
}

/** Gathers outcomes of a diff into buckets and totals. */
export class DiffReport {
  readonly #buckets = new Buckets<SeenDifference>();
  readonly #totals = { compared: 0, alike: 0, known: 0, skipped: 0, faults: 0 };
  #fault: string | null = null;

  add({ input, found, skipped, fault, minimal }: DiffOutcome): void {
    if (fault !== undefined) {
      this.#totals.faults += 1;
      this.#fault = `${input.where}: ${fault}`;
      return;
    }
    if (skipped !== undefined) {
      this.#totals.skipped += 1;
      return;
    }
    for (const { key, reason, difference, verdict } of found) {
      const program = minimal?.get(key) ?? input.program;
      const sighting = { where: input.where, difference, verdict, ...(program && { program }) };
      this.#buckets.add(key, reason, sighting);
    }
    this.#totals.compared += 1;
    if (found.every(({ difference }) => difference.excuse !== undefined)) this.#totals.alike += 1;
    else if (!found.some(isUnexplained)) this.#totals.known += 1;
  }

  /** The gravest first. */
  entries(): Bucket<SeenDifference>[] {
    const all = this.#buckets.all();
    return CLASSES.flatMap((of) => all.filter(({ first }) => first.difference.class === of));
  }

  /** The last fault of the harness itself, or null. */
  get fault(): string | null {
    return this.#fault;
  }

  get totals(): DiffTotals {
    return { ...this.#totals };
  }
}

export interface ClassCount {
  /** Different differences. */
  readonly all: number;
  readonly unexplained: number;
}

/** Buckets by class, explained and not. */
export function countClasses(
  entries: readonly Bucket<SeenDifference>[],
): Record<DifferenceClass, ClassCount> {
  const counted = CLASSES.map((of) => {
    const some = entries.filter(({ first }) => first.difference.class === of);
    return [of, { all: some.length, unexplained: some.filter(({ reason }) => reason === undefined).length }];
  });
  return Object.fromEntries(counted) as Record<DifferenceClass, ClassCount>;
}
