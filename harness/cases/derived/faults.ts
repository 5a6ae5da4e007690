/**
 * Valid arguments with one fault each: what the schema forbids, member by member, objects within objects included.
 *
 * 1. Sites: every object in the arguments, with the optional ones put in; a union that contains itself is looked
 *    into once more, at its tag only.
 * 2. Faults: at each site those of one kind.
 */
import { integerInputRange } from '../../../spec/integers.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { Member, ObjectType, SchemaType } from '../../../spec/model.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import { validatorFor } from '../../../spec/validate.ts';
import { membersOf, memberValue, minimalObject } from './minimal.ts';

/** The kinds of fault, with the requirement that forbids each. */
export const FAULTS = {
  'missing-member': 'schema/member-missing',
  'out-of-range': 'schema/integer-range',
  'unknown-member': 'schema/member-unknown',
  'unknown-value': 'schema/enum-value',
  'wrong-branch': 'schema/branch-members',
  'wrong-element': 'schema/list-elements',
  'wrong-type': 'schema/member-type',
} as const satisfies Record<string, RequirementId>;

export type FaultKind = keyof typeof FAULTS;

export interface Faulty {
  readonly args: JsonObject;
  /** For messages: `file.driver: 1`. */
  readonly where: string;
  /** What a helpful refusal mentions, any of these; none where nobody does. */
  readonly mentions: readonly string[];
}

/** An object within arguments; `members` are those to be tried. */
interface Site {
  readonly args: JsonObject;
  readonly path: readonly (string | number)[];
  readonly type: ObjectType;
  readonly members: readonly Member[];
}

const MAX_DEPTH = 3;
const MAX_FOREIGN = 12;
const UNKNOWN_MEMBER = 'no-such-member';
const UNKNOWN_VALUE = 'no-such-value';
/** One value of each JSON type, numbers with and without fraction. */
const ANY_TYPE: readonly Json[] = [null, true, 1, 0.5, 'x', [], {}];

/** `members`: those of the outermost object to be tried. `nothing` as for `minimalObject`. */
export function* faulty(
  kind: FaultKind,
  type: ObjectType,
  args: JsonObject,
  members: readonly Member[],
  nothing: string,
): Generator<Faulty> {
  for (const site of sites({ args, path: [], type, members }, [type], nothing))
    yield* faultsAt(kind, site, nothing);
}

function* sites(site: Site, above: readonly ObjectType[], nothing: string): Generator<Site> {
  yield site;
  if (site.path.length >= MAX_DEPTH) return;
  for (const member of site.members) {
    const found = objectIn(member.type);
    if (found === undefined) continue;
    const path = [...site.path, member.name];
    const present = at(site.args, path);
    const value = isJsonObject(present) ? present : minimalObject(found.type, nothing);
    const args = put(site.args, path, found.listed ? [value] : value);
    const inner = found.listed ? [...path, 0] : path;
    if (!above.includes(found.type))
      yield* sites(
        { args, path: inner, type: found.type, members: membersOf(found.type, value) },
        [...above, found.type],
        nothing,
      );
    else if (found.type.tag !== undefined)
      yield {
        args,
        path: inner,
        type: found.type,
        members: found.type.members.filter(({ name }) => name === found.type.tag),
      };
  }
}

function* faultsAt(kind: FaultKind, site: Site, nothing: string): Generator<Faulty> {
  const { args, path, members } = site;
  switch (kind) {
    case 'unknown-member':
      yield fault(put(args, [...path, UNKNOWN_MEMBER], 1), [...path, UNKNOWN_MEMBER], 'unknown');
      return;
    case 'wrong-branch':
      for (const { name, value } of foreignMembers(site, nothing))
        yield fault(put(args, [...path, name], value), [...path, name], 'of another branch');
      return;
    case 'missing-member':
      for (const { name, optional } of members)
        if (!optional) yield fault(take(args, [...path, name]), [...path, name], 'missing');
      return;
    default:
      for (const member of members) {
        const inner = [...path, member.name];
        for (const value of wrongValues(kind, member.type)) {
          const { where, mentions } = fault(args, inner, show(value));
          const alsoValue = kind === 'unknown-value' ? [String(value)] : [];
          yield {
            args: put(args, inner, value),
            where,
            mentions: kind === 'wrong-element' ? [] : [...mentions, ...alsoValue],
          };
        }
      }
  }
}

