/**
 * A schema less what an endpoint does not have. A driver that is left out is no value of the type of `driver` in
 * `blockdev-add`, and no branch of a union over it.
 */
import type { Command, Event, Schema, SchemaType } from './model.ts';
import { SchemaCopy } from './schema-copy.ts';

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
  const driver = driverType(schema);
  const types = new SchemaCopy((part, type) => type !== driver || drivers.includes(part.name));
  const kept = commands.map((name): [string, Command] => {
    const command = defined(schema.commands.get(name), name);
    const returns = types.copy(command.returns);
    return [name, { ...command, arguments: types.copy(command.arguments), returns }];
  });
  const keptEvents = events.map((name): [string, Event] => {
    const event = defined(schema.events.get(name), name);
    return [name, { ...event, data: types.copy(event.data) }];
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
