/** The first difference between two JSON values, members in any order, with its path. */
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../spec/json.ts';

/** The first place in which two values differ. */
export interface JsonDifference {
  /** Begins with the path that was given for the values. */
  readonly path: string;
  /** Absent: nothing was expected there. */
  readonly expected?: Json;
  /** Absent: nothing was there. */
  readonly got?: Json;
}

export interface JsonDiffOptions {
  /** Members that are not compared, at any depth. */
  readonly ignored?: ReadonlySet<string>;
  /** Members of objects that only `got` has are no difference. */
  readonly subset?: boolean;
  /** Lists of different lengths are told as a whole, not by the first item that one lacks. */
  readonly wholeLists?: boolean;
  /** Says of a pair whether it is equal before it is walked; undefined: walk it. */
  readonly equal?: (expected: Json, got: Json) => boolean | undefined;
}

/** Returns null if both are equal. `path` is where they are. */
export function firstDifference(
  expected: Json | undefined,
  got: Json | undefined,
  path: string,
  options: JsonDiffOptions = {},
): JsonDifference | null {
  if (expected === undefined || got === undefined) {
    if (expected === got) return null;
    return { path, ...(expected !== undefined && { expected }), ...(got !== undefined && { got }) };
  }
  const equal = options.equal?.(expected, got);
  if (equal !== undefined) return equal ? null : { path, expected, got };
  if (Array.isArray(expected) && Array.isArray(got)) {
    if (options.wholeLists && expected.length !== got.length) return { path, expected, got };
    for (let index = 0; index < Math.max(expected.length, got.length); index++) {
      const found = firstDifference(expected[index], got[index], `${path}[${index}]`, options);
      if (found) return found;
    }
    return null;
  }
  if (isJsonObject(expected) && isJsonObject(got)) {
    const keys = Object.keys(expected);
    for (const key of options.subset ? keys : new Set([...keys, ...Object.keys(got)])) {
      if (options.ignored?.has(key)) continue;
      const found = firstDifference(own(expected, key), own(got, key), memberPath(path, key), options);
      if (found) return found;
    }
    return null;
  }
  return jsonEqual(expected, got) ? null : { path, expected, got };
}

/** A member's value, never one that the object inherits. */
export function own(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Path of a member, in brackets where its name is no word. */
export function memberPath(path: string, key: string): string {
  return /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
