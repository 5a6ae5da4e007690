/** How an endpoint refuses a name that it does not know, learnt from a name that nobody has. */
import { NOBODY } from '../../spec/effects/effects.ts';
import { isJsonObject, type JsonObject } from '../../spec/json.ts';

/** The parts of an error reply by which refusals are compared. */
export interface Refusal {
  readonly class: string;
  readonly desc: string;
}

/** Null where a reply is no error. */
export function refusalIn({ error }: JsonObject): Refusal | null {
  return isJsonObject(error) ? { class: String(error.class), desc: String(error.desc) } : null;
}

/** Compares refusals with that of `NOBODY`. */
export class UnknownName {
  readonly #sample: Refusal;

  constructor(sample: Refusal) {
    this.#sample = sample;
  }

  /** Whether the sample tells of the name or, with `kind`, of what it should have been. If not, all faults may be refused alike. */
  isTelling(kind: RegExp): boolean {
    return this.#sample.desc.includes(NOBODY) || kind.test(this.#sample.desc);
  }

  /** Whether `name` was refused as the name that nobody has. */
  isAlike(refusal: Refusal, name: string): boolean {
    const { class: wanted, desc } = this.#sample;
    return refusal.class === wanted && refusal.desc === desc.replaceAll(NOBODY, name);
  }
}
