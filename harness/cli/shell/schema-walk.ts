/** Arguments as a person types them, `server.path=x`, followed through the schema. */
import { isJsonObject, type Json } from '../../../spec/json.ts';
import type { Member, ObjectType, SchemaType } from '../../../spec/model.ts';

/** Values given so far, by dotted path. */
export type Given = ReadonlyMap<string, string>;

/** The members that the object has, with those of the branch that its tag selects. `prefix`: its own path and a dot, or empty. */
export function membersOf(type: ObjectType, given: Given, prefix: string): Member[] {
  const value = type.tag === undefined ? undefined : given.get(`${prefix}${type.tag}`);
  const branch = type.variants.find((variant) => variant.case === value)?.type;
  return [...type.members, ...(branch === undefined ? [] : membersOf(branch, given, prefix))];
}

/** The type of what the path names; undefined where the schema has nothing there. */
export function typeAt(type: ObjectType, path: string, given: Given): SchemaType | undefined {
  let current: SchemaType | undefined = type;
  let prefix = '';
  for (const name of path.split('.')) {
    const object: ObjectType | undefined = current && objectOf(current);
    if (object === undefined) return undefined;
    current = membersOf(object, given, prefix).find((member) => member.name === name)?.type;
    prefix += `${name}.`;
  }
  return current;
}

export function objectOf(type: SchemaType): ObjectType | undefined {
  if (type.kind === 'object') return type;
  return type.kind === 'alternate' ? type.choices.find((choice) => choice.kind === 'object') : undefined;
}

/** Whether a text may stand there as it is. */
export function takesText(type: SchemaType | undefined): boolean {
  if (type === undefined) return false;
  if (type.kind === 'alternate') return type.choices.some(takesText);
  return type.kind === 'enum' || (type.kind === 'builtin' && type.jsonType === 'string');
}

/** Whether the value is what an alternate takes as well as texts: an object, null, a number or a boolean. */
export function takesBesideText(type: SchemaType | undefined, value: Json): boolean {
  switch (type?.kind) {
    case 'alternate':
      return type.choices.some((choice) => takesBesideText(choice, value));
    case 'object':
      return isJsonObject(value);
    case 'builtin':
      return jsonTypeOf(value) === type.jsonType;
    default:
      return false;
  }
}

function jsonTypeOf(value: Json): string | null {
  if (value === null) return 'null';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'int';
  return typeof value === 'boolean' ? 'boolean' : null;
}

/** Words that may stand there: values of an enum, or of a boolean. */
export function wordsOf(type: SchemaType | undefined): string[] {
  if (type?.kind === 'enum') return type.members.map(({ name }) => name);
  if (type?.kind === 'alternate') return type.choices.flatMap(wordsOf);
  return type?.kind === 'builtin' && type.jsonType === 'boolean' ? ['true', 'false'] : [];
}
