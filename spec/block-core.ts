/** The specification: the schema of `schema/qmp-block.json`, compiled on first use. */
import { fileURLToPath } from 'node:url';
import { compileSchema } from './compiler/compile.ts';
import type { Doc } from './compiler/doc.ts';
import { parseSchema } from './compiler/parser.ts';
import type { Schema } from './model.ts';
import { packageRoot } from './package-root.ts';

/** The release of QEMU in whose development cycle it was taken. What came later in that cycle it lacks. */
export const SPEC_RELEASE = '2.12';

let schema: Schema | undefined;
let docs: readonly Doc[] | undefined;

/** The file that `loadBlockSchema` compiles. */
export function blockSchemaFile(): string {
  return fileURLToPath(new URL('spec/schema/qmp-block.json', packageRoot()));
}

/** Compiles the spec's QAPI text, once in a process: all callers share one model. */
export function loadBlockSchema(): Schema {
  schema ??= compileSchema({ file: blockSchemaFile() });
  return schema;
}

/** The documentation comments of the spec. Read once in a process. */
export function loadBlockDocs(): readonly Doc[] {
  docs ??= parseSchema(blockSchemaFile()).docs;
  return docs;
}
