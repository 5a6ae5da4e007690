/** The corpus: programs that showed something new, and how often each is chosen to be mutated. */

import type { Random } from '../../generators/random.ts';
import { decode } from '../../generators/sequences/encoding.ts';
import type { Program } from '../../generators/sequences/program.ts';

interface CorpusEntry {
  /** As text: there are thousands. */
  readonly program: string;
  /** What was new. */
  readonly features: number;
  chosen: number;
}

export class Corpus {
  readonly #entries: CorpusEntry[] = [];
  readonly #seen = new Set<string>();
  readonly #picked: number[] = [];

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

  add(program: string, features: number): void {
    this.#entries.push({ program, features, chosen: 0 });
  }

  /** More often what showed much and was chosen seldom. */
  choose(random: Random): Program {
    const index = random.weighted(
      [...this.#entries.keys()],
      (at) => (1 + Math.min(this.#entries[at]!.features, 20)) / (1 + this.#entries[at]!.chosen / 4),
    );
    this.#picked.push(index);
    this.recall([index]);
    return decode(this.#entries[index]!.program);
  }

  /** Which entries were chosen since it was last asked, in order. */
  takePicked(): number[] {
    return this.#picked.splice(0);
  }

  /** These were chosen, in a run of the campaign that was cut off. */
  recall(picked: readonly number[]): void {
    for (const index of picked) this.#entries[index]!.chosen += 1;
  }

  any(random: Random): Program {
    return decode(random.pick(this.#entries).program);
  }
}
