/** The corpus: programs that showed something new, and how often each is chosen to be mutated. */
import type { Program } from '../../generators/sequences/program.ts';
import type { Random } from '../../generators/sequences/random.ts';

interface Entry {
  readonly program: Program;
  /** What was new. */
  readonly features: number;
  chosen: number;
}

export class Corpus {
  readonly #entries: Entry[] = [];
  readonly #seen = new Set<string>();

  get size(): number {
    return this.#entries.length;
  }

  /** Features seen in all. */
  get features(): number {
    return this.#seen.size;
  }

  /** Notes the features and gives those that are new. */
  note(features: readonly string[]): string[] {
    const fresh = features.filter((feature) => !this.#seen.has(feature));
    for (const feature of fresh) this.#seen.add(feature);
    return fresh;
  }

  add(program: Program, features: number): void {
    this.#entries.push({ program, features, chosen: 0 });
  }

  /** More often what showed much and was chosen seldom. */
  choose(random: Random): Program {
    const entry = random.weighted(
      this.#entries,
      ({ features, chosen }) => (1 + Math.min(features, 20)) / (1 + chosen / 4),
    );
    entry.chosen += 1;
    return entry.program;
  }

  any(random: Random): Program {
    return random.pick(this.#entries).program;
  }
}
