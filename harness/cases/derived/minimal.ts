/**
 * The least arguments that a schema accepts: required members only, of every union the branch that asks for least.
 * Strings name things that do not exist, inside the scratch directory, so that a command which was accepted by
 * mistake finds nothing to harm.
 */
import { integerRange } from '../../../spec/integers.ts';
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { BuiltinType, EnumType, Member, ObjectType, SchemaType } from '../../../spec/model.ts';

/** `nothing` is the name of a file that does not exist, in the scratch directory as the endpoint sees it. */
export function minimalValue(type: SchemaType, nothing: string): Json {
  switch (type.kind) {
    case 'builtin':
      return minimalBuiltin(type, nothing);
    case 'enum':
      return type.members[0]?.name ?? '';
    case 'array':
      return [];
    case 'alternate':
      return minimalValue(type.choices.find(({ kind }) => kind === 'object') ?? type.choices[0]!, nothing);
    case 'object':
      return minimalObject(type, nothing);
  }
}

/** `branch` chooses the value of the tag. */
export function minimalObject(type: ObjectType, nothing: string, branch = leastBranch(type)): JsonObject {
  const value: JsonObject = branch === undefined ? {} : { [type.tag!]: branch };
  for (const member of membersOf(type, value))
    if (!member.optional && member.name !== type.tag) value[member.name] = memberValue(member, nothing);
  return value;
}

/** The members that an object may have: the common ones, and those of the branch that its tag selects. */
export function membersOf(type: ObjectType, value: JsonObject): readonly Member[] {
  const variant = type.variants.find((candidate) => candidate.case === value[type.tag ?? '']);
  return variant === undefined ? type.members : [...type.members, ...membersOf(variant.type, value)];
}

/** A host is loopback, nothing else. */
export function memberValue({ name, type }: Pick<Member, 'name' | 'type'>, nothing: string): Json {
  return name === 'host' ? '127.0.0.1' : minimalValue(type, nothing);
}

function minimalBuiltin(type: BuiltinType, nothing: string): Json {
  switch (type.jsonType) {
    case 'string':
      return nothing;
    case 'int':
      return integerRange(type).max > 0n ? 1 : 0;
    case 'number':
      return 1;
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return {};
  }
}

/** The value of the tag whose branch has the fewest required members, the first of these. */
function leastBranch(type: ObjectType): string | undefined {
  const tag = type.members.find(({ name }) => name === type.tag)?.type as EnumType | undefined;
  const required = (branch: string) =>
    type.variants.find((variant) => variant.case === branch)?.type.members.filter(({ optional }) => !optional)
      .length ?? 0;
  return tag?.members.map(({ name }) => name).toSorted((a, b) => required(a) - required(b))[0];
}
