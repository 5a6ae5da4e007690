/**
 * The texts of deviations that cases find. Each has two halves, `REQUIRED; OBSERVED`: a sentence that says what must be,
 * and what came instead. The types hold the first half to that; the runner puts the halves together.
 */
import { isJsonObject, type Json, stringifyJson } from '../../spec/json.ts';

/** A sentence about the endpoint, with the verb of its level: `a refused blockdev-add must make no node`. */
export type RequiredText =
  | `${string} must ${string}`
  | `${string} should ${string}`
  | `${string} may ${string}`;

/** The whole message. */
export function twoHalves(required: string, observed: string): string {
  return `${required}; ${observed}`;
}

const LONGEST = 80;

/** A value within a text: as JSON, and where that is long, what it is. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return 'missing';
  const text = stringifyJson(value);
  if (text.length <= LONGEST) return text;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isJsonObject(value)) return `an object with ${Object.keys(value).slice(0, 5).join(', ')}`;
  return `${text.slice(0, LONGEST)}…"`;
}

/** Where two values differ; what is absent was not expected, or did not come. */
interface Difference {
  readonly path: string;
  readonly expected?: Json;
  readonly got?: Json;
}

/** The second half of a text about values that should be equal. */
export function shownDifference({ path, expected, got }: Difference): string {
  const side = (value: Json | undefined): string => (value === undefined ? 'nothing' : shown(value));
  return `${path === '$' ? '' : `at ${path} `}expected ${side(expected)}, got ${side(got)}`;
}
