/**
 * TypeScript types of a schema, by way of its JSON Schema: one type for each definition, and two maps,
 * `QmpCommands` (name to `arguments` and `returns`) and `QmpEvents` (name to data).
 */
import { compile } from 'json-schema-to-typescript';
import { isWide } from '../integers.ts';
import type { JsonObject } from '../json.ts';
import type { Schema } from '../model.ts';
import { jsonSchema } from './json-schema.ts';

const BANNER = '// Generated from the schema by `npm run generate`. Do not edit.';

export async function typescriptTypes(schema: Schema): Promise<string> {
  const document = jsonSchema(schema);
  const definitions = document['$defs'] as JsonObject;
  for (const type of schema.types.values())
    if (type.kind === 'builtin' && type.jsonType === 'int')
      definitions[type.name] = {
        title: (definitions[type.name] as JsonObject)['title']!,
        description: 'Beyond 2^53 a bigint.',
        tsType: isWide(type) ? 'number | bigint' : 'number',
      };
  const root = {
    title: 'Qmp',
    ...record({ commands: commandMap(schema), events: eventMap(schema) }),
    $defs: definitions,
  };
  return compile(root, 'Qmp', {
    bannerComment: BANNER,
    additionalProperties: false,
    unknownAny: true,
    unreachableDefinitions: true,
    style: { singleQuote: true, printWidth: 110 },
  });
}

function record(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function ref(name: string): JsonObject {
  return { $ref: `#/$defs/${name}` };
}

function commandMap(schema: Schema): JsonObject {
  const entries = [...schema.commands.keys()].map((name) => [
    name,
    record({ arguments: ref(`command:${name}:arguments`), returns: ref(`command:${name}:returns`) }),
  ]);
  return { title: 'QmpCommands', ...record(Object.fromEntries(entries)) };
}

function eventMap(schema: Schema): JsonObject {
  const entries = [...schema.events.keys()].map((name) => [name, ref(`event:${name}:data`)]);
  return { title: 'QmpEvents', ...record(Object.fromEntries(entries)) };
}
