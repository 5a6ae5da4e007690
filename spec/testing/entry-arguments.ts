/** Holds the effects table to a schema: what the schema describes, and which arguments an entry names that it lacks. */
import type { CommandEffects } from '../effects/effects.ts';
import { EFFECTS } from '../effects/effects-table.ts';
import type { ObjectType, Schema, SchemaType } from '../model.ts';

/** Types of the arguments by name: of commands, and of the actions of a transaction. */
export function describedIn({ commands }: Schema): (readonly [string, ObjectType])[] {
  const actions = commands.get('transaction')?.arguments.members.find(({ name }) => name === 'actions')?.type;
  const variants =
    actions?.kind === 'array' && actions.element.kind === 'object' ? actions.element.variants : [];
  return [
    ...[...commands.values()].map(({ name, arguments: type }) => [name, type] as const),
    ...variants.map(({ case: name, type }) => [name, dataOf(type)] as const),
  ];
}

/** Arguments, as `COMMAND ARGUMENT`, that entries name and the schema does not; `later`: those that came after it. */
export function unknownArguments(
  schema: Schema,
  later: Readonly<Record<string, readonly string[]>> = {},
): string[] {
  const unknown = describedIn(schema).flatMap(([name, type]) => {
    const entry = Object.hasOwn(EFFECTS, name) ? EFFECTS[name]! : { contents: 'unknown' as const };
    const known = new Set([...membersIn(type), ...(later[name] ?? [])]);
    return argumentsIn(entry).flatMap((argument) => (known.has(argument) ? [] : [`${name} ${argument}`]));
  });
  return [...new Set(unknown)];
}

/** Names of members at any depth. */
export function membersIn(type: SchemaType, seen = new Set<SchemaType>()): string[] {
  if (seen.has(type)) return [];
  seen.add(type);
  if (type.kind === 'array') return membersIn(type.element, seen);
  if (type.kind === 'alternate') return type.choices.flatMap((choice) => membersIn(choice, seen));
  if (type.kind !== 'object') return [];
  return [
    ...type.members.flatMap((member) => [member.name, ...membersIn(member.type, seen)]),
    ...type.variants.flatMap((variant) => membersIn(variant.type, seen)),
  ];
}

/** An action's arguments are in its `data`. */
function dataOf(type: ObjectType): ObjectType {
  const data = type.members.find(({ name }) => name === 'data')?.type;
  return data?.kind === 'object' ? data : type;
}

/** Every argument that an entry names; those of `reported` are paths. */
function argumentsIn({ makes = [], removes = [], moves, ...entry }: CommandEffects): string[] {
  return [
    ...makes.flatMap(({ argument, otherwise, partOf }) => [argument, otherwise, partOf?.argument]),
    ...makes.flatMap(({ partOf }) => Object.keys(partOf?.when ?? {})),
    ...removes.flatMap(({ argument, partOf }) => [argument, partOf?.argument]),
    ...removes.flatMap(({ force }) => Object.keys(force ?? {})),
    ...Object.keys(entry.uses ?? {}),
    ...Object.keys(entry.reported ?? {}).flatMap((path) => path.split('.')),
    ...(entry.shows ?? []).map(({ argument }) => argument),
    ...(moves === undefined ? [] : [...moves.from, moves.to]),
    ...(entry.usual ?? []),
    ...(entry.exclusive ?? []).flatMap(({ members }) => members),
    entry.actions,
  ].filter((name) => name !== undefined);
}