function fault(args: JsonObject, path: Site['path'], what: string): Faulty {
  return { args, where: `${path.join('.')}: ${what}`, mentions: [String(path.at(-1))] };
}

function wrongValues(kind: FaultKind, type: SchemaType): readonly Json[] {
  if (kind === 'wrong-type') return illTyped(type);
  if (kind === 'wrong-element')
    return type.kind === 'array' ? illTyped(type.element).map((element) => [element]) : [];
  if (kind === 'unknown-value') return type.kind === 'enum' ? unknownValues(type.members) : [];
  if (type.kind !== 'builtin' || type.jsonType !== 'int' || type.anyInteger) return [];
  const { min, max } = integerInputRange(type);
  return [min - 1n, max + 1n];
}

/** Values of JSON types that the type does not take at all. */
function illTyped(type: SchemaType): readonly Json[] {
  const issuesOf = validatorFor(type, 'input');
  return ANY_TYPE.filter((value) =>
    issuesOf(value).some(({ code, path }) => code === 'type' && path === '$'),
  );
}

function unknownValues(members: readonly { readonly name: string }[]): readonly string[] {
  const known = new Set(members.map(({ name }) => name));
  const upper = members[0]?.name.toUpperCase() ?? '';
  return [UNKNOWN_VALUE, '', upper].filter((value) => !known.has(value));
}

/** One member of each other branch that this one does not have, with a value of its type. */
function foreignMembers({ args, path, type }: Site, nothing: string): { name: string; value: Json }[] {
  const value = at(args, path) as JsonObject;
  const own = new Set(membersOf(type, value).map(({ name }) => name));
  const foreign = new Map<string, Json>();
  for (const variant of type.variants) {
    const member = variant.type.members.find(({ name }) => !own.has(name) && !foreign.has(name));
    if (member !== undefined) foreign.set(member.name, memberValue(member, nothing));
  }
  return [...foreign].slice(0, MAX_FOREIGN).map(([name, known]) => ({ name, value: known }));
}

/** The object type that a member holds, by itself, as a choice, or as the element of a list. */
function objectIn(type: SchemaType): { type: ObjectType; listed: boolean } | undefined {
  if (type.kind === 'object') return { type, listed: false };
  if (type.kind === 'alternate') {
    const object = type.choices.find((choice) => choice.kind === 'object');
    return object && { type: object, listed: false };
  }
  if (type.kind !== 'array') return undefined;
  const element = objectIn(type.element);
  return element && !element.listed ? { type: element.type, listed: true } : undefined;
}

function at(args: Json, path: Site['path']): Json | undefined {
  let value: Json | undefined = args;
  for (const key of path) value = (value as Record<string | number, Json> | undefined)?.[key];
  return value;
}

/** A copy of `args` with `value` at `path`. */
function put(args: JsonObject, path: Site['path'], value: Json): JsonObject {
  const copy = structuredClone(args);
  (at(copy, path.slice(0, -1)) as Record<string | number, Json>)[path.at(-1)!] = value;
  return copy;
}

/** A copy of `args` without the member at `path`. */
function take(args: JsonObject, path: Site['path']): JsonObject {
  const copy = structuredClone(args);
  delete (at(copy, path.slice(0, -1)) as JsonObject)[String(path.at(-1))];
  return copy;
}

function show(value: Json): string {
  return typeof value === 'bigint'
    ? String(value)
    : JSON.stringify(value, (_, v: Json) => (typeof v === 'bigint' ? String(v) : v));
}
