/** What commands take, and whether arguments are that. */
import { isObj, type Obj, type Value } from './json-text.ts';
import { Refusal } from './refusal.ts';

/** An array of texts is an enum. */
export type Type =
  | 'string'
  | 'boolean'
  | keyof typeof RANGES
  | readonly string[]
  | Fields
  | ((given: Obj) => Fields);

export interface Field {
  readonly type: Type;
  readonly required?: true;
  /** A text is taken in its place: the name of what is there already. */
  readonly orName?: true;
}

export interface Fields {
  readonly [name: string]: Field;
}

/** How strict the check is. */
export interface Strictness {
  /** Members that nobody knows are passed over. */
  readonly unknownTaken?: boolean;
  /** Numbers and truth values in quotes are taken for what they say. */
  readonly quotesTaken?: boolean;
}

/** Integers, and the least and the greatest of each; a uint64 may be written as the int64 of the same bits. */
const RANGES = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [-(2n ** 63n), 2n ** 64n - 1n],
} as const;

/** The arguments, as the command gets them. Throws a `Refusal` that names the first member that is wrong. */
export function checked(given: Obj, fields: Fields, strictness: Strictness, path = ''): Obj {
  const result: Obj = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name];
    if (value !== undefined) result[name] = checkedValue(value, field, strictness, path + name);
    else if (field.required) throw new Refusal(`Parameter '${path + name}' is missing`);
  }
  for (const name of Object.keys(given))
    if (!Object.hasOwn(fields, name) && strictness.unknownTaken !== true)
      throw new Refusal(`Parameter '${path + name}' is unexpected`);
  return result;
}

function checkedValue(value: Value, { type, orName }: Field, strictness: Strictness, path: string): Value {
  if (orName && typeof value === 'string') return value;
  if (typeof type === 'string') {
    const meant = strictness.quotesTaken && type !== 'string' ? withoutQuotes(value) : value;
    if (type === 'string' || type === 'boolean') {
      if (typeof meant !== type) throw wrongType(path, type);
      return meant;
    }
    if (typeof meant !== 'bigint') throw wrongType(path, 'integer');
    const [least, greatest] = RANGES[type];
    if (meant < least || meant > greatest) throw new Refusal(`Parameter '${path}' expects ${type}`);
    return type === 'uint64' ? BigInt.asUintN(64, meant) : meant;
  }
  if (Array.isArray(type)) {
    if (typeof value !== 'string') throw wrongType(path, 'string');
    if (!type.includes(value)) throw new Refusal(`Parameter '${path}' does not accept value '${value}'`);
    return value;
  }
  if (!isObj(value)) throw wrongType(path, orName ? 'BlockdevRef' : 'object');
  const fields = typeof type === 'function' ? type(value) : (type as Fields);
  return checked(value, fields, strictness, `${path}.`);
}

function wrongType(path: string, type: string): Refusal {
  return new Refusal(`Invalid parameter type for '${path}', expected: ${type}`);
}

function withoutQuotes(value: Value): Value {
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : value;
}
