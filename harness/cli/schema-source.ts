/** A schema by the name of what it comes from: a QAPI file, a file with an introspection, or a target. */
import { existsSync } from 'node:fs';
import { compileSchema } from '../../spec/compiler/compile.ts';
import { SchemaError } from '../../spec/compiler/diagnostic.ts';
import { findIntrospection } from '../../spec/drift/dump.ts';
import { IntrospectionError, readIntrospection } from '../../spec/introspection.ts';
import type { Schema } from '../../spec/model.ts';
import { introduce } from '../runner/identity.ts';
import { UsageError } from './exit.ts';
import { readText } from './files.ts';
import { withEndpoint } from './live.ts';
import { targetOption } from './options.ts';

/** Throws `UsageError` that names `source` if it is none of the three, or none that can be read. */
export async function loadSchema(source: string): Promise<Schema> {
  return existsSync(source) ? readSchemaFile(source) : askTarget(source);
}

function readSchemaFile(file: string): Schema {
  const introspection = findIntrospection(readText(file));
  try {
    return introspection === null ? compileSchema({ file }) : readIntrospection(introspection);
  } catch (error) {
    if (error instanceof SchemaError) throw new UsageError(error.message);
    if (error instanceof IntrospectionError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

async function askTarget(name: string): Promise<Schema> {
  const { target } = await targetOption(name).catch((error: unknown) => {
    throw error instanceof UsageError ? new UsageError(`${name}: no such file, and ${error.message}`) : error;
  });
  return withEndpoint(target, async (session) => (await introduce(target.name, session)).offered);
}
