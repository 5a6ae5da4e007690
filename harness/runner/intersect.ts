/**
 * What two schemas both offer: the commands, events, members, branches and values that are in each, with the types
 * as the first one words them (it is the spec, and knows integer ranges and names that introspection hides).
 */
import type { AlternateType, Command, Event, ObjectType, Schema, SchemaType } from '../../spec/model.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What both schemas offer: types, members and values of the left that the right has too. */
export function intersect(left: Schema, right: Schema): Schema {
  const meet = new Meet();
  const commands = new Map<string, Command>();
  for (const [name, command] of left.commands) {
    const other = right.commands.get(name);
    if (other === undefined) continue;
    const returns = meet.types(command.returns, other.returns);
    const args = meet.objects(command.arguments, other.arguments);
    if (returns !== null) commands.set(name, { ...command, arguments: args, returns });
  }
  const events = new Map<string, Event>();
  for (const [name, event] of left.events) {
    const other = right.events.get(name);
    if (other !== undefined) events.set(name, { ...event, data: meet.objects(event.data, other.data) });
  }
  return { commands, events, types: left.types };
}

class Meet {
  /** By both types; entered before its members are filled in, since types may reach themselves. */
  readonly #objects = new Map<ObjectType, Map<ObjectType, ObjectType>>();
  readonly #alternates = new Map<AlternateType, Map<AlternateType, AlternateType>>();

  /** Null if no value can be of both. */
  types(left: SchemaType, right: SchemaType): SchemaType | null {
    if (left.kind === 'alternate' && right.kind === 'alternate') return this.alternates(left, right);
    if (left.kind === 'alternate') return firstMet(left.choices, (choice) => this.types(choice, right));
    if (right.kind === 'alternate') return firstMet(right.choices, (choice) => this.types(left, choice));
    if (left.kind === 'builtin' && right.kind === 'builtin')
      return left.jsonType === right.jsonType || right.jsonType === 'value' ? left : null;
    if (isString(left) && right.kind === 'enum') return right;
    if (left.kind === 'enum' && isString(right)) return left;
    if (left.kind === 'enum' && right.kind === 'enum') {
      const values = new Set(right.members.map(({ name }) => name));
      return { ...left, members: left.members.filter(({ name }) => values.has(name)) };
    }
    if (left.kind === 'array' && right.kind === 'array') {
      const element = this.types(left.element, right.element);
      return element === null ? null : { ...left, element };
    }
    if (left.kind === 'object' && right.kind === 'object') return this.objects(left, right);
    return null;
  }

  objects(left: ObjectType, right: ObjectType): ObjectType {
    const known = this.#objects.get(left)?.get(right);
    if (known !== undefined) return known;
    const met: Mutable<ObjectType> = { ...left, members: [], variants: [] };
    remember(this.#objects, left, right, met);
    met.members = left.members.flatMap((member) => {
      const other = right.members.find(({ name }) => name === member.name);
      const type = other === undefined ? null : this.types(member.type, other.type);
      return type === null ? [] : [{ ...member, type, optional: member.optional && other!.optional }];
    });
    met.variants = left.variants.flatMap((variant) => {
      const other = right.variants.find((candidate) => candidate.case === variant.case);
      return other === undefined ? [] : [{ ...variant, type: this.objects(variant.type, other.type) }];
    });
    return met;
  }

  alternates(left: AlternateType, right: AlternateType): AlternateType {
    const known = this.#alternates.get(left)?.get(right);
    if (known !== undefined) return known;
    const met: Mutable<AlternateType> = { ...left, choices: [] };
    remember(this.#alternates, left, right, met);
    met.choices = left.choices.flatMap((choice) => {
      const type = firstMet(right.choices, (other) => this.types(choice, other));
      return type === null ? [] : [type];
    });
    return met;
  }
}

function isString(type: SchemaType): boolean {
  return type.kind === 'builtin' && type.jsonType === 'string';
}

function firstMet<T>(items: readonly T[], meet: (item: T) => SchemaType | null): SchemaType | null {
  for (const item of items) {
    const met = meet(item);
    if (met !== null) return met;
  }
  return null;
}

function remember<T>(memo: Map<T, Map<T, T>>, left: T, right: T, met: T): void {
  const row = memo.get(left) ?? new Map<T, T>();
  row.set(right, met);
  memo.set(left, row);
}
