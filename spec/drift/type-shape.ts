/** Types by structure: what values they take, in words that compare. Names of types play no part. */
import { type IntegerRange, integerRange } from '../integers.ts';
import type { BuiltinType, SchemaType } from '../model.ts';

/** A type apart: its alternatives that have parts of their own, by what they are in JSON. */
export interface Parts {
  readonly object?: SchemaType & { kind: 'object' };
  readonly array?: SchemaType & { kind: 'array' };
  readonly enum?: SchemaType & { kind: 'enum' };
}

export function alternatives(type: SchemaType): readonly SchemaType[] {
  return type.kind === 'alternate' ? type.choices.flatMap(alternatives) : [type];
}

export function partsOf(type: SchemaType): Parts {
  return Object.fromEntries(alternatives(type).map((one) => [one.kind, one]));
}

/** The types as words joined by `|`, in a form in which they compare: integers only as exactly as all are known. */
export function shapes(types: readonly (SchemaType | null)[]): (string | null)[] {
  const all = types.flatMap((type) => (type === null ? [] : alternatives(type)));
  const rangesKnown = !all.some((type) => type.kind === 'builtin' && type.anyInteger);
  return types.map((type) => {
    if (type === null) return null;
    const words = alternatives(type).map((one) => word(one, rangesKnown));
    return [...new Set(words)].toSorted().join('|');
  });
}

function word(type: SchemaType, rangesKnown: boolean): string {
  if (type.kind !== 'builtin') return type.kind;
  if (type.jsonType === 'value') return 'any';
  if (type.jsonType !== 'int') return type.jsonType;
  return rangesKnown ? (SYNONYMS[type.name] ?? type.name) : 'int';
}

/** QAPI has two names for some integers. */
const SYNONYMS: Readonly<Record<string, string>> = { int: 'int64', size: 'uint64' };

/** Whether every value of shape `narrow` is one of shape `wide`. */
export function contains(wide: string, narrow: string): boolean {
  const taken = wide.split('|');
  return narrow.split('|').every((one) => taken.some((other) => takes(other, one)));
}

function takes(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === 'any') return true;
  if (wide === 'string') return narrow === 'enum';
  const inner = rangeOf(narrow);
  if (inner === null) return false;
  const outer = rangeOf(wide);
  return wide === 'number' || (outer !== null && outer.min <= inner.min && inner.max <= outer.max);
}

function rangeOf(name: string): IntegerRange | null {
  if (!/^u?int/.test(name)) return null;
  const type: BuiltinType = { kind: 'builtin', name, jsonType: 'int' };
  return integerRange(name === 'int' ? { ...type, anyInteger: true } : type);
}
