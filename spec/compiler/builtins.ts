/**
 * The types that every schema has.
 */
import type { BuiltinType, EnumType, JsonType, ObjectType } from '../model.ts';

const JSON_TYPES: Readonly<Record<string, JsonType>> = {
  str: 'string',
  number: 'number',
  int: 'int',
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'int',
  uint8: 'int',
  uint16: 'int',
  uint32: 'int',
  uint64: 'int',
  size: 'int',
  bool: 'boolean',
  null: 'null',
  any: 'value',
};

export const BUILTINS: readonly BuiltinType[] = Object.entries(JSON_TYPES).map(([name, jsonType]) => ({
  kind: 'builtin',
  name,
  jsonType,
}));

const QTYPES = ['none', 'qnull', 'qnum', 'qstring', 'qdict', 'qlist', 'qbool'];

/** Kinds of values inside QEMU. */
export const QTYPE: EnumType = {
  kind: 'enum',
  name: 'QType',
  members: QTYPES.map((name) => ({ name, features: [] })),
  features: [],
};

/** What a command takes, or returns, that takes or returns nothing. */
export const EMPTY: ObjectType = {
  kind: 'object',
  name: 'q_empty',
  members: [],
  variants: [],
  features: [],
  implicit: true,
};
