/** Where what was played differs from what a transcript holds, and how it is told. */
import { isJsonObject, type Json, jsonEqual, parseJson, stringifyJson } from '../../../spec/json.ts';
import { firstDifference, type JsonDifference } from '../../state/json-difference.ts';

/** The first thing in which a replay differs, and its step. */
export interface ReplayDifference extends JsonDifference {
  /** Number of the step, from 1, that `path` leads into; absent: it leads into the transcript. */
  readonly step?: number;
}

/** The first difference, or null. `{"@json@": TEXT}` in a transcript stands for a value whose JSON text that is. */
export function firstReplayDifference(
  recorded: Json | undefined,
  got: Json | undefined,
  path: string,
): JsonDifference | null {
  return firstDifference(recorded, got, path, { equal: equalsJsonText });
}

/** The first item of `got` that `expected` has not; order and what `got` lacks do not matter. */
export function firstSurplus(
  expected: readonly Json[],
  got: readonly Json[],
  path: string,
): JsonDifference | null {
  const index = got.findIndex((item) => !expected.some((other) => jsonEqual(other, item)));
  return index < 0 ? null : { path: `${path}[${index}]`, got: got[index]! };
}

/** Undefined if no text is expected. */
function equalsJsonText(expected: Json, got: Json): boolean | undefined {
  if (!isJsonObject(expected) || typeof expected['@json@'] !== 'string') return undefined;
  try {
    return jsonEqual(parseJson(expected['@json@']), got);
  } catch {
    return false;
  }
}

/** Characters of a value that people are shown. */
const SHOWN = 200;
/** Characters before the first that differs in two long strings. */
const BEFORE = 30;

/** `expected A, got B` on one line; of long strings the part that differs. */
export function tellDifference({ expected, got }: JsonDifference): string {
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
