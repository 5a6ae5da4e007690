/**
 * What two schemas both offer: the values that satisfy one and the other. A case may use no more than this of the
 * spec and of an endpoint that is years older or newer.
 *
 * Types are paired by where they are used, never by name (an introspection masks names). A member that one side
 * requires is required; one whose types share no value is left out. Of integers the side that knows the range wins.
 */
import type {
  AlternateType,
  BuiltinType,
  Command,
  Event,
  Member,
  ObjectType,
  Schema,
  SchemaType,
  Variant,
} from './model.ts';

/** The commands, events, members, branches and enum values of `left` that `right` has as well. */
export function intersectSchemas(left: Schema, right: Schema): Schema {
  const pairs = new Pairs();
  const commands = new Map<string, Command>();
  for (const command of left.commands.values()) {
    const other = right.commands.get(command.name);
    if (other === undefined) continue;
    commands.set(command.name, {
      ...command,
      arguments: pairs.object(command.arguments, other.arguments),
      returns: pairs.type(command.returns, other.returns) ?? command.returns,
      allowOob: command.allowOob && other.allowOob,
      unchecked: command.unchecked || other.unchecked,
    });
  }
  const events = new Map<string, Event>();
  for (const event of left.events.values()) {
    const other = right.events.get(event.name);
    if (other !== undefined) events.set(event.name, { ...event, data: pairs.object(event.data, other.data) });
  }
  return { commands, events, types: pairs.named() };
}

/** Intersections of pairs of types, each made once, so that types which reach themselves end. */
class Pairs {
  readonly #made = new Map<SchemaType, Map<SchemaType, SchemaType>>();

  /** The types that were made, by the name on the left. */
  named(): Map<string, SchemaType> {
    return new Map(
      [...this.#made.values()].flatMap((made) => [...made.values()].map((type) => [type.name, type])),
    );
  }

  /** Null where the two have no value in common. */
  type(left: SchemaType, right: SchemaType): SchemaType | null {
    if (left.kind === 'alternate') return this.#alternate(left, right);
    if (right.kind === 'alternate') return this.#firstOf(left, right.choices);
    if (left.kind === 'object') return right.kind === 'object' ? this.object(left, right) : null;
    if (left.kind === 'array') {
      const element = right.kind === 'array' ? this.type(left.element, right.element) : null;
      return element && { ...left, element };
    }
    if (left.kind === 'enum') {
      if (right.kind !== 'enum') return jsonTypeOf(right) === 'string' ? left : null;
      const values = new Set(right.members.map((member) => member.name));
      return { ...left, members: left.members.filter((member) => values.has(member.name)) };
    }
    return builtins(left, right);
  }

  object(left: ObjectType, right: ObjectType): ObjectType {
    const known = this.#made.get(left)?.get(right);
    if (known !== undefined) return known as ObjectType;
    const members: Member[] = [];
    const variants: Variant[] = [];
    const made: ObjectType = { ...left, members, variants };
    const byRight = this.#made.get(left) ?? new Map<SchemaType, SchemaType>();
    this.#made.set(left, byRight.set(right, made));
    for (const member of left.members) {
      const other = right.members.find(({ name }) => name === member.name);
      const type = other && this.type(member.type, other.type);
      if (type) members.push({ ...member, type, optional: member.optional && other.optional });
    }
    for (const variant of left.variants) {
      const other = right.variants.find((candidate) => candidate.case === variant.case);
      if (other) variants.push({ ...variant, type: this.object(variant.type, other.type) });
    }
    return made;
  }

  #alternate(left: AlternateType, right: SchemaType): SchemaType | null {
    const others = right.kind === 'alternate' ? right.choices : [right];
    const choices = left.choices
      .map((choice) => this.#firstOf(choice, others))
      .filter((choice): choice is SchemaType => choice !== null);
    return choices.length > 0 ? { ...left, choices } : null;
  }

  #firstOf(left: SchemaType, others: readonly SchemaType[]): SchemaType | null {
    for (const other of others) {
      const type = this.type(left, other);
      if (type) return type;
    }
    return null;
  }
}

function jsonTypeOf(type: SchemaType): string {
  return type.kind === 'builtin' ? type.jsonType : type.kind === 'enum' ? 'string' : type.kind;
}

function builtins(left: BuiltinType, right: SchemaType): SchemaType | null {
  if (left.jsonType === 'value') return right;
  if (right.kind === 'builtin' && right.jsonType === 'value') return left;
  if (right.kind === 'enum') return left.jsonType === 'string' ? right : null;
  if (right.kind !== 'builtin') return null;
  if (left.jsonType === right.jsonType) return left.anyInteger ? right : left;
  if (left.jsonType === 'int' && right.jsonType === 'number') return left;
  if (left.jsonType === 'number' && right.jsonType === 'int') return right;
  return null;
}
