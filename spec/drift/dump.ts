/** Finds the introspection in what an endpoint answered. */
import { isJsonObject, type Json } from '../json.ts';
import { parseJsonTexts } from '../json-texts.ts';

/**
 * The SchemaInfo array that a text of JSON holds: bare, as the `return` of a reply, or deeper, as in a transcript; the first
 * one if it holds several. Null if it holds none or is no JSON.
 */
export function findIntrospection(text: string): Json | null {
  try {
    return firstIntrospection(parseJsonTexts(text));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function firstIntrospection(value: Json): Json | null {
  const parts = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
  if (Array.isArray(value) && value.length > 0 && value.every(isSchemaInfo)) return value;
  for (const part of parts) {
    const found = firstIntrospection(part);
    if (found !== null) return found;
  }
  return null;
}

function isSchemaInfo(value: Json): boolean {
  return isJsonObject(value) && typeof value['meta-type'] === 'string';
}
