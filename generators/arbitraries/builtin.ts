/** Built-in types: integers and strings have files of their own, the rest is here. */
import type { Json } from '../../spec/json.ts';
import type { BuiltinType } from '../../spec/model.ts';
import { generatedRange } from '../types/bounds.ts';
import { type Place, roleOf } from '../types/roles.ts';
import type { Draw } from './draw.ts';
import type { Generator } from './generator.ts';
import { integerGenerator } from './integer.ts';
import { textGenerator } from './string-value.ts';

const NUMBERS = [0, 1, -1, 0.5, 1e10, -1e-10, 1.5e300];
/** What a member of type any gets: only what the commands that take any can be given without harm. */
const ANYTHING: readonly Json[] = [{}, { 'no-such-property': 1 }, [], null, 1, 'x', true];

export function builtinGenerator(type: BuiltinType, place: Place): Generator {
  switch (type.jsonType) {
    case 'int':
      return integerGenerator(generatedRange(type, place));
    case 'string':
      return textGenerator(roleOf(place));
    case 'boolean':
      return oneOf([false, true]);
    case 'null':
      return oneOf([null]);
    case 'number':
      return oneOf(NUMBERS);
    default:
      return oneOf(ANYTHING);
  }
}

/** One of a list, the simplest first. Objects are given out as they are: nobody changes a generated value. */
export function oneOf(values: readonly Json[]): Generator {
  return {
    generate: (draw: Draw) => draw.pick(values),
    simplest: () => values[0]!,
    shrink: (value: Json) => values.slice(0, Math.max(0, values.indexOf(value))),
  };
}
