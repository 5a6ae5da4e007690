/** Which parts of the spec's schema a run has put to the test, from what its transcripts sent and received. */
import { isJsonObject, type Json } from '../../spec/json.ts';
import type { ObjectType, Schema, SchemaType } from '../../spec/model.ts';
import type { RunRecord } from '../record.ts';
import type { Covered, SchemaCoverage } from './compat-model.ts';
import { drivers } from './subjects.ts';

export function schemaCoverage(spec: Schema, record: RunRecord): SchemaCoverage {
  const seen = {
    commands: new Set<string>(),
    events: new Set<string>(),
    drivers: new Set<string>(),
    members: new Set<string>(),
  };
  for (const { send, events = [] } of record.cases.flatMap((one) => one.transcript?.steps ?? [])) {
    for (const event of events) if (isJsonObject(event)) seen.events.add(String(event.event));
    if (!isJsonObject(send ?? null)) continue;
    const { execute, arguments: args = {} } = send as { execute?: Json; arguments?: Json };
    const command = typeof execute === 'string' ? spec.commands.get(execute) : undefined;
    if (command === undefined) continue;
    seen.commands.add(command.name);
    visit(args, command.arguments, (type, member, value) => {
      seen.members.add(`${type}.${member}`);
      if (member === 'driver' && typeof value === 'string') seen.drivers.add(value);
    });
  }
  return {
    commands: covered(seen.commands, spec.commands.keys()),
    events: covered(seen.events, spec.events.keys()),
    drivers: covered(seen.drivers, drivers(spec).keys()),
    members: covered(seen.members, allMembers(spec)),
  };
}

function covered(seen: ReadonlySet<string>, all: Iterable<string>): Covered {
  const names = [...all];
  const missing = names.filter((name) => !seen.has(name));
  return { seen: names.length - missing.length, of: names.length, missing };
}

type Visitor = (type: string, member: string, value: Json) => void;

/** Members of a value that its type knows, whether their values are valid or not. */
function visit(value: Json, type: SchemaType, visitor: Visitor): void {
  if (type.kind === 'alternate') for (const choice of type.choices) visit(value, choice, visitor);
  if (type.kind === 'array' && Array.isArray(value))
    for (const item of value) visit(item, type.element, visitor);
  if (type.kind !== 'object' || !isJsonObject(value)) return;
  for (const { name, type: of } of type.members) {
    if (!Object.hasOwn(value, name)) continue;
    visitor(type.name, name, value[name]!);
    visit(value[name]!, of, visitor);
  }
  const tag = type.tag === undefined ? undefined : value[type.tag];
  const branch = type.variants.find((variant) => variant.case === tag)?.type;
  if (branch !== undefined) visit(value, branch, visitor);
}

/** `Type.member` of all types that arguments reach. */
function allMembers(spec: Schema): string[] {
  const names: string[] = [];
  const types = new Set<SchemaType>([...spec.commands.values()].map((command) => command.arguments));
  for (const type of types) for (const next of inner(type, names)) types.add(next);
  return [...new Set(names)];
}

function inner(type: SchemaType, names: string[]): readonly SchemaType[] {
  if (type.kind === 'alternate') return type.choices;
  if (type.kind === 'array') return [type.element];
  if (type.kind !== 'object') return [];
  names.push(...type.members.map(({ name }) => `${type.name}.${name}`));
  return [
    ...type.members.map((member) => member.type),
    ...type.variants.map((variant): ObjectType => variant.type),
  ];
}
