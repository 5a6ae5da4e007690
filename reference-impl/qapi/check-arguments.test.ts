import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../spec/compiler/compile.ts';
import { checkArguments } from './check-arguments.ts';
import { Double, type Wire, type WireObject } from './json/wire-value.ts';
import { serialize } from './serialize.ts';

const schema = compileSchema({
  text: `
    { 'enum': 'Colour', 'data': [ 'red', 'green' ] }
    { 'struct': 'Point', 'data': { 'x': 'int32', '*next': 'Point' } }
    { 'union': 'Shape', 'base': { 'colour': 'Colour' }, 'discriminator': 'colour',
      'data': { 'red': 'Point', 'green': 'Ref' } }
    { 'struct': 'Ref', 'data': { 'to': 'RefOrPoint', '*list': [ 'RefOrPoint' ] } }
    { 'alternate': 'RefOrPoint', 'data': { 'ref': 'str', 'point': 'Point' } }
    { 'alternate': 'Mixed', 'data': { 'n': 'null', 'b': 'bool', 'i': 'int' } }
    { 'command': 'c', 'data': {
        '*str': 'str', '*bool': 'bool', '*int': 'int', '*int8': 'int8', '*uint64': 'uint64', '*uint32': 'uint32',
        '*uint16': 'uint16', '*size': 'size', '*number': 'number', '*any': 'any', '*colour': 'Colour',
        '*list': [ 'Point' ], '*point': 'Point', '*shape': 'Shape', '*alt': 'RefOrPoint', '*mixed': 'Mixed' } }
    { 'command': 'd', 'data': { 'first': 'str', 'second': 'str' } }
  `,
});

const check = (args: WireObject, command = 'c') =>
  checkArguments(schema.commands.get(command)!.arguments, args);

/** Rows with their arguments as text first. */
const titled = <T>(rows: readonly [WireObject, T][]) =>
  rows.map(([args, then]) => [serialize(args), args, then] as const);

const wrongType = (name: string, expected: string) =>
  `Invalid parameter type for '${name}', expected: ${expected}`;

describe('refused', () => {
  test.each(
    titled<string>([
      [{ str: 1 }, wrongType('str', 'string')],
      [{ str: null }, wrongType('str', 'string')],
      [{ bool: 'on' }, wrongType('bool', 'boolean')],
      [{ int: '1' }, wrongType('int', 'integer')],
      [{ int: new Double(1) }, wrongType('int', 'integer')],
      [{ int: 2n ** 63n }, wrongType('int', 'integer')],
      [{ int8: true }, wrongType('int8', 'integer')],
      [{ int8: 128 }, "Parameter 'int8' expects int8_t"],
      [{ int8: -129 }, "Parameter 'int8' expects int8_t"],
      [{ uint64: 'x' }, "Parameter 'uint64' expects uint64"],
      [{ uint64: new Double(2 ** 64) }, "Parameter 'uint64' expects uint64"],
      [{ size: null }, "Parameter 'size' expects uint64"],
      [{ uint32: new Double(1) }, "Parameter 'uint32' expects uint64"],
      [{ uint32: 2 ** 32 }, "Parameter 'uint32' expects uint32_t"],
      [{ uint32: -1 }, "Parameter 'uint32' expects uint32_t"],
      [{ uint16: 65536 }, "Parameter 'uint16' expects uint16_t"],
      [{ number: 'x' }, wrongType('number', 'number')],
      [{ colour: 1 }, wrongType('colour', 'string')],
      [{ colour: 'blue' }, "Invalid parameter 'blue'"],
      [{ list: {} }, wrongType('list', 'array')],
      [{ list: [{ x: 1 }, { x: 'a' }] }, wrongType('list[1].x', 'integer')],
      [{ list: [1] }, wrongType('list[0]', 'object')],
      [{ point: [] }, wrongType('point', 'object')],
      [{ point: {} }, "Parameter 'point.x' is missing"],
      [{ point: { x: 1, next: { x: 1, y: 2 } } }, "Parameter 'point.next.y' is unexpected"],
      [{ shape: { x: 1 } }, "Parameter 'shape.colour' is missing"],
      [{ shape: { colour: 'red', to: 'a' } }, "Parameter 'shape.x' is missing"],
      [{ shape: { colour: 'red', x: 1, to: 'a' } }, "Parameter 'shape.to' is unexpected"],
      [{ shape: { colour: 'green', to: 1 } }, wrongType('to', 'RefOrPoint')],
      [{ shape: { colour: 'green', to: 'a', list: [1] } }, wrongType('null', 'RefOrPoint')],
      [{ alt: { y: 1 } }, "Parameter 'alt.x' is missing"],
      [{ mixed: 'x' }, wrongType('mixed', 'Mixed')],
      [{ unknown: 1 }, "Parameter 'unknown' is unexpected"],
      [{ unknown: 1, str: 1 }, wrongType('str', 'string')],
    ]),
  )('%s', (_title, args, message) => {
    expect(() => check(args)).toThrow(message);
  });

  test('a missing member before a later ill-typed one, both before an unknown one', () => {
    expect(() => check({ second: 1, third: 1 }, 'd')).toThrow("Parameter 'first' is missing");
    expect(() => check({ first: 'a', second: 1, third: 1 }, 'd')).toThrow(wrongType('second', 'string'));
    expect(() => check({ first: 'a', second: 'b', third: 1 }, 'd')).toThrow(
      "Parameter 'third' is unexpected",
    );
  });
});

describe('accepted', () => {
  test.each(
    titled<Wire>([
      [{}, {}],
      [
        { bool: true, str: 's' },
        { str: 's', bool: true },
      ],
      [
        { int: -(2n ** 63n), int8: -128 },
        { int: -(2n ** 63n), int8: -128 },
      ],
      [
        { uint64: -1, size: -(2n ** 63n) },
        { uint64: 2n ** 64n - 1n, size: 2n ** 63n },
      ],
      [{ uint32: 4294967295 }, { uint32: 4294967295 }],
      [{ number: new Double(1.5) }, { number: 1.5 }],
      [{ number: 2n ** 60n }, { number: 2 ** 60 }],
      [{ any: { a: [new Double(0.5), null] } }, { any: { a: [0.5, null] } }],
      [
        { alt: 'a', mixed: null },
        { alt: 'a', mixed: null },
      ],
      [
        { alt: { x: 1 }, mixed: 4 },
        { alt: { x: 1 }, mixed: 4 },
      ],
      [
        { shape: { colour: 'green', to: { x: 3 }, list: ['a'] } },
        { shape: { colour: 'green', to: { x: 3 }, list: ['a'] } },
      ],
    ]),
  )('%s', (_title, args, held) => {
    expect(check(args)).toEqual(held);
  });

  test('members come in the order of the schema', () => {
    expect(Object.keys(check({ second: 'b', first: 'a' }, 'd'))).toEqual(['first', 'second']);
  });
});
