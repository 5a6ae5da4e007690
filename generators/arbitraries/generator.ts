/** A type, compiled: makes valid values and simplifies them. One file a QAPI kind implements it. */
import type { Json } from '../../spec/json.ts';
import type { Draw } from './draw.ts';

export interface Generator {
  generate(draw: Draw): Json;
  /** The valid value that nothing is simpler than. */
  simplest(): Json;
  /**
   * Valid values that are simpler than this valid one, the simplest first; none if nothing is simpler. Repeated, it
   * comes to an end: every value given is smaller in a fixed order.
   */
  shrink(value: Json): Iterable<Json>;
}
