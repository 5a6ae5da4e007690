/**
 * JSON values with exact integers, as every part of qmpcheck passes them around.
 *
 * An integer is a `number` while it is safe (|n| < 2^53) and a `bigint` beyond, so that the whole int64 and
 * uint64 range survives a round trip. Text that only a wire shows (`1.0`, duplicate keys, single quotes) is not
 * represented here: who needs it keeps the text.
 */
import { isInteger, parse, stringify } from 'lossless-json';

/** A JSON object: the only record type that passes between parts of qmpcheck unparsed. */
export type JsonObject = { [key: string]: Json };
/** A JSON value. Fractions are numbers; integers are exact. */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

/** 16 digits in a row may lie beyond 2^53; fewer never do. */
const LONG_DIGIT_RUN = /\d{16}/;

function exactNumber(text: string): number | bigint {
  if (!isInteger(text)) return Number(text);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** Parses JSON text with exact integers. Throws `SyntaxError` on text that is not JSON. */
export function parseJson(text: string): Json {
  if (!LONG_DIGIT_RUN.test(text)) return JSON.parse(text) as Json;
  return parse(text, null, exactNumber) as Json;
}

/** JSON text of a value; `indent` as for `JSON.stringify`. */
export function stringifyJson(value: Json, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch {
    // there is a `bigint` in it, which is seldom
    return stringify(value, undefined, indent) as string;
  }
}

/** Whether the value is an object, and neither a list nor null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deep equality: members in any order, lists in order, `1` equal to `1n`. */
export function jsonEqual(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((x, i) => jsonEqual(x, b[i]!));
  if (isJsonObject(a)) {
    if (!isJsonObject(b)) return false;
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && jsonEqual(a[key]!, b[key]!))
    );
  }
  // biome-ignore lint/suspicious/noDoubleEquals: 1 == 1n compares mixed integers by value
  return typeof a === 'bigint' || typeof b === 'bigint' ? a == b : false;
}
