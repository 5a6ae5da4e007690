import { expect, test } from 'vitest';
import { parseJson } from './json.ts';
import { asFractions, writtenNumbers } from './written-numbers.ts';

test.each([
  ['{"a": 1.0}', [['$.a', '1.0']]],
  [
    '{"a": [0, 1e3, -2E+1]}',
    [
      ['$.a[1]', '1e3'],
      ['$.a[2]', '-2E+1'],
    ],
  ],
  ['{"a b": {"c": 10.00}}', [['$["a b"].c', '10.00']]],
  ['{"a": 1.5, "b": 1e-1}', []],
  ['{"a": "1.0", "1.0": 12345678901234567890}', []],
])('%s', (text, found) => {
  expect(writtenNumbers(text).map(({ path, text: written }) => [path, written])).toEqual(found);
});

test('only those that are named become fractions', () => {
  const value = parseJson('{"a": [1.0, 1], "b": 1}');
  expect(asFractions(value, new Set(['$.a[0]']))).toEqual({ a: [1.5, 1], b: 1 });
});
