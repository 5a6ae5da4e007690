/**
 * Walks several schemas in step and lists the points where they do not all say the same:
 *
 *   1. pair commands and events by name;
 *   2. from there walk arguments, returns and events' data, the nearest first, by names of members, values of enums
 *      and branches; what only one schema has is one point, and is not walked further;
 *   3. describe types that are reached again once, at the shortest path.
 *
 * What a point means for clients and endpoints is decided in `changes.ts`.
 */
import type { EnumType, Feature, Member, ObjectType, Schema, SchemaType } from '../model.ts';
import type { Point, PointKind, Position, State } from './point.ts';
import { partsOf, shapes } from './type-shape.ts';

/** The points where the schemas differ, commands and events in alphabetic order, then what is nearest to them. */
export function align(schemas: readonly Schema[]): Point[] {
  const walk = new Walk();
  const names = (of: 'commands' | 'events') =>
    [...new Set(schemas.flatMap((schema) => [...schema[of].keys()]))].toSorted();
  for (const name of names('commands')) {
    const commands = schemas.map((schema) => schema.commands.get(name) ?? null);
    const states = each(commands, (one) => (one.allowOob ? 'out-of-band' : 'present'));
    walk.point({ kind: 'command', position: 'argument', path: name, states });
    walk.features(commands, { path: name, position: 'argument' });
    walk.later(
      each(commands, (one) => one.arguments),
      { path: name, position: 'argument' },
    );
    walk.later(
      each(commands, (one) => one.returns),
      { path: `${name}=>`, position: 'return' },
    );
  }
  for (const name of names('events')) {
    const events = schemas.map((schema) => schema.events.get(name) ?? null);
    walk.point({
      kind: 'event',
      position: 'event',
      path: name,
      states: each(events, () => 'present'),
    });
    walk.features(events, { path: name, position: 'event' });
    walk.later(
      each(events, (one) => one.data),
      { path: name, position: 'event' },
    );
  }
  return walk.finish();
}

interface Place {
  readonly path: string;
  readonly position: Position;
  /** Path of the union whose branches the values of the enum there select. */
  readonly selects?: string;
}

type Row<T> = readonly (T | null)[];

const NOTHING: ObjectType = { kind: 'object', name: '', members: [], variants: [], features: [] };

