/** Enums: every value alike; simpler is what the schema names earlier. */
import type { EnumType } from '../../spec/model.ts';
import { oneOf } from './builtin.ts';
import type { Generator } from './generator.ts';

export function enumGenerator(type: EnumType): Generator {
  return oneOf(type.members.map(({ name }) => name));
}
