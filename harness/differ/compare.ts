/** The first difference between two JSON values, members in any order, and how it is told. */
import { isJsonObject, type Json, jsonEqual, parseJson, stringifyJson } from '../../spec/json.ts';

export interface Difference {
  /** Number of the step, from 1; absent where it is about what remains after the end. */
  readonly step?: number;
  /** JSON path into the step, or into the transcript where there is no step. */
  readonly path: string;
  /** Absent: nothing was expected there. */
  readonly expected?: Json;
  /** Absent: nothing was there. */
  readonly got?: Json;
}

/** Null if both are equal. `path` is where they are. */
export function firstDifference(
  expected: Json | undefined,
  got: Json | undefined,
  path: string,
): Difference | null {
  if (expected === undefined || got === undefined) {
    if (expected === got) return null;
    return { path, ...(expected !== undefined && { expected }), ...(got !== undefined && { got }) };
  }
  const asText = jsonText(expected);
  if (asText !== null) return equalsText(asText, got) ? null : { path, expected, got };
  if (Array.isArray(expected) && Array.isArray(got)) {
    for (let index = 0; index < Math.max(expected.length, got.length); index++) {
      const difference = firstDifference(expected[index], got[index], `${path}[${index}]`);
      if (difference) return difference;
    }
    return null;
  }
  if (isJsonObject(expected) && isJsonObject(got)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      const difference = firstDifference(own(expected, key), own(got, key), member(path, key));
      if (difference) return difference;
    }
    return null;
  }
  return jsonEqual(expected, got) ? null : { path, expected, got };
}

/** The first item of `got` that `expected` has not; order and what `got` lacks do not matter. */
export function firstSurplus(
  expected: readonly Json[],
  got: readonly Json[],
  path: string,
): Difference | null {
  const index = got.findIndex((item) => !expected.some((other) => jsonEqual(other, item)));
  return index < 0 ? null : { path: `${path}[${index}]`, got: got[index]! };
}

/** `{"@json@": TEXT}` stands for a value whose JSON text that is. */
function jsonText(value: Json): string | null {
  return isJsonObject(value) && typeof value['@json@'] === 'string' ? value['@json@'] : null;
}

function equalsText(text: string, got: Json): boolean {
  try {
    return jsonEqual(parseJson(text), got);
  } catch {
    return false;
  }
}

function own(value: { [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function member(path: string, key: string): string {
  return /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** Characters of a value that people are shown. */
const SHOWN = 200;
/** Characters before the first that differs in two long strings. */
const BEFORE = 30;

/** `expected A, got B` on one line; of long strings the part that differs. */
export function tellDifference({ expected, got }: Difference): string {
  let from = 0;
  if (typeof expected === 'string' && typeof got === 'string' && expected.length + got.length > SHOWN)
    from = Math.max(0, commonPrefix(expected, got) - BEFORE);
  return `expected ${tell(expected, from)}, got ${tell(got, from)}`;
}

function tell(value: Json | undefined, from: number): string {
  if (value === undefined) return 'nothing';
  const text = stringifyJson(typeof value === 'string' ? value.slice(from) : value);
  const shown = text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
  return from > 0 ? `…${shown}` : shown;
}

function commonPrefix(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length++;
  return length;
}
