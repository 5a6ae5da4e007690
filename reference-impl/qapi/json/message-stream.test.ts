import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from './json-parser.ts';
import { MessageStream } from './message-stream.ts';
import { Double, type Wire } from './wire-value.ts';

function messagesOf(...chunks: readonly (string | Uint8Array)[]): Message[] {
  const stream = new MessageStream();
  const messages: Message[] = [];
  for (const chunk of chunks) {
    stream.push(Buffer.from(chunk as string));
    for (let message = stream.next(); message !== undefined; message = stream.next()) messages.push(message);
  }
  return messages;
}

const valuesOf = (text: string | Uint8Array): Wire[] =>
  messagesOf(text).map((message) => ('value' in message ? message.value : `fault: ${message.fault}`));

const faultsOf = (text: string) =>
  messagesOf(text).map((message) => ('fault' in message ? message.fault : message.value));

/** A byte that fits nowhere, whatever came before. */
const LEXICAL_ERROR = Buffer.from([0xff]);

const SYNTAX = 'Invalid JSON syntax';
const parseError = (text: string) => `JSON parse error, ${text}`;

describe('values', () => {
  test.each<[string, Wire]>([
    ['[]', []],
    ['{}', {}],
    ['[null, true, false]', [null, true, false]],
    ['{"a": {"b": [1]}, \'c\': "d"}', { a: { b: [1] }, c: 'd' }],
    ['{"a": 1, "a": 2}', { a: 2 }],
    ['{"__proto__": 1}', JSON.parse('{"__proto__": 1}') as Wire],
    ['[0, -0, -1, 9007199254740991]', [0, 0, -1, 9007199254740991]],
    ['[9007199254740992, -9007199254740992]', [2n ** 53n, -(2n ** 53n)]],
    ['[-9223372036854775808, 18446744073709551615]', [-(2n ** 63n), 2n ** 64n - 1n]],
    ['[18446744073709551616, -9223372036854775809]', [new Double(2 ** 64), new Double(-(2 ** 63))]],
    ['[1.0, 1e3, 1E+2, -2.5e-1, 1e400]', [1, 1000, 100, -0.25, Infinity].map((x) => new Double(x))],
    [`["it's", 'a"b', "\\"", '\\'']`, ["it's", 'a"b', '"', "'"]],
    ['["a\tb\nc\x01\x7f"]', ['a\tb\nc\x01\x7f']],
    ['["\\b\\f\\n\\r\\t\\/\\\\"]', ['\b\f\n\r\t/\\']],
    ['["\\u00e9\\u0000x\\u20AC"]', ['éx€']],
    ['["\\ud83d\\ude00", "\\ud800", "\\uffff"]', ['\ufffd\ufffd', '\ufffd', '\ufffd']],
    ['["é€😀"]', ['é€😀']],
  ])('%s', (text, value) => {
    expect(valuesOf(text)).toEqual([value]);
  });

  test.each<[string, string]>([
    ['an unexpected continuation byte', '80'],
    ['an overlong form', 'e08080'],
    ['half of a surrogate pair', 'eda080'],
    ['a code point beyond the last', 'f4908080'],
    ['a noncharacter', 'efbfbf'],
    ['a truncated sequence', 'e282'],
  ])('%s reads as one U+FFFD', (_what, hex) => {
    const bytes = Buffer.concat([Buffer.from('["a'), Buffer.from(hex, 'hex'), Buffer.from('b"]')]);
    expect(valuesOf(bytes)).toEqual([['a\ufffdb']]);
  });

  test('any JSON value, however it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 9 }), (value, step) => {
        const text = Buffer.from(`${JSON.stringify([value])}`);
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < text.length; at += step) chunks.push(text.subarray(at, at + step));
        const [message, ...more] = messagesOf(...chunks);
        expect(more).toEqual([]);
        expect(plain((message as { value: Wire }).value)).toEqual(JSON.parse(text.toString()));
      }),
    );
  });
});

/** The value as `JSON.parse` has it. */
function plain(value: Wire): unknown {
  if (value instanceof Double) return value.value;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

describe('faults', () => {
  test.each<[string, readonly unknown[]]>([
    ['{"a" 1}', [parseError('missing : in object pair')]],
    ['{"a": 1 "b": 2}', [parseError('expected separator in dict')]],
    ['[1 2]', [parseError('expected separator in list')]],
    ['[1,]', [parseError('expecting value')]],
    ['{1: 2}', [parseError('key is not a string in object')]],
    ['{"a": 1,}', [parseError('key is not a string in object')]],
    ['{"a": nope}', [parseError('Missing value in dict')]],
    ['{"a": {"b" 1}}', [parseError('Missing value in dict')]],
    ['[{"b" 1}]', [parseError('expecting value')]],
    ['nope ', [parseError("invalid keyword 'nope'")]],
    ['%d', [SYNTAX]],
    ['{"a": %lld}', [parseError('Missing value in dict')]],
    ['[%I64d]', [parseError('expecting value')]],
    ['%x', [SYNTAX]],
    [', :', [parseError('expecting value'), parseError('expecting value')]],
  ])('%s', (text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  test.each(['\xff', '+', '1.x', '1e+x', '-x', '"\\x', '"\\u12g', 'A', '\0'])(
    'a byte that fits nowhere takes its token with it: %j',
    (text) => {
      const bytes = Buffer.from(text, 'latin1');
      expect(messagesOf(bytes, '{}')).toEqual([{ fault: SYNTAX }, { value: {} }]);
    },
  );

  test('brackets and braces are counted for themselves', () => {
    expect(faultsOf('{"a": [}] {}')).toEqual([parseError('Missing value in dict'), {}]);
    expect(faultsOf('[} {}')).toEqual([parseError('expecting value'), {}]);
  });

  test('an unclosed bracket takes in what follows, until a lexical error', () => {
    expect(messagesOf('[{"a": 1}', '\n{}', LEXICAL_ERROR, '{}')).toEqual([{ fault: SYNTAX }, { value: {} }]);
  });
});

describe('limits', () => {
  test('nesting ends at 1024', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(messagesOf(nested(1024))).toHaveLength(1);
    expect(faultsOf(nested(1025))).toEqual([SYNTAX, ...Array(1025).fill(parseError('expecting value'))]);
  });

  test('a string of 64 MiB is refused while it arrives', () => {
    const megabyte = Buffer.alloc(1 << 20, 'a');
    expect(messagesOf('"', ...Array<Buffer>(65).fill(megabyte))[0]).toEqual({ fault: SYNTAX });
  });

  test('two million tokens are refused', () => {
    expect(messagesOf(`[${'0,'.repeat(1 << 20)}`)[0]).toEqual({ fault: SYNTAX });
  });
});

test('never throws, and always recovers', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const recovered = messagesOf(bytes, LEXICAL_ERROR, '{"execute": "x"}').at(-1);
      expect(recovered).toEqual({ value: { execute: 'x' } });
    }),
  );
});
