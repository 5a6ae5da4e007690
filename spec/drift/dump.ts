/** Finds the introspection in what an endpoint answered. */
import { isJsonObject, type Json } from '../json.ts';
import { parseJsonTexts } from '../json-texts.ts';
import { releaseOf } from './release.ts';

export interface Dump {
  /** The SchemaInfo array. */
  readonly introspection: Json;
  /** The endpoint's release, where it told: `releaseOf` its greeting, say. */
  readonly release: string | null;
}

/**
 * What a text of JSON holds: a SchemaInfo array bare, as the `return` of a reply, or deeper, as in a transcript; the first
 * one if it holds several. Null if it holds none or is no JSON.
 */
export function findDump(text: string): Dump | null {
  try {
    const texts = parseJsonTexts(text);
    const introspection = first(texts, (value) => (isIntrospection(value) ? value : null));
    return introspection === null ? null : { introspection, release: first(texts, releaseOf) };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What `find` makes of the first value, from the outside in, that it makes something of. */
function first<T>(value: Json, find: (value: Json) => T | null): T | null {
  const found = find(value);
  if (found !== null) return found;
  const parts = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
  for (const part of parts) {
    const inner = first(part, find);
    if (inner !== null) return inner;
  }
  return null;
}

function isIntrospection(value: Json): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isSchemaInfo);
}

function isSchemaInfo(value: Json): boolean {
  return isJsonObject(value) && typeof value['meta-type'] === 'string';
}
