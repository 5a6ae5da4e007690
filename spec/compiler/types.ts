/**
 * TypeScript types of a schema, by way of its JSON Schema: one type for each definition, and the maps
 * `QmpCommands` (command to `arguments` and `returns`), `QmpEvents` (event to data) and `QmpTypes` (by QAPI name).
 */
import { compile } from 'json-schema-to-typescript';
import { isWide } from '../integers.ts';
import type { JsonObject } from '../json.ts';
import type { Schema, SchemaType } from '../model.ts';
import { argumentsKey, dataKey, isNamed, jsonSchema, reference } from './json-schema.ts';

const BANNER = `// Generated from the schema by \`npm run generate\`. Do not edit.
/** Any JSON value; integers that are not safe as numbers are bigints. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };`;

export async function typescriptTypes(schema: Schema): Promise<string> {
  const definitions = jsonSchema(schema).$defs as JsonObject;
  for (const type of schema.types.values()) {
    const typescript = typescriptOf(type);
    if (typescript !== undefined)
      definitions[type.name] = { ...(definitions[type.name] as JsonObject), tsType: typescript };
  }
  const root = {
    title: 'Qmp',
    ...record({ commands: commandMap(schema), events: eventMap(schema), types: typeMap(schema) }),
    $defs: definitions,
  };
  const types = await compile(root, 'Qmp', {
    bannerComment: BANNER,
    additionalProperties: false,
    unknownAny: true,
    style: { bracketSpacing: true, singleQuote: true, printWidth: 110 },
  });
  return asJson(types);
}

/** Has each type be one of JSON: `any` is, and an object is a `JsonObject` by its members where an interface is not. */
function asJson(types: string): string {
  return (
    types
      // An index signature covers the optional members beside it.
      .replaceAll(/^( +\[k: string\]): unknown;$/gm, '$1: Json | undefined;')
      .replaceAll(/: unknown;$/gm, ': Json;')
      .replaceAll(/^export interface (\w+) (\{\n[\s\S]*?\n\})$/gm, 'export type $1 = $2;')
  );
}

/** Where JSON Schema's words do not say what we mean: exact integers (see `json.ts`), objects without members. */
function typescriptOf(type: SchemaType): string | undefined {
  if (type.kind === 'builtin' && type.jsonType === 'int') return isWide(type) ? 'number | bigint' : 'number';
  if (type.kind === 'object' && type.tag === undefined && type.members.length === 0 && isNamed(type))
    return 'Record<string, never>';
  return undefined;
}

function record(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function map(title: string, entries: [string, JsonObject][]): JsonObject {
  return { title, ...record(Object.fromEntries(entries)) };
}

function ref(key: string): JsonObject {
  return { $ref: `#/$defs/${key}` };
}

function commandMap(schema: Schema): JsonObject {
  return map(
    'QmpCommands',
    [...schema.commands.values()].map((command) => {
      const { name, returns, unchecked } = command;
      const args =
        isNamed(command.arguments) && !unchecked ? reference(command.arguments) : ref(argumentsKey(name));
      return [name, record({ arguments: args, returns: reference(returns) })];
    }),
  );
}

function eventMap(schema: Schema): JsonObject {
  return map(
    'QmpEvents',
    [...schema.events.values()].map(({ name, data }) => [
      name,
      isNamed(data) ? reference(data) : ref(dataKey(name)),
    ]),
  );
}

function typeMap(schema: Schema): JsonObject {
  const defined = [...schema.types.values()].filter((type) => type.kind !== 'builtin' && isNamed(type));
  return map(
    'QmpTypes',
    defined.map((type) => [type.name, reference(type)]),
  );
}
