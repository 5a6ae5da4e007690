/**
 * Faults put into the least valid arguments, exhaustively: every object in the arguments, with the optional ones put
 * in, gets each fault of a kind. A union that contains itself is looked into once more, at its tag only. What a fault
 * is, the generators say.
 */
import { type Fault, faultsAt } from '../../../generators/invalid/fault.ts';
import { MUTATIONS, type MutationName } from '../../../generators/invalid/mutations.ts';
import { at, type Path, put } from '../../../generators/types/path.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { Member, ObjectType, SchemaType } from '../../../spec/model.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import { membersOf, minimalObject } from './minimal.ts';
import type { Problem } from './properties/search.ts';

/** The kinds of fault that have cases of their own, in the order of these. */
export const KINDS = [
  'missing-member',
  'out-of-range',
  'unknown-member',
  'unknown-value',
  'wrong-branch',
  'wrong-element',
  'wrong-type',
] as const satisfies readonly MutationName[];

export type FaultKind = (typeof KINDS)[number];

/** The requirement that forbids it. */
export function forbiddenBy(kind: FaultKind): RequirementId {
  return MUTATIONS[kind].requirement;
}

/** What is refused where a fault of this kind is put in. */
const FAULTY: Readonly<Record<MutationName, string>> = {
  'missing-member': 'an object without a required member',
  'unknown-member': 'a member that the schema does not have',
  'renamed-member': 'a member whose name is spelled otherwise',
  'duplicate-member': 'a member that is given twice, once ill-typed,',
  'wrong-type': 'a value of the wrong type',
  'wrong-element': 'a list with an element of the wrong type',
  'integer-form': 'an integer written with a fraction or an exponent',
  'out-of-range': 'an integer outside of its range',
  'unknown-value': 'a string that is no value of the enum',
  'wrong-branch': 'a member of another branch',
  'deep-nesting': 'a value that is nested deeply',
  'exclusive-members': 'a choice of members that exclude each other',
};

/** What an answer to a fault breaks, null if nothing: its error, undefined where it was accepted. */
export function problemOf(fault: Fault, error: Json | undefined): Problem | null {
  const { mutation, errorClass, path, where } = fault;
  const place = { path: path.replace('$', '$.arguments'), got: where.slice(0, 200) };
  const required = `${FAULTY[mutation]} must be refused with ${errorClass}` as const;
  if (error === undefined) return [required, 'it was accepted', place];
  const got = isJsonObject(error) ? error.class : null;
  return got === errorClass ? null : [required, `its class is ${String(got)}`, place];
}

/** An object within arguments; `members` are those to be tried. */
interface FaultPlace {
  readonly args: JsonObject;
  readonly path: Path;
  readonly type: ObjectType;
  readonly members: readonly Member[];
}

const MAX_DEPTH = 3;

/** `members`: those of the outermost object to be tried. `nothing` as for `minimalObject`. */
export function* faulty(
  kind: FaultKind,
  type: ObjectType,
  args: JsonObject,
  members: readonly Member[],
  nothing: string,
): Generator<Fault> {
  for (const place of places({ args, path: [], type, members }, [type], nothing)) {
    const site = { ...place, value: at(place.args, place.path) as JsonObject };
    yield* faultsAt(kind, site, place.args);
  }
}

function* places(place: FaultPlace, above: readonly ObjectType[], nothing: string): Generator<FaultPlace> {
  yield place;
  if (place.path.length >= MAX_DEPTH) return;
  for (const member of place.members) {
    const found = objectIn(member.type);
    if (found === undefined) continue;
    const path = [...place.path, member.name];
    const present = at(place.args, path);
    const value = isJsonObject(present) ? present : minimalObject(found.type, nothing);
    const args = put(place.args, path, found.listed ? [value] : value) as JsonObject;
    const inner = found.listed ? [...path, 0] : path;
    if (!above.includes(found.type))
      yield* places(
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
