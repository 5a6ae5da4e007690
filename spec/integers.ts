/** The integer types of QAPI and their ranges. An `int` whose real type is unknown may be any of them. */
import type { BuiltinType } from './model.ts';

/** Both bounds are included. */
export interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

function signed(bits: bigint): IntegerRange {
  return { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n };
}

function unsigned(bits: bigint): IntegerRange {
  return { min: 0n, max: (1n << bits) - 1n };
}

const INT64 = signed(64n);
const UINT64 = unsigned(64n);

const RANGES: Readonly<Record<string, IntegerRange>> = {
  int: INT64,
  int8: signed(8n),
  int16: signed(16n),
  int32: signed(32n),
  int64: INT64,
  uint8: unsigned(8n),
  uint16: unsigned(16n),
  uint32: unsigned(32n),
  uint64: UINT64,
  size: UINT64,
};

const ANY_INTEGER: IntegerRange = { min: INT64.min, max: UINT64.max };

/** The values of a type whose `jsonType` is `int`. */
export function integerRange(type: BuiltinType): IntegerRange {
  return type.anyInteger ? ANY_INTEGER : RANGES[type.name]!;
}

/**
 * The values that an endpoint accepts for it: a uint64 may also be written as the negative int64 with the same
 * bits.
 */
export function integerInputRange(type: BuiltinType): IntegerRange {
  const range = integerRange(type);
  return range.max === UINT64.max ? ANY_INTEGER : range;
}

/** Whether the type has values that a `number` cannot hold exactly. */
export function isWide(type: BuiltinType): boolean {
  return integerRange(type).max > Number.MAX_SAFE_INTEGER;
}
