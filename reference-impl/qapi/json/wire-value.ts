/**
 * What the monitor's parser yields: JSON that still tells integers from other numbers.
 *
 * `1.0` and `2^64` are numbers but no integers, so every number that is not an int64 or uint64 is a `Double`; plain
 * `number` and `bigint` are always integers here. Objects have no prototype: any member name is safe.
 */
import type { Json } from '../../../spec/json.ts';

/** A number that was no integer on the wire. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** An object as it came; members are in the order of the wire. */
export type WireObject = { [key: string]: Wire };
/** A JSON value as it came, before its schema is known. */
export type Wire = null | boolean | number | bigint | string | Double | Wire[] | WireObject;

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

/** Whether the value is an object, and neither a list, a `Double` nor null. */
export function isWireObject(value: Wire | undefined): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Double);
}

/** An integer in its one form: `number` while that is exact, else `bigint`. */
export function integer(value: bigint): number | bigint {
  return BigInt.asIntN(54, value) === value && value !== -(2n ** 53n) ? Number(value) : value;
}

/** Digits and sign of the longest uint64 and int64. */
const LONGEST_INTEGER = 20;

/** The value of a JSON number's text. */
export function numberFromText(text: string): number | bigint | Double {
  if (text.length > LONGEST_INTEGER || /[.eE]/.test(text)) return new Double(Number(text));
  if (text.length < 16) return Number(text) + 0;
  const exact = BigInt(text);
  return exact < INT64_MIN || exact > UINT64_MAX ? new Double(Number(text)) : integer(exact);
}

/** The value without the distinction, as commands see it. */
export function toJson(value: Wire): Json {
  if (value instanceof Double) return value.value;
  if (Array.isArray(value)) return value.map(toJson);
  if (!isWireObject(value)) return value;
  const object: { [key: string]: Json } = Object.create(null);
  for (const key of Object.keys(value)) object[key] = toJson(value[key]!);
  return object;
}
