/**
 * Which choices of an alternate can be told apart: those that look different in JSON, and also on a command line,
 * where everything is written as a string.
 */
import type { SchemaType } from '../model.ts';
import type { AlternateDef } from './ast.ts';
import { fault } from './diagnostic.ts';

type Look = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array';

/** `types` are those of the definition's branches, in order. */
export function checkAlternate(definition: AlternateDef, types: readonly SchemaType[]): void {
  const taken = new Map<Look, string>();
  for (const [index, type] of types.entries()) {
    const { name } = definition.branches[index]!;
    const own = looks(type);
    if (own.length === 0) fault(definition.source, `branch '${name}' can't be of type '${type.name}'`);
    for (const look of own) {
      const other = taken.get(look);
      if (other !== undefined)
        fault(definition.source, `branch '${name}' can't be told apart from branch '${other}'`);
    }
    for (const look of own) taken.set(look, name);
  }
}

/** How values of a type look; none for a type that may not be a choice. */
function looks(type: SchemaType): readonly Look[] {
  switch (type.kind) {
    case 'object':
      return ['object'];
    case 'array':
      return ['array'];
    case 'alternate':
      return [];
    case 'enum':
      return enumLooks(type.members.map((member) => member.name));
    case 'builtin':
      break;
  }
  switch (type.jsonType) {
    case 'string':
      return ['string', 'number', 'boolean'];
    case 'int':
    case 'number':
      return ['number'];
    case 'boolean':
    case 'null':
      return [type.jsonType];
    default:
      return [];
  }
}

function enumLooks(values: readonly string[]): Look[] {
  const all: Look[] = ['string'];
  if (values.some((value) => /^[-+0-9.]/.test(value))) all.push('number');
  if (values.some((value) => value === 'on' || value === 'off')) all.push('boolean');
  return all;
}
