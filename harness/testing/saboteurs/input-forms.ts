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
      'const held = value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;',
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
  inside(
    'wire/whole-fractions-taken',
    'protocol/schema',
    'takes numbers with a fraction or an exponent for integers where their value is whole',
    'qapi/check-arguments',
    [
      'if (!isInteger(value) || value > INT64_MAX)',
      'if (value instanceof Double && Number.isInteger(value.value))\n            value = value.value;\n        if (!isInteger(value) || value > INT64_MAX)',
    ],
  ),
  inside(
    'wire/other-branches-ignored',
    'protocol/schema',
    'ignores members of a union that belong to another branch',
    'qapi/check-arguments',
    [
      'refuseUnexpected(value, held, path);\n        return held;',
      'const others = new Set([...branches.values()].flat().map(({ name }) => name));\n        refuseUnexpected(Object.fromEntries(Object.entries(value).filter(([name]) => Object.hasOwn(held, name) || !others.has(name))), held, path);\n        return held;',
    ],
  ),
  inside(
    'wire/narrow-integers-wrap',
    'protocol/schema',
    'wraps integers round that are too large for 8, 16 or 32 bits',
    'qapi/check-arguments',
    [
      'if (bits !== undefined && held >= 2 ** bits)',
      'if (bits !== undefined && held >= 2 ** bits)\n            return Number(held) % 2 ** bits;\n        if (false)',
    ],
  ),
  inside('wire/input-as-latin-1', 'protocol/syntax', 'reads strings as Latin-1', 'qapi/json/string-token', [
    'const text = unescaped.toString();',
    "const text = unescaped.toString('latin1');",
  ]),
  inside(
    'input-forms/first-value-in-file',
    'BlockInfo',
    'keeps the first of two values that a file of options gives a parameter',
    'options/read-config',
    [
      'group.values.push(',
      "if (!group.values.some((one) => one.startsWith(key + '=')))\n            group.values.push(",
    ],
  ),
  inside(
    'wire/string-of-any-bytes',
    'protocol/syntax',
    'takes bytes within strings that no UTF-8 has',
    'qapi/json/json-lexer-table',
    [
      `SINGLE_QUOTED = defineString("'");`,
      String.raw`SINGLE_QUOTED = defineString("'");
for (const body of [DOUBLE_QUOTED, SINGLE_QUOTED])
    on(body, body, '\xc1', '\xf5-\xfd');`,
    ],
  ),
  inside(
    'wire/empty-list-as-arguments',
    'protocol/commands',
    'takes an empty list of arguments for none',
    'monitor/dispatcher',
    [
      'if (!isWireObject(value))',
      'if (Array.isArray(value) && value.length === 0)\n                continue;\n            if (!isWireObject(value))',
    ],
  ),
  inside(
    'wire/class-of-bad-json',
    'protocol/errors',
    'gives input that is no JSON the class JSONParsing',
    'monitor/dispatcher',
    ['new CommandError(message.fault)', "new CommandError(message.fault, 'JSONParsing')"],
  ),
  inside(
    'wire/later-refusal-twice',
    'protocol/replies',
    'answers a refused command twice that came in one piece with another',
    'monitor/monitor-session',
    [
      '                this.send(answer);',
      "{ this.send(answer); if (answered > 1 && 'error' in answer) this.send(answer); }",
    ],
  ),
  inside(
    'wire/negotiation-answers-list',
    'protocol/negotiation',
    'answers qmp_capabilities with a list of what is enabled',
    'commands/qmp-capabilities',
    ['return {};', 'return { enabled: [] };'],
  ),
  inside(
    'wire/unknown-format-as-raw',
    'BlockdevOptions',
    'opens images of formats that it does not have as raw',
    'graph/named-image',
    [
      'const { cache, discard } = like.options;',
      "format = drivers.find(format) ? format : 'raw';\n    const { cache, discard } = like.options;",
    ],
  ),
  inside(
    'wire/id-of-earlier',
    'protocol/ids',
    'gives the reply to a command without id the latest id that came before',
    'monitor/dispatcher',
    [
      'const id = idOf(request);',
      'if (idOf(request) !== undefined)\n            session.latestId = idOf(request);\n        const id = session.latestId;',
    ],
  ),
  inside(
    'wire/unknown-properties-ignored',
    'BlockInfo',
    'ignores properties of a new device that its model does not have',
    'devices/plug-in',
    [
      'of Object.entries(given)) {',
      'of Object.entries(given).filter(([key]) => Object.hasOwn(properties, key))) {',
    ],
  ),
  inside(
    'wire/negative-without-top-bit',
    'protocol/schema',
    'loses the highest bit of a uint64 that is written as a negative int64',
    'qapi/check-arguments',
    ['BigInt.asUintN(64, BigInt(value))', 'BigInt.asUintN(63, BigInt(value))'],
  ),
  inside(
    'wire/null-member-ignored',
    'protocol/commands',
    'ignores an unknown member that is null',
    'monitor/dispatcher',
    ["else if (key !== 'id') {", "else if (key !== 'id' && value !== null) {"],
  ),
  inside(
    'wire/out-of-band-unoffered',
    'protocol/commands',
    'takes exec-oob for execute',
    'monitor/dispatcher',
    ["if (key === 'execute') {", "if (key === 'execute' || key === 'exec-oob') {"],
  ),
  inside('wire/control-ignored', 'protocol/commands', 'ignores a member control', 'monitor/dispatcher', [
    "else if (key !== 'id') {",
    "else if (key !== 'id' && key !== 'control') {",
  ]),
  inside(
    'wire/id-in-capitals',
    'protocol/commands',
    'takes names of members in capitals',
    'monitor/dispatcher',
    ["else if (key !== 'id') {", "else if (key.toLowerCase() !== 'id') {"],
  ),
  inside(
    'wire/digits-as-numbers',
    'protocol/ids',
    'gives strings of digits back as numbers',
    'monitor/dispatcher',
    [
      'isWireObject(request) ? request.id : undefined;',
      "isWireObject(request) ? (typeof request.id === 'string' && /^\\d+$/.test(request.id) ? Number(request.id) : request.id) : undefined;",
    ],
  ),
  inside(
    'wire/unsigned-as-signed',
    'protocol/schema',
    'refuses positive numbers beyond int64 for uint64 and size',
    'qapi/check-arguments',
    ['if (!isInteger(value))\n', 'if (!isInteger(value) || value > INT64_MAX)\n'],
  ),
  inside(
    'wire/other-types-as-null',
    'protocol/schema',
    'takes values of any other type for null where an alternate takes null',
    'qapi/check-arguments',
    [
      'return choice(value, path);',
      "return choice(value, path);\n        if (choices.has('null'))\n            return null;",
    ],
  ),
  inside(
    'wire/eight-commands-queued',
    'protocol/replies',
    'drops what comes behind the eighth of commands that are sent without waiting for replies',
    'monitor/monitor-session',
    [
      'const fault = this.#faults?.command(message);',
      'if (answered > 8)\n                continue;\n            const fault = this.#faults?.command(message);',
    ],
  ),
  inside(
    'wire/unknown-enum-values-default',
    'protocol/schema',
    'takes a value that the enum of an optional argument does not have for none',
    'qapi/check-arguments',
    [
      'input: lazily(member.type),',
      "input: member.optional && member.type.kind === 'enum' ? (value, path) => typeof value === 'string' && !member.type.members.some(({ name }) => name === value) ? undefined : inputFor(member.type)(value, path) : lazily(member.type),",
    ],
  ),
  inside(
    'wire/return-beside-error',
    'protocol/replies',
    'sends an empty return beside each error',
    'monitor/dispatcher',
    [
      'return id === undefined ? { error } : { error, id };',
      'return id === undefined ? { return: {}, error } : { return: {}, error, id };',
    ],
  ),
  inside(
    'wire/enums-of-any-value',
    'protocol/schema',
    'takes strings that are no value of their enum',
    'qapi/check-arguments',
    ['if (!names.has(value))', "if (value === '')"],
  ),
  inside(
    'wire/replies-with-timestamp',
    'protocol/replies',
    'puts a timestamp into replies of success as into events',
    'monitor/dispatcher',
    [
      'return id === undefined ? { return: value } : { return: value, id };',
      'const timestamp = { seconds: Math.floor(Date.now() / 1000), microseconds: 0 };\n    return id === undefined ? { timestamp, return: value } : { timestamp, return: value, id };',
    ],
  ),
];
