/** Saboteurs of the forms of arguments: what is converted, overlooked or taken for missing, above all deep within them. */
import { inside, type Saboteur } from './saboteur.ts';

export const argumentForms: readonly Saboteur[] = [
  inside(
    'argument-forms/enum-prefix',
    'protocol/schema',
    'takes abbreviations of enum values',
    'qapi/check-arguments',
    [
      'if (!names.has(value))',
      'const whole = [...names].filter((name) => value !== "" && name.startsWith(value));\n        if (whole.length === 1)\n            return whole[0];\n        if (!names.has(value))',
    ],
  ),
  inside(
    'argument-forms/enum-number',
    'protocol/schema',
    'takes the number of an enum value',
    'qapi/check-arguments',
    [
      "if (typeof value !== 'string')\n            return wrongType(path, 'string');\n        if (!names",
      "if (typeof value === 'number' && [...names][value])\n            return [...names][value];\n        if (typeof value !== 'string')\n            return wrongType(path, 'string');\n        if (!names",
    ],
  ),
  inside(
    'argument-forms/enum-nested',
    'protocol/schema',
    'takes unknown values of enums deep within arguments',
    'qapi/check-arguments',
    [
      'if (!names.has(value))',
      'if (!names.has(value) && path.length > 2)\n            return [...names][0];\n        if (!names.has(value))',
    ],
  ),
  inside(
    'argument-forms/list-of-one',
    'protocol/schema',
    'takes a value for a list of one',
    'qapi/check-arguments',
    [
      "return wrongType(path, 'array');",
      "{\n            if (typeof value !== 'object')\n                return wrongType(path, 'array');\n            value = [value];\n        }",
    ],
  ),
  inside(
    'argument-forms/list-string-of-one',
    'protocol/schema',
    'takes a string for a list of one',
    'qapi/check-arguments',
    [
      "return wrongType(path, 'array');",
      "{\n            if (typeof value !== 'string')\n                return wrongType(path, 'array');\n            value = [value];\n        }",
    ],
  ),
  inside(
    'argument-forms/nested-missing',
    'protocol/schema',
    'does not miss members deep within arguments',
    'qapi/check-arguments',
    ['else if (!optional)', 'else if (!optional && path.length < 3)'],
  ),
  inside(
    'argument-forms/missing-class',
    'protocol/schema',
    'refuses missing members with another class',
    'qapi/check-arguments',
    ["' is missing`);", "' is missing`, 'DeviceNotFound');"],
  ),
  inside(
    'argument-forms/unknown-deep',
    'protocol/schema',
    'ignores unknown members two levels deep',
    'qapi/check-arguments',
    [
      'const keys = Object.keys(given);',
      'const keys = Object.keys(given);\n    if (path.length > 1)\n        return;',
    ],
  ),
  inside(
    'argument-forms/unknown-in-lists',
    'protocol/schema',
    'ignores unknown members of list elements',
    'qapi/check-arguments',
    [
      'const keys = Object.keys(given);',
      "const keys = Object.keys(given);\n    if (typeof path.at(-1) === 'number')\n        return;",
    ],
  ),
  inside(
    'argument-forms/unknown-null',
    'protocol/schema',
    'ignores unknown members that are null',
    'qapi/check-arguments',
    [
      'const keys = Object.keys(given);',
      'const keys = Object.keys(given).filter((key) => given[key] !== null || Object.hasOwn(held, key));',
    ],
  ),
  inside(
    'argument-forms/underscore-members',
    'protocol/schema',
    'takes underscores for dashes in names of members',
    'monitor/dispatcher',
    [
      'command.unchecked ? toJson(args) : checkArguments(command.arguments, args);',
      "command.unchecked ? toJson(args) : checkArguments(command.arguments, Object.fromEntries(Object.entries(args).map(([k, v]) => [command.arguments.members.some((m) => m.name === k.replaceAll('_', '-')) ? k.replaceAll('_', '-') : k, v])));",
    ],
  ),
  inside(
    'argument-forms/capital-members',
    'protocol/schema',
    'takes names of members in capitals',
    'monitor/dispatcher',
    [
      'command.unchecked ? toJson(args) : checkArguments(command.arguments, args);',
      'command.unchecked ? toJson(args) : checkArguments(command.arguments, Object.fromEntries(Object.entries(args).map(([k, v]) => [command.arguments.members.some((m) => m.name === k.toLowerCase()) ? k.toLowerCase() : k, v])));',
    ],
  ),
  inside(
    'argument-forms/dash-commands',
    'protocol/schema',
    'takes dashes for underscores in names of commands',
    'monitor/dispatcher',
    [
      'const handler = this.#handlers.get(name);\n        const command = this.#inputs.commands.get(name);',
      "const known = this.#handlers.has(name) ? name : name.replaceAll('-', '_');\n        const handler = this.#handlers.get(known);\n        const command = this.#inputs.commands.get(known);",
    ],
  ),
  inside(
    'argument-forms/bool-on',
    'protocol/schema',
    'takes on and off for booleans',
    'qapi/check-arguments',
    [
      "typeof value === 'boolean' ? value : wrongType(path, 'boolean')",
      "typeof value === 'boolean' ? value : value === 'on' || value === 'off' ? value === 'on' : wrongType(path, 'boolean')",
    ],
  ),
  inside(
    'argument-forms/string-of-number',
    'protocol/schema',
    'takes numbers for strings',
    'qapi/check-arguments',
    [
      "typeof value === 'string' ? value : wrongType(path, 'string'))",
      "typeof value === 'string' ? value : typeof value === 'number' ? String(value) : wrongType(path, 'string'))",
    ],
  ),
  inside(
    'argument-forms/string-of-bool',
    'protocol/schema',
    'takes booleans for strings',
    'qapi/check-arguments',
    [
      "typeof value === 'string' ? value : wrongType(path, 'string'))",
      "typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : wrongType(path, 'string'))",
    ],
  ),
  inside(
    'argument-forms/integer-of-bool',
    'protocol/schema',
    'takes booleans for integers',
    'qapi/check-arguments',
    [
      'if (!isInteger(value) || value > INT64_MAX)',
      "if (typeof value === 'boolean')\n            value = Number(value);\n        if (!isInteger(value) || value > INT64_MAX)",
    ],
  ),
  inside(
    'argument-forms/nested-null',
    'protocol/schema',
    'takes null for a nested member that is absent',
    'qapi/check-arguments',
    [
      'if (value !== undefined)\n                to[name]',
      'if (value === null && optional && path.length > 1)\n                to[name] = undefined;\n            else if (value !== undefined)\n                to[name]',
    ],
  ),
  inside(
    'argument-forms/object-of-list',
    'protocol/schema',
    'takes an empty list for an object',
    'qapi/check-arguments',
    [
      'if (!isWireObject(value))',
      'if (Array.isArray(value) && value.length === 0)\n            value = {};\n        if (!isWireObject(value))',
    ],
  ),
  inside(
    'argument-forms/alternate-list',
    'protocol/schema',
    'takes a list of one for an alternate',
    'qapi/check-arguments',
    [
      'const choice = choices.get(wireType(value));',
      'if (Array.isArray(value) && value.length === 1 && !choices.has("array"))\n            value = value[0];\n        const choice = choices.get(wireType(value));',
    ],
  ),
  inside(
    'argument-forms/huge-as-double',
    'protocol/schema',
    'takes integers beyond 64 bits',
    'qapi/check-arguments',
    [
      'if (!isInteger(value) || value > INT64_MAX)',
      'if (value instanceof Double && Math.abs(value.value) > 2 ** 64)\n            return Number.MAX_SAFE_INTEGER;\n        if (!isInteger(value) || value > INT64_MAX)',
    ],
  ),
  inside(
    'argument-forms/unsigned-huge',
    'protocol/schema',
    'takes sizes beyond 64 bits',
    'qapi/check-arguments',
    [
      'if (!isInteger(value))',
      'if (value instanceof Double && value.value > 2 ** 63)\n            value = 2n ** 64n - 1n;\n        if (!isInteger(value))',
    ],
  ),
  inside(
    'argument-forms/alternate-bool',
    'protocol/schema',
    'takes booleans for strings of alternates',
    'qapi/check-arguments',
    [
      'if (choice !== undefined)\n            return choice(value, path);',
      "if (choice !== undefined)\n            return choice(value, path);\n        if (typeof value === 'boolean' && choices.has('string'))\n            return choices.get('string')(String(value), path);",
    ],
  ),
  inside(
    'argument-forms/single-quoted-escape',
    'protocol/syntax',
    'does not take an escaped single quote',
    'qapi/json/json-lexer-table',
    ["'\\\\', '\"', \"'\");", "'\\\\', '\"');"],
  ),
];
