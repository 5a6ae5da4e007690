import { describe, expect, test } from 'vitest';
import { compileSchema } from './compiler/compile.ts';
import type { Json, JsonObject } from './json.ts';
import type { BuiltinType } from './model.ts';
import { validateArguments, validateEvent, validateReturn, validatorFor } from './validate.ts';

const schema = compileSchema({
  text: `
    { 'enum': 'Mode', 'data': ['on', 'off', { 'name': 'auto' }] }
    { 'struct': 'Plain', 'data': { 'a': 'int8', '*b': 'str' } }
    { 'struct': 'Tree', 'data': { '*children': ['Tree'], 'leaf': 'bool' } }
    { 'union': 'Choice', 'base': { 'mode': 'Mode', '*common': 'str' }, 'discriminator': 'mode',
      'data': { 'on': 'Plain', 'off': 'Tree' } }
    { 'alternate': 'Ref', 'data': { 'definition': 'Choice', 'reference': 'str', 'none': 'null' } }
    { 'alternate': 'Amount', 'data': { 'count': 'number', 'mode': 'Mode' } }
    { 'command': 'no-arguments', 'returns': ['Plain'] }
    { 'command': 'do', 'data': { 'ref': 'Ref', '*amount': 'Amount', '*anything': 'any' } }
    { 'command': 'limits', 'data': { '*i': 'int', '*u64': 'uint64', '*s': 'size', '*u32': 'uint32' } }
    { 'command': 'free-form', 'data': { 'a': 'int' }, 'gen': false }
    { 'event': 'DONE', 'data': { 'tree': 'Tree', 'offset': 'uint64' } }
    { 'event': 'BARE' }
  `,
});

function issuesOf(type: string, value: Json): string[] {
  return validatorFor(schema.types.get(type)!)(value).map((issue) => `${issue.code} ${issue.path}`);
}

function argumentIssues(command: string, value: Json | undefined): string[] {
  return validateArguments(schema, command, value).map((issue) => `${issue.code} ${issue.path}`);
}

describe('validators', () => {
  test.each<[string, Json, string[]]>([
    ['Plain', { a: 1 }, []],
    ['Plain', { a: -128, b: '' }, []],
    ['Plain', {}, ['missing $.a']],
    ['Plain', [], ['type $']],
    ['Plain', null, ['type $']],
    ['Plain', { a: '1' }, ['type $.a']],
    ['Plain', { a: 1.5 }, ['type $.a']],
    ['Plain', { a: 1e300 }, ['type $.a']],
    ['Plain', { a: 128 }, ['range $.a']],
    ['Plain', { a: 2n ** 70n }, ['range $.a']],
    ['Plain', { a: 1, b: null }, ['type $.b']],
    ['Plain', { a: 1, c: 1 }, ['unexpected $.c']],
    ['Plain', { A: 1 }, ['unexpected $.A', 'missing $.a']],
    ['Plain', { a: 1, 'odd name': 1 }, ['unexpected $["odd name"]']],
    ['Plain', JSON.parse('{"a": 1, "__proto__": {}}') as JsonObject, ['unexpected $.__proto__']],
    ['Plain', { a: 1, toString: 1 }, ['unexpected $.toString']],
    ['Tree', { leaf: true, children: [{ leaf: false }, { leaf: 0 }] }, ['type $.children[1].leaf']],
    ['Tree', { leaf: true, children: { leaf: true } }, ['type $.children']],
    ['Mode', 'auto', []],
    ['Mode', 'Auto', ['enum $']],
    ['Mode', true, ['type $']],
    ['Choice', { mode: 'on', a: 1, common: 'x' }, []],
    ['Choice', { mode: 'auto' }, []],
    ['Choice', { mode: 'on' }, ['missing $.a']],
    ['Choice', { mode: 'off', leaf: true, a: 1 }, ['branch $.a']],
    ['Choice', { mode: 'auto', b: 'x', zzz: 1 }, ['branch $.b', 'unexpected $.zzz']],
    ['Choice', { mode: 'nope', a: 'x' }, ['enum $.mode']],
    ['Choice', { a: 'x', common: 1 }, ['type $.common', 'missing $.mode']],
    ['Ref', 'node0', []],
    ['Ref', null, []],
    ['Ref', { mode: 'on', a: 'x' }, ['type $.a']],
    ['Ref', 1, ['type $']],
    ['Ref', [], ['type $']],
    ['Amount', 1, []],
    ['Amount', 1.5, []],
    ['Amount', 2n ** 64n, []],
    ['Amount', 'off', []],
    ['Amount', '1', ['enum $']],
    ['Amount', null, ['type $']],
  ])('%s %o', (type, value, expected) => {
    expect(issuesOf(type, value)).toEqual(expected);
  });

  test('a validator is made once and gives the same empty list for every valid value', () => {
    const type = schema.types.get('Plain')!;
    expect(validatorFor(type)).toBe(validatorFor(type));
    expect(validatorFor(type)({ a: 1 })).toBe(validatorFor(schema.types.get('Mode')!)('on'));
  });

  test('a found issue does not show up in the next run', () => {
    expect(issuesOf('Tree', { leaf: true, children: [{}] })).toEqual(['missing $.children[0].leaf']);
    expect(issuesOf('Tree', { leaf: true })).toEqual([]);
  });

  test('an integer whose type is unknown takes every integer of 64 bits', () => {
    const int: BuiltinType = { kind: 'builtin', name: 'int', jsonType: 'int', anyInteger: true };
    const codes = (value: Json) => validatorFor(int)(value).map((issue) => issue.code);
    expect([-(2n ** 63n), 2n ** 64n - 1n].flatMap(codes)).toEqual([]);
    expect([-(2n ** 63n) - 1n, 2n ** 64n].flatMap(codes)).toEqual(['range', 'range']);
  });
});

