/**
 * A schema less what an endpoint does not have. A driver that is left out is no value of the type of `driver` in
 * `blockdev-add`, and no branch of a union over it.
 */
import type { Command, Event, ObjectType, Schema, SchemaType } from './model.ts';

/** What is kept, by names. */
export interface Offered {
  readonly commands: readonly string[];
  readonly events: readonly string[];
  readonly drivers: readonly string[];
}

/** Values of the type of `driver` in `blockdev-add`; empty without that command. */
export function driversOf(schema: Schema): string[] {
  const type = driverType(schema);
  return type?.kind === 'enum' ? type.members.map(({ name }) => name) : [];
}

/** What the reference advertises, and what an endpoint without a schema of its own is tested against. Throws for a name that the schema lacks, drivers apart. */
export function restrictSchema(schema: Schema, { commands, events, drivers }: Offered): Schema {
  const types = new Restriction(driverType(schema), new Set(drivers));
  const kept = commands.map((name): [string, Command] => {
    const command = defined(schema.commands.get(name), name);
    const returns = types.restrict(command.returns);
    return [name, { ...command, arguments: types.restrict(command.arguments), returns }];
  });
  const keptEvents = events.map((name): [string, Event] => {
    const event = defined(schema.events.get(name), name);
    return [name, { ...event, data: types.restrict(event.data) }];
  });
  return { commands: new Map(kept), events: new Map(keptEvents), types: types.byName() };
}

function driverType({ commands }: Schema): SchemaType | undefined {
  return commands.get('blockdev-add')?.arguments.members.find(({ name }) => name === 'driver')?.type;
}

function defined<T>(definition: T | undefined, name: string): T {
  if (definition === undefined) throw new Error(`the schema does not define '${name}'`);
  return definition;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Copies a graph of types that may reach themselves. */
class Restriction {
  readonly #driverType: SchemaType | undefined;
  readonly #drivers: ReadonlySet<string>;
  readonly #copies = new Map<SchemaType, SchemaType>();

  constructor(ofDrivers: SchemaType | undefined, drivers: ReadonlySet<string>) {
    this.#driverType = ofDrivers;
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
      this.#fill(copy, type === this.#driverType);
    }
    return copy as T;
  }

  #fill(copy: Mutable<SchemaType>, isDriver: boolean): void {
    switch (copy.kind) {
      case 'builtin':
        return;
      case 'enum':
        if (isDriver) copy.members = copy.members.filter(({ name }) => this.#drivers.has(name));
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
