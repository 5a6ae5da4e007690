/** Schemas by the names of what they come from: a QAPI file, a file with an introspection, a target, or the spec itself. */
import { existsSync } from 'node:fs';
import { parse } from 'node:path';
import { schemaText } from '../../reports/outcome.ts';
import { printable } from '../../reports/text.ts';
import { loadBlockSchema, SPEC_RELEASE } from '../../spec/block-core.ts';
import { compileSchema } from '../../spec/compiler/compile.ts';
import { SchemaError } from '../../spec/compiler/diagnostic.ts';
import { findDump } from '../../spec/drift/dump.ts';
import { compareReleases, releaseIn, releaseOf } from '../../spec/drift/release.ts';
import { IntrospectionError, readIntrospection } from '../../spec/introspection.ts';
import type { Schema } from '../../spec/model.ts';
import { identify } from '../runner/identify.ts';
import { UsageError } from './exit.ts';
import { readText } from './files.ts';
import { withEndpoint } from './live.ts';
import { usableTarget } from './target-option.ts';

/** What stands for the schema that qmpcheck holds; a file of that name is `./spec`. */
const SPEC = 'spec';

export interface NamedSchema {
  /** Name and release. */
  readonly label: string;
  /** `7.2.13`; null where neither the source nor its name tells. */
  readonly release: string | null;
  readonly schema: Schema;
}

/** Throws `UsageError` that names `source` if it is none of these, or none that can be read. */
export async function loadSchema(source: string): Promise<Schema> {
  return (await load(source)).schema;
}

/** By release, the oldest first, where all are known; else as they were given. Labels are distinct. Throws as `loadSchema`. */
export async function loadVersions(sources: readonly string[]): Promise<NamedSchema[]> {
  const loaded: NamedSchema[] = [];
  // one after the other: targets may be one and the same
  for (const source of sources) loaded.push(await load(source));
  const distinct = loaded.map((one, index) => {
    const twins = loaded.filter(({ label }) => label === one.label);
    return twins.length === 1 ? one : { ...one, label: `${one.label} (${index + 1}: ${sources[index]})` };
  });
  return distinct.every(({ release }) => release !== null)
    ? distinct.toSorted((a, b) => compareReleases(a.release!, b.release!))
    : distinct;
}

async function load(source: string): Promise<NamedSchema> {
  if (source === SPEC) return named(SPEC, SPEC_RELEASE, loadBlockSchema());
  return existsSync(source) ? readSchemaFile(source) : askTarget(source);
}

function named(name: string, release: string | null, schema: Schema): NamedSchema {
  const label = release === null || name.includes(release) ? name : `${name} ${release}`;
  return { label, release, schema };
}

function readSchemaFile(file: string): NamedSchema {
  const dump = findDump(readText(file));
  const { name } = parse(file);
  try {
    return dump === null
      ? named(name, releaseIn(name), compileSchema({ file }))
      : named(name, dump.release ?? releaseIn(name), readIntrospection(dump.introspection));
  } catch (error) {
    if (error instanceof SchemaError) throw new UsageError(error.message);
    if (error instanceof IntrospectionError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

async function askTarget(name: string): Promise<NamedSchema> {
  const { target } = await usableTarget(name).catch((error: unknown) => {
    throw error instanceof UsageError ? new UsageError(`${name}: no such file, and ${error.message}`) : error;
  });
  return withEndpoint(target, async (session) => {
    const { identity, endpointSchema } = await identify(target, session);
    const origin = schemaText(identity);
    if (origin !== null) process.stderr.write(`qmpcheck: ${printable(target.name)}: ${origin}\n`);
    return named(target.name, releaseOf(identity.version), endpointSchema);
  });
}
