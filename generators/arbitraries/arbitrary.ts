/** The bridge to fast-check: a generator as an arbitrary. Shrinking needs the value only, never a context. */
import { Arbitrary, type Random, type Stream, stream, Value } from 'fast-check';
import type { Json } from '../../spec/json.ts';
import type { SchemaType } from '../../spec/model.ts';
import { validatorFor } from '../../spec/validate.ts';
import type { Live } from '../types/live-names.ts';
import { Draw } from './draw.ts';
import type { Generator } from './generator.ts';

export class SchemaArbitrary<T extends Json> extends Arbitrary<T> {
  readonly #type: SchemaType;
  readonly #generator: Generator;
  readonly #live: () => Live;

  constructor(type: SchemaType, generator: Generator, live: () => Live) {
    super();
    this.#type = type;
    this.#generator = generator;
    this.#live = live;
  }

  override generate(random: Random): Value<T> {
    const plausible = random.nextInt(0, 1) === 0;
    return new Value(this.#generator.generate(new Draw(random, this.#live(), plausible)) as T, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is T {
    return validatorFor(this.#type, 'input')(value as Json).length === 0;
  }

  override shrink(value: T): Stream<Value<T>> {
    return stream(this.#shrunk(value));
  }

  *#shrunk(value: T): IterableIterator<Value<T>> {
    for (const simpler of this.#generator.shrink(value)) yield new Value(simpler as T, undefined);
  }
}
