/**
 * No file is left in the endpoint's folder that nobody asked for. Files whose names were in some message may stay: images
 * that commands make are not taken back.
 */
import { isJsonObject, type Json } from '../../spec/json.ts';
import type { Check } from './check.ts';

/**
 * Holds an endpoint to leaving no file in the scratch folder that nobody asked for. For programs, whose files are known
 * by name.
 */
export function leftoverFiles(): Check {
  const named: Json[] = [];
  let raw = false;
  return {
    id: 'leak/files',
    title: 'No temporary file is left',
    before({ raw: bytes, arguments: args }) {
      // What raw bytes may have named is not known.
      if (bytes !== undefined) raw = true;
      if (args !== undefined) named.push(args);
    },
    end({ held, report }) {
      if (held === undefined || raw) return;
      const fresh = held.after.files.filter((name) => !held.before.files.includes(name));
      if (fresh.length === 0) return;
      const texts = named.flatMap((args) => [...strings(args)]);
      const left = fresh.filter((name) => !texts.some((text) => names(text, name)));
      if (left.length > 0)
        report({ severity: 'must', message: `a file is left that nobody asked for: ${left[0]}`, got: left });
    },
  };
}

/** As it is, or within the JSON text of a `json:` filename. The host has no halves of characters. */
function names(text: string, name: string): boolean {
  return text.includes(name) || text.includes(JSON.stringify(name).slice(1, -1));
}

function* strings(value: Json): Iterable<string> {
  if (typeof value === 'string') yield Buffer.from(value).toString();
  else if (Array.isArray(value)) for (const item of value) yield* strings(item);
  else if (isJsonObject(value)) for (const item of Object.values(value)) yield* strings(item);
}