class Walk {
  readonly #points: Point[] = [];
  readonly #queue: { types: Row<SchemaType>; place: Place }[] = [];
  /** Rows of types that were walked, by each of their types; apart for what is sent and what is received. */
  readonly #walked = {
    sent: new Map<SchemaType, Row<SchemaType>[]>(),
    received: new Map<SchemaType, Row<SchemaType>[]>(),
  };

  /** Records a point if the schemas differ in it. */
  point(point: Point): void {
    const said = point.states.filter((state) => state !== undefined);
    if (said.some((state) => state !== said[0])) this.#points.push(point);
  }

  later(types: Row<SchemaType>, place: Place): void {
    this.#queue.push({ types, place });
  }

  finish(): Point[] {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
      this.#type(next.types, next.place);
    return this.#points;
  }

  features(
    owners: Row<{ readonly features: readonly Feature[] }>,
    { path, position }: Place,
    type?: string,
  ): void {
    if (present(owners) < 2) return;
    const sets = each(owners, (owner) => new Set(owner.features.map(({ name }) => name)));
    for (const name of union(sets)) {
      const states = each(sets, (set) => (set.has(name) ? 'present' : null));
      const deprecated = name === 'deprecated';
      this.point({
        kind: deprecated ? 'deprecation' : 'feature',
        position,
        path: deprecated ? path : `${path}@${name}`,
        ...(type !== undefined && { type }),
        states: absentAs(sets, states),
      });
    }
  }

  #type(types: Row<SchemaType>, place: Place): void {
    if (present(types) < 2) return;
    this.point({ kind: 'type', ...bare(place), ...named(types), states: absentAs(types, shapes(types)) });
    const parts = each(types, partsOf);
    this.#object(
      parts.map((part) => part?.object ?? null),
      place,
    );
    this.#enum(
      parts.map((part) => part?.enum ?? null),
      place,
    );
    this.later(
      parts.map((part) => part?.array?.element ?? null),
      { ...bare(place), path: `${place.path}[]` },
    );
  }

  #object(objects: Row<ObjectType>, place: Place): void {
    if (present(objects) < 2 || this.#wasWalked(objects, place)) return;
    const owner = named(objects);
    this.features(objects, place, owner.type);
    const tags = new Set(objects.map((object) => object?.tag));
    this.#members(objects, place, tags);
    const values = each(objects, tagValues);
    for (const value of union(values)) {
      const branches = objects.map((object, index) =>
        values[index]?.has(value) ? branchOf(object!, value) : null,
      );
      this.later(branches, { ...bare(place), path: `${place.path}<${value}>` });
    }
  }

  #members(objects: Row<ObjectType>, { path, position }: Place, tags: ReadonlySet<string | undefined>): void {
    const tables = each(objects, (object) => new Map(object.members.map((member) => [member.name, member])));
    for (const name of union(tables)) {
      const members: Row<Member> = tables.map((table) => table?.get(name) ?? null);
      const place: Place = {
        position,
        path: path.endsWith('=>') ? `${path}${name}` : `${path}.${name}`,
        ...(tags.has(name) && { selects: path }),
      };
      const states = each(members, (member) => (member.optional ? 'optional' : 'mandatory'));
      const owner = named(objects.map((object, index) => (members[index] === null ? null : object)));
      this.point({ kind: 'member', ...bare(place), ...owner, states: absentAs(tables, states) });
      this.features(members, place, owner.type);
      this.later(
        each(members, (member) => member.type),
        place,
      );
    }
  }

  #enum(enums: Row<EnumType>, place: Place): void {
    if (present(enums) < 2 || this.#wasWalked(enums, place)) return;
    const owner = named(enums);
    this.features(enums, place, owner.type);
    const kind: PointKind = place.selects === undefined ? 'value' : 'branch';
    const tables = each(enums, (one) => new Map(one.members.map((member) => [member.name, member])));
    for (const name of union(tables)) {
      const members = tables.map((table) => table?.get(name) ?? null);
      const path = `${place.selects ?? place.path}<${name}>`;
      const states = absentAs(
        tables,
        each(members, () => 'present'),
      );
      this.point({ kind, position: place.position, path, ...owner, states });
      this.features(members, { path, position: place.position }, owner.type);
    }
  }

  /** Whether these types were compared before, all of them at once; remembers them. */
  #wasWalked(types: Row<SchemaType>, { position }: Place): boolean {
    const walked = position === 'argument' ? this.#walked.sent : this.#walked.received;
    const first = types.find((type) => type !== null)!;
    const rows = walked.get(first) ?? [];
    if (rows.some((row) => types.every((type, index) => type === null || type === row[index]))) return true;
    for (const type of types) if (type !== null) walked.set(type, [...(walked.get(type) ?? []), types]);
    return false;
  }
}

function bare({ path, position }: Place): Place {
  return { path, position };
}

function each<T, U>(row: Row<T>, of: (item: T) => U): (U | null)[] {
  return row.map((item) => (item === null ? null : of(item)));
}

function present(row: Row<unknown>): number {
  return row.filter((item) => item !== null).length;
}

/** The states, with undefined where there is not even an owner. */
function absentAs(owners: Row<unknown>, states: readonly State[]): State[] {
  return states.map((state, index) => (owners[index] === null ? undefined : state));
}

function union(sets: Row<{ keys(): Iterable<string> }>): string[] {
  return [...new Set(sets.flatMap((set) => (set === null ? [] : [...set.keys()])))];
}

/** Name of a type where one is real: masked ones are numbers, and what the compiler makes up begins with `q_`. */
function named(types: Row<SchemaType>): { readonly type?: string } {
  const real = types.find(
    (type) => type !== null && /^(?!q_)[A-Za-z]/.test(type.name) && NAMED_KINDS.has(type.kind),
  );
  return real == null ? {} : { type: real.name };
}

const NAMED_KINDS: ReadonlySet<SchemaType['kind']> = new Set(['enum', 'object', 'alternate']);

function tagValues(object: ObjectType): Set<string> {
  const tag = object.members.find(({ name }) => name === object.tag)?.type;
  return new Set(tag?.kind === 'enum' ? tag.members.map(({ name }) => name) : []);
}

function branchOf(object: ObjectType, value: string): ObjectType {
  return object.variants.find((variant) => variant.case === value)?.type ?? NOTHING;
}
