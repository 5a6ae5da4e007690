/** Arguments of commands, and values of types, as fast-check arbitraries. */
import type fc from 'fast-check';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Command, SchemaType } from '../../spec/model.ts';
import type { Live } from '../types/live-names.ts';
import { SchemaArbitrary } from './arbitrary.ts';
import { Compiler } from './compile-generators.ts';

/**
 * Valid arguments of a command. `live` is asked for each value what there is to be named.
 *
 * Strings name files inside `live().dir` and hosts on loopback only, or nothing at all. Integers whose values cost an
 * endpoint time or memory are bounded (`types/bounds.ts`).
 */
export function argumentsOf({ name, arguments: type }: Command, live: () => Live): fc.Arbitrary<JsonObject> {
  return new SchemaArbitrary<JsonObject>(type, new Compiler(name).generatorOf(type), live);
}

/** Valid values of a type by itself. */
export function valuesOf(type: SchemaType, live: () => Live): fc.Arbitrary<Json> {
  return new SchemaArbitrary<Json>(type, new Compiler().generatorOf(type), live);
}

/** The valid value of a type that nothing is simpler than; `member` holds it. */
export function simplestOf(type: SchemaType, member = ''): Json {
  return new Compiler().generatorOf(type, { member }).simplest();
}
