/** Saboteurs of the forms of input: what of the values of arguments is not looked at, or is not borne. */
import { inside, type Saboteur } from './saboteur.ts';

export const inputForms: readonly Saboteur[] = [
  inside('wire/long-strings-cut', 'protocol/syntax', 'cuts strings after 16 KiB', 'qapi/json/string-token', [
    'const unescaped = bytes.includes(BACKSLASH) ? resolveEscapes(bytes) : bytes;',
    'const unescaped = (bytes.includes(BACKSLASH) ? resolveEscapes(bytes) : bytes).subarray(0, 16384);',
  ]),
  inside(
    'wire/uint64-negative-refused',
    'protocol/schema',
    'refuses a uint64 that is written as the negative int64 of the same bits',
    'qapi/check-arguments',
    [
      'const held = value < 0 ? integer(BigInt.asUintN(64, BigInt(value))) : value;',
      "if (value < 0)\n            return wrongType(path, 'uint64');\n        const held = value;",
    ],
  ),
  inside(
    'wire/list-elements-unchecked',
    'protocol/schema',
    'takes elements of lists whatever their type',
    'qapi/check-arguments',
    [
      'const held = element(item, path);\n            path.pop();',
      'const depth = path.length;\n            let held;\n            try {\n                held = element(item, path);\n            }\n            catch {\n                held = toJson(item);\n            }\n            path.length = depth - 1;',
    ],
  ),
];