describe('arguments, return values and events', () => {
  test.each<[string, Json | undefined, string[]]>([
    ['no-arguments', undefined, []],
    ['no-arguments', {}, []],
    ['no-arguments', { x: 1 }, ['unexpected $.x']],
    ['no-arguments', [], ['type $']],
    ['do', { ref: '', anything: [{ x: null }] }, []],
    ['do', undefined, ['missing $.ref']],
    ['do', { ref: { mode: 'off' } }, ['missing $.ref.leaf']],
    ['limits', { i: -(2n ** 63n), u64: 2n ** 64n - 1n, s: 2n ** 64n - 1n, u32: 2 ** 32 - 1 }, []],
    ['limits', { i: 2n ** 63n }, ['range $.i']],
    ['limits', { u64: 2n ** 64n }, ['range $.u64']],
    ['limits', { u64: -1, s: -(2n ** 63n) }, []],
    ['limits', { u32: -1 }, ['range $.u32']],
    ['free-form', { b: 1 }, []],
    ['free-form', 'x', ['type $']],
    ['nope', {}, ['unexpected $']],
  ])('arguments of %s: %o', (command, value, expected) => {
    expect(argumentIssues(command, value)).toEqual(expected);
  });

  test('an endpoint must not send a negative uint64, though it takes one', () => {
    const issues = validateEvent(schema, 'DONE', { tree: { leaf: true }, offset: -1 });
    expect(issues).toEqual([
      { code: 'range', path: '$.offset', message: '-1 is not within 0 to 18446744073709551615 (uint64)' },
    ]);
  });

  test('return values', () => {
    expect(validateReturn(schema, 'no-arguments', [{ a: 1 }])).toEqual([]);
    expect(validateReturn(schema, 'do', {})).toEqual([]);
    expect(validateReturn(schema, 'do', []).map((issue) => issue.message)).toEqual([
      'expected object, got array',
    ]);
    expect(validateReturn(schema, 'nope', {}).map((issue) => issue.code)).toEqual(['unexpected']);
  });

  test('events without data', () => {
    expect(validateEvent(schema, 'BARE', undefined)).toEqual([]);
    expect(validateEvent(schema, 'DONE', undefined).map((issue) => issue.path)).toEqual([
      '$.tree',
      '$.offset',
    ]);
    expect(validateEvent(schema, 'NOPE', {}).map((issue) => issue.code)).toEqual(['unexpected']);
  });
});
