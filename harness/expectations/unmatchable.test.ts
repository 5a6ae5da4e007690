import { expect, test } from 'vitest';
import { readExpectations } from './read-expectations.ts';
import { imprecise, unmatchable } from './unmatchable.ts';

const NAMES = { checks: ['case', 'envelope'], cases: () => ['a/b', 'a/c'], commands: ['eject', 'raw bytes'] };

const CASE = `- about: case
  endpoint: '*'
  case: a/b
  deviations: [{ check: case, message: m }]
  reason: r
`;
const DIFFERENCE = `- about: difference
  left: x
  endpoint: y
  deviations: [{ check: case, command: [eject, raw *], message: m, path: $.a }]
  reason: r
`;

const told = (text: string) => unmatchable(readExpectations(text, 'x.yaml'), NAMES);

test('what can match is nothing to tell of', () => {
  expect(told(CASE + DIFFERENCE)).toEqual([]);
  expect(told(CASE.replace('a/b', 'a').replace('check: case', "check: 'env*'"))).toEqual([]);
});

test.each([
  ['case: a/b', 'case: [a/b, a/d]', 'case: no such case: a/d'],
  ['case: a/b', 'case: b/*', 'case: no such case: b/*'],
  ['check: case', 'check: cases', 'check: no such check: cases'],
  ['raw *', 'row *', 'command: no such command: row *'],
  ['path: $.a', 'path: nodes', 'path: paths begin with $: nodes'],
  ['reason: r', "version: '>=8 <7'\n  reason: r", "version: no version is in the range '>=8 <7'"],
])('%s that is %s is told with file, line and key', (from, to, message) => {
  const place = CASE.includes(from) ? 1 : 6;
  expect(told((CASE + DIFFERENCE).replace(from, to))).toEqual([`x.yaml:${place}: ${message}`]);
});

test('names that nobody gives are not looked at', () => {
  const text = CASE.replace('a/b', 'x').replace('check: case', 'check: x');
  expect(unmatchable(readExpectations(text, 'x.yaml'), {})).toEqual([]);
});

test('an entry of the earlier spelling excuses more than it names', () => {
  const text = '- { endpoint: x, case: a/b, outcome: fail, reason: r }\n';
  expect(imprecise(readExpectations(text + CASE, 'x.yaml'))).toEqual([
    expect.stringMatching(/^x\.yaml:1: outcome: excuses every fail of its cases/),
  ]);
});
