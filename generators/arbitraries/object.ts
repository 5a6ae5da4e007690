/**
 * Structs, and the members of a union once its branch is known. Optional members come in every class of combination:
 * none, all, one, all but one, and any.
 */
import type { JsonObject } from '../../spec/json.ts';
import { bound } from '../types/bounds.ts';
import type { Draw } from './draw.ts';
import type { Generator } from './generator.ts';

export interface MemberGenerator {
  readonly name: string;
  readonly optional: boolean;
  /** Compiled when first needed: types form circles. */
  readonly generator: () => Generator;
}

export function structGenerator(members: readonly MemberGenerator[]): Generator {
  return {
    generate: (draw) => generateMembers(draw, members, {}),
    simplest: () => simplestMembers(members, {}),
    *shrink(value) {
      yield* shrinkMembers(value as JsonObject, members);
    },
  };
}

/** Adds members to `value`, which holds the tag already if there is one. */
export function generateMembers(
  draw: Draw,
  members: readonly MemberGenerator[],
  value: JsonObject,
): JsonObject {
  const chosen = optionalChooser(draw, members);
  draw.depth++;
  for (const member of members)
    if ((!member.optional || chosen(member)) && !Object.hasOwn(value, member.name))
      value[member.name] = member.generator().generate(draw);
  draw.depth--;
  bound(value, draw.depth > 0);
  return value;
}

export function simplestMembers(members: readonly MemberGenerator[], value: JsonObject): JsonObject {
  for (const { name, optional, generator } of members)
    if (!optional && !Object.hasOwn(value, name)) value[name] = generator().simplest();
  return value;
}

/** Fewer optional members (none, half of them, all but one), then simpler ones. `fixed` is left alone. */
export function* shrinkMembers(
  value: JsonObject,
  members: readonly MemberGenerator[],
  fixed?: string,
): Iterable<JsonObject> {
  const optional = members
    .filter(({ name, optional: may }) => may && Object.hasOwn(value, name))
    .map(({ name }) => name);
  if (optional.length > 1) {
    yield without(value, optional);
    const middle = optional.length >> 1;
    if (middle > 1) yield without(value, optional.slice(0, middle));
    if (optional.length - middle > 1) yield without(value, optional.slice(middle));
  }
  for (const name of optional) yield without(value, [name]);
  for (const { name, generator } of members) {
    if (name === fixed || !Object.hasOwn(value, name)) continue;
    for (const simpler of generator().shrink(value[name]!)) yield { ...value, [name]: simpler };
  }
}

function without(value: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

/** Percentages of the classes; the rest is any combination, each member with the same chance. */
const NONE = 15;
const ONE = NONE + 20;
const ALL_BUT_ONE = ONE + 4;
const ALL = ALL_BUT_ONE + 4;
const DENSITIES = [15, 30, 50, 80];

function optionalChooser(
  draw: Draw,
  members: readonly MemberGenerator[],
): (member: MemberGenerator) => boolean {
  if (draw.exhausted) return () => false;
  // All of them at every level would make values without end: below the first, few.
  const kind = draw.below(draw.depth === 0 ? 100 : ONE * 2);
  if (kind < NONE) return () => false;
  if (kind < ALL) {
    const optional = members.filter((member) => member.optional);
    if (optional.length === 0) return () => false;
    if (kind >= ALL_BUT_ONE) return () => true;
    const special = draw.pick(optional);
    return kind < ONE ? (member) => member === special : (member) => member !== special;
  }
  const density = draw.pick(DENSITIES);
  return () => draw.chance(density);
}
