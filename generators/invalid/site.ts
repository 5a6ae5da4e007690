/** The objects within valid arguments: where faults can be put in. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Member, ObjectType, SchemaType } from '../../spec/model.ts';
import { branchOf } from '../types/members.ts';
import type { Path } from '../types/path.ts';

export interface Site {
  readonly type: ObjectType;
  readonly path: Path;
  readonly value: JsonObject;
  /** The members that faults are put into: as a rule all that the value may have. */
  readonly members: readonly Member[];
  /** Set for the arguments themselves. */
  readonly command?: string;
}

/** All of them, outermost first. */
export function* sitesOf(type: ObjectType, args: JsonObject, command: string): Iterable<Site> {
  for (const site of sitesIn(type, args, [])) yield site.path.length === 0 ? { ...site, command } : site;
}

function* sitesIn(type: SchemaType, value: Json, path: Path): Iterable<Site> {
  if (type.kind === 'array' && Array.isArray(value))
    for (const [index, item] of value.entries()) yield* sitesIn(type.element, item, [...path, index]);
  else if (type.kind === 'alternate') {
    const form = type.choices.find(({ kind }) => kind === (Array.isArray(value) ? 'array' : 'object'));
    if (form !== undefined) yield* sitesIn(form, value, path);
  } else if (type.kind === 'object' && isJsonObject(value)) {
    const { members } = branchOf(type, value);
    yield { type, path, value, members };
    for (const member of members)
      if (Object.hasOwn(value, member.name))
        yield* sitesIn(member.type, value[member.name]!, [...path, member.name]);
  }
}
