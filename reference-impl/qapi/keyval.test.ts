import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../spec/compiler/compile.ts';
import type { Wire } from './json/wire-value.ts';
import { parseJsonOption, parseKeyval, splitOptions } from './keyval.ts';
import { typedArguments } from './keyval-types.ts';

describe('keyval', () => {
  test.each<[string, Wire]>([
    ['', {}],
    ['raw', { driver: 'raw' }],
    ['driver=raw,', { driver: 'raw' }],
    [
      'driver=raw,file.driver=file,file.filename=a=b,,c',
      { driver: 'raw', file: { driver: 'file', filename: 'a=b,c' } },
    ],
    ['a=1,a=2', { a: '2' }],
    ['a=', { a: '' }],
    ['x.0=a,x.1.y=b', { x: ['a', { y: 'b' }] }],
    ['x.1=b,x.0=a', { x: ['a', 'b'] }],
  ])('%s', (text, value) => {
    expect(parseKeyval(text, 'driver')).toEqual(value);
  });

  test.each([
    ['a=1,b', "Expected '=' after parameter 'b'"],
    ['=1', "Invalid parameter ''"],
    ['1x=1', "Invalid parameter '1x'"],
    ['0=1', "Invalid parameter '0'"],
    ['a..b=1', "Invalid parameter 'a..b'"],
    ['a=1,a.b=2', "Parameters 'a.*' used inconsistently"],
    ['a.b=1,a=2', "Parameters 'a.*' used inconsistently"],
    ['a.0=1,a.b=2', "Parameters 'a.*' used inconsistently"],
    ['a.1=1', "Parameter 'a.0' missing"],
    ['a.0=1,a.2=1', "Parameter 'a.1' missing"],
  ])('%s is refused', (text, message) => {
    expect(() => parseKeyval(text, 'driver')).toThrow(message);
  });

  test('commas', () => {
    expect(splitOptions('a,,b,c,,,d')).toEqual(['a,b', 'c,', 'd']);
  });
});

describe('JSON', () => {
  test('one object', () => {
    expect(parseJsonOption('{"a": 1}')).toEqual({ a: 1 });
  });

  test.each([
    ['{"a"', 'JSON parse error, premature EOI'],
    ['{"a"}', 'JSON parse error, missing : in object pair'],
    ['{} {}', 'Expecting at most one JSON value'],
  ])('%s is refused', (text, message) => {
    expect(() => parseJsonOption(text)).toThrow(message);
  });
});

describe('typed by the schema', () => {
  const schema = compileSchema({
    text: `
      { 'enum': 'Letter', 'data': [ 'a', 'b' ] }
      { 'struct': 'Switch', 'data': { '*on': 'bool', '*list': [ 'int' ] } }
      { 'union': 'Shape', 'base': { 'e': 'Letter' }, 'discriminator': 'e', 'data': { 'a': 'Switch', 'b': 'Empty' } }
      { 'struct': 'Empty', 'data': {} }
      { 'alternate': 'RefOrSwitch', 'data': { 'ref': 'str', 's': 'Switch' } }
      { 'command': 'c', 'data': { '*str': 'str', '*int': 'int', '*size': 'size', '*sub': 'Shape', '*alt': 'RefOrSwitch' } }
    `,
  });
  const typed = (text: string) =>
    typedArguments(schema.commands.get('c')!.arguments, parseKeyval(text, 'str'));

  test.each<[string, Wire]>([
    ['1', { str: '1' }],
    ['int=-12', { int: -12 }],
    ['int=0x10', { int: 16 }],
    ['int=010', { int: 8 }],
    ['int=0', { int: 0 }],
    ['int=18446744073709551615', { int: 2n ** 64n - 1n }],
    ['size=64k', { size: 65536 }],
    ['size=1.5M', { size: 1572864 }],
    ['size=4E', { size: 2n ** 62n }],
    ['sub.e=a,sub.on=yes,sub.list.0=1', { sub: { e: 'a', on: true, list: [1] } }],
    ['sub.e=b,sub.on=yes', { sub: { e: 'b', on: 'yes' } }],
    ['alt=on', { alt: 'on' }],
    ['alt.on=off', { alt: { on: false } }],
    ['int.x=1', { int: { x: '1' } }],
    ['unknown=1', { unknown: '1' }],
  ])('%s', (text, value) => {
    expect(typed(text)).toEqual(value);
  });

  test.each([
    ['int=x', "Parameter 'int' expects integer"],
    ['int=1k', "Parameter 'int' expects integer"],
    ['size=1x', "Parameter 'size' expects a size"],
    ['alt.on=maybe', "Parameter 'alt.on' expects 'on' or 'off'"],
    ['alt.list.0=x', "Parameter 'alt.list.0' expects integer"],
  ])('%s is refused', (text, message) => {
    expect(() => typed(text)).toThrow(message);
  });
});
