/**
 * The schema that the endpoint advertises: the spec's, less what is not implemented. Arguments are checked against the
 * whole, as by an endpoint that was built without some drivers: it knows their options, and then lacks the driver.
 *
 * A driver that is not implemented is no value of `BlockdevDriver` and no branch of a union over it.
 */
import type { Command, Event, ObjectType, Schema, SchemaType } from '../../spec/model.ts';

export interface Implemented {
  readonly commands: readonly string[];
  readonly events: readonly string[];
  readonly drivers: readonly string[];
}

/** The restricted schema, commands and events in the order given; all are defined in `spec`. */
export function advertise(spec: Schema, implemented: Implemented): Schema {
  const types = new Restriction(new Set(implemented.drivers));
  const commands = implemented.commands.map((name): [string, Command] => {
    const command = defined(spec.commands.get(name), name);
    const returns = types.restrict(command.returns);
    return [name, { ...command, arguments: types.restrict(command.arguments), returns }];
  });
  const events = implemented.events.map((name): [string, Event] => {
    const event = defined(spec.events.get(name), name);
    return [name, { ...event, data: types.restrict(event.data) }];
  });
  return { commands: new Map(commands), events: new Map(events), types: types.byName() };
}

function defined<T>(definition: T | undefined, name: string): T {
  if (definition === undefined) throw new Error(`the schema does not define '${name}'`);
  return definition;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Copies a graph of types that may reach themselves. */
class Restriction {
  readonly #drivers: ReadonlySet<string>;
  readonly #copies = new Map<SchemaType, SchemaType>();

  constructor(drivers: ReadonlySet<string>) {
    this.#drivers = drivers;
  }

  byName(): Map<string, SchemaType> {
    return new Map([...this.#copies.values()].map((type) => [type.name, type]));
  }

  restrict<T extends SchemaType>(type: T): T {
    let copy = this.#copies.get(type);
    if (copy === undefined) {
      copy = { ...type };
      this.#copies.set(type, copy);
      this.#fill(copy);
    }
    return copy as T;
  }

  #fill(copy: Mutable<SchemaType>): void {
    switch (copy.kind) {
      case 'builtin':
        return;
      case 'enum':
        if (copy.name === 'BlockdevDriver')
          copy.members = copy.members.filter(({ name }) => this.#drivers.has(name));
        return;
      case 'array':
        copy.element = this.restrict(copy.element);
        return;
      case 'alternate':
        copy.choices = copy.choices.map((choice) => this.restrict(choice));
        return;
      case 'object':
        this.#fillObject(copy);
    }
  }

  #fillObject(copy: Mutable<ObjectType>): void {
    copy.members = copy.members.map((member) => ({ ...member, type: this.restrict(member.type) }));
    const tag = copy.members.find(({ name }) => name === copy.tag)?.type;
    if (tag?.kind !== 'enum') return;
    const cases = new Set(tag.members.map(({ name }) => name));
    copy.variants = copy.variants
      .filter((variant) => cases.has(variant.case))
      .map((variant) => ({ ...variant, type: this.restrict(variant.type) }));
  }
}
