/**
 * What is typed, as a message: JSON as it stands, or `command name=value …`, where `a.b=value` is a member of a member and a
 * value is JSON, or a text where the schema takes one.
 */
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../../spec/json.ts';
import type { Schema, SchemaType } from '../../../spec/model.ts';
import { type Given, takesBesideText, takesText, typeAt } from './schema-walk.ts';

/** The line is none; the message says why. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

/** Throws `LineError`. What the schema lacks is sent all the same: the endpoint may say what it thinks of it. */
export function readLine(line: string, schema: Schema): JsonObject {
  if (line.startsWith('{')) return readJson(line);
  const [execute, ...words] = splitWords(line);
  const pairs = words.map(splitPair);
  const given: Given = new Map(pairs);
  const type = schema.commands.get(execute!)?.arguments;
  const args: JsonObject = {};
  for (const [path, text] of pairs)
    put(args, path.split('.'), readValue(text, type && typeAt(type, path, given)));
  return { execute: execute!, ...(pairs.length > 0 && { arguments: args }) };
}

function readJson(line: string): JsonObject {
  try {
    const value = parseJson(line);
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw new LineError((error as Error).message);
  }
  throw new LineError('not an object');
}

/** At white space outside of quotes and of JSON values in brackets. Keeps what is not closed, for completion. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let [word, quoted, depth] = ['', false, 0];
  for (const [char] of line.matchAll(/\\.|./gsu)) {
    if (/\s/.test(char) && !quoted && depth === 0) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    if (char === '"') quoted = !quoted;
    else if (!quoted && (depth > 0 || /^[^=]+=$/.test(word))) {
      if ('{['.includes(char)) depth += 1;
      if ('}]'.includes(char)) depth -= 1;
    }
    word += char;
  }
  return word === '' ? words : [...words, word];
}

export function splitPair(word: string): [path: string, value: string] {
  const at = word.indexOf('=');
  if (at < 1) throw new LineError(`'${word}' is no argument: it takes name=value`);
  return [word.slice(0, at), word.slice(at + 1)];
}

/** As JSON, or as the text that it is where the schema takes one and nothing else that the JSON could be. */
function readValue(text: string, type: SchemaType | undefined): Json {
  const value = jsonOr(text);
  if (!takesText(type)) return value;
  return text.startsWith('"') || takesBesideText(type, value) ? value : text;
}

function jsonOr(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function put(into: JsonObject, [name, ...rest]: readonly string[], value: Json): void {
  if (name === '__proto__') throw new LineError('no such name');
  if (rest.length === 0) {
    into[name!] = value;
    return;
  }
  const inner = into[name!] ?? {};
  if (!isJsonObject(inner)) throw new LineError(`'${name}' is given twice`);
  into[name!] = inner;
  put(inner, rest, value);
}
