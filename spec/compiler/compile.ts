/**
 * The QAPI compiler: QAPI text in, checked schema out, or the first fault.
 *
 * 1. Parse: all files, lexer under parser; includes and pragmas are carried out.
 * 2. Comments: each well formed, but in schemas from before comments were checked.
 * 3. Expressions: each definition by itself; kind, name, keys, shapes, conditions, features, its documentation there.
 * 4. Schema: names resolved across definitions; duplicates, clashes, loops, tags, choices.
 * 5. Descriptions: what is described against what is defined, in the same schemas.
 *
 * The first fault is the first in the order of these phases, and in the order of the text within one. Neighbours:
 * `introspect.ts` and `json-schema.ts` show the result, `../introspection.ts` reads an endpoint's own.
 */
import type { Schema } from '../model.ts';
import { checkDescriptions, checkDocs, checkDocumented } from './doc-check.ts';
import { marksOptional, mayLeaveOutBranches } from './era.ts';
import { checkExpression } from './expr.ts';
import { parseSchema } from './parser.ts';
import { resolveSchema } from './schema.ts';

/** A file, or its text; then `file` names it in diagnostics and is what its includes are relative to. */
export type SchemaInput = { readonly file: string } | { readonly text: string; readonly file?: string };

/** Throws `SchemaError` for a fault in the schema, the file system's own error if `file` itself can't be read. */
export function compileSchema(input: SchemaInput): Schema {
  const { expressions, docs, pragmas } =
    'text' in input ? parseSchema(input.file ?? '<text>', input.text) : parseSchema(input.file);
  const held = pragmas.docRequired || !docs.some(marksOptional);
  if (held) checkDocs(docs);
  const definitions = expressions.map((expression) => {
    const definition = checkExpression(expression, pragmas);
    if (held) checkDocumented(definition, pragmas);
    return definition;
  });
  const schema = resolveSchema(definitions, {
    pragmas,
    branchesOptional: pragmas.current || mayLeaveOutBranches(expressions),
  });
  if (held) for (const definition of definitions) checkDescriptions(definition, pragmas);
  return schema;
}
