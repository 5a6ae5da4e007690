/** The members that an object may have together: one set for a struct, one for each value of a union's tag. */
import type { JsonObject } from '../../spec/json.ts';
import type { EnumType, Member, ObjectType } from '../../spec/model.ts';

/** The members that may stand together, for one value of the tag. */
export interface Branch {
  /** Value of the tag; absent for a struct. */
  readonly tag?: string;
  /** Common ones first; the tag is one of them. */
  readonly members: readonly Member[];
}

const branches = new WeakMap<ObjectType, readonly Branch[]>();

/** Never empty, in the order of the tag's enum. */
export function branchesOf(type: ObjectType): readonly Branch[] {
  let known = branches.get(type);
  if (known === undefined) {
    known =
      type.tag === undefined ? [{ members: type.members }] : tagValues(type).map((tag) => branch(type, tag));
    branches.set(type, known);
  }
  return known;
}

/** The branch of a valid value. */
export function branchOf(type: ObjectType, value: JsonObject): Branch {
  if (type.tag === undefined) return branchesOf(type)[0]!;
  return branchesOf(type).find(({ tag }) => tag === value[type.tag!]) ?? branch(type, '');
}

function tagValues(type: ObjectType): string[] {
  const tag = type.members.find(({ name }) => name === type.tag)?.type as EnumType;
  return tag.members.map(({ name }) => name);
}

function branch(type: ObjectType, tag: string): Branch {
  const variant = type.variants.find((candidate) => candidate.case === tag);
  return { tag, members: variant === undefined ? type.members : [...type.members, ...variant.type.members] };
}
