import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '../../spec/json.ts';
import { Double } from './json/wire-value.ts';
import { serialize, serializeLine } from './serialize.ts';

test('a line is ASCII with spaces after separators', () => {
  expect(serializeLine({ return: [1, 'é😀\x7f', {}], id: null })).toBe(
    '{"return": [1, "\\u00E9\\uD83D\\uDE00\\u007F", {}], "id": null}\r\n',
  );
});

test('reads back as what it was', () => {
  const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('e'));
  fc.assert(
    fc.property(json, (value) => {
      const text = serialize(value as Json);
      expect(text).toMatch(/^[ -~]*$/);
      if (!/\d\.\d/.test(text)) expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test.each<[number, string]>([
  [1, '1'],
  [1.5, '1.5'],
  [-0, '-0'],
  [1000, '1000'],
  [0.1234567, '0.123457'],
  [0.0000001, '0'],
  [2 ** -7, '0.007812'],
  [3 * 2 ** -7, '0.023438'],
  [2 ** 64, '18446744073709551616'],
  [1e22, '10000000000000000000000'],
  [Infinity, 'inf'],
  [-Infinity, '-inf'],
])('a number that is no integer: %s', (value, text) => {
  expect(serialize(new Double(value))).toBe(text);
});

test('integers are exact', () => {
  expect(serialize([2n ** 64n - 1n, -(2n ** 63n), 9007199254740991])).toBe(
    '[18446744073709551615, -9223372036854775808, 9007199254740991]',
  );
});
