/** What is generated from the specification and committed, so that others can use it without the compiler. */
import { stringifyJson } from '../json.ts';
import type { Schema } from '../model.ts';
import { jsonSchema } from './json-schema.ts';
import { typescriptTypes } from './types.ts';

/** File names below `spec/generated/` with their texts. */
export async function generatedFiles(schema: Schema): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['block-core.schema.json', `${stringifyJson(jsonSchema(schema), 2)}\n`],
    ['qmp.ts', await typescriptTypes(schema)],
  ]);
}
