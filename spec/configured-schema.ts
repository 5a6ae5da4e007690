/** A schema as a build of QEMU has it, by the conditions of its parts. */
import { holds } from './compiler/condition-holds.ts';
import type { Conditional, Feature, Schema } from './model.ts';
import { SchemaCopy } from './schema-copy.ts';

/** What stays where these configuration symbols are defined, and no others. */
export function configuredSchema(schema: Schema, symbols: ReadonlySet<string>): Schema {
  const exists = ({ ifcond }: Conditional) => ifcond === undefined || holds(ifcond, symbols);
  const types = new SchemaCopy(exists);
  const features = (list: readonly Feature[]) => list.filter(exists);
  const commands = [...schema.commands.values()].filter(exists).map((command) => ({
    ...command,
    arguments: types.copy(command.arguments),
    returns: types.copy(command.returns),
    features: features(command.features),
  }));
  const events = [...schema.events.values()].filter(exists).map((event) => ({
    ...event,
    data: types.copy(event.data),
    features: features(event.features),
  }));
  for (const type of schema.types.values()) if (!('ifcond' in type) || exists(type)) types.copy(type);
  return {
    commands: new Map(commands.map((command) => [command.name, command])),
    events: new Map(events.map((event) => [event.name, event])),
    types: types.byName(),
  };
}
