import { expect, it } from 'vitest';
import { decode, encode } from '../../generators/sequences/encoding.ts';
import { readIntrospection } from '../../spec/introspection.ts';
import { restrictProgram } from './restrict-program.ts';

const member = (name: string, type: string): { name: string; type: string; default: null } => ({
  name,
  type,
  default: null,
});
const SCHEMA = readIntrospection([
  { 'meta-type': 'builtin', name: 'str', 'json-type': 'string' },
  { 'meta-type': 'enum', name: '1', values: ['raw', 'qcow2'] },
  { 'meta-type': 'object', name: '2', members: [member('inner', 'str')] },
  { 'meta-type': 'array', name: '[2]', 'element-type': '2' },
  {
    'meta-type': 'object',
    name: '3',
    members: [{ name: 'driver', type: '1' }, member('list', '[2]')],
    tag: 'driver',
    variants: [
      { case: 'raw', type: '2' },
      { case: 'qcow2', type: '4' },
    ],
  },
  { 'meta-type': 'object', name: '4', members: [] },
  { 'meta-type': 'command', name: 'add', 'arg-type': '3', 'ret-type': '4' },
  { 'meta-type': 'command', name: 'blockdev-add', 'arg-type': '3', 'ret-type': '4' },
  { 'meta-type': 'object', name: '5', members: [member('format', 'str'), member('in', '6')] },
  { 'meta-type': 'object', name: '6', members: [member('format', 'str')] },
  { 'meta-type': 'command', name: 'make', 'arg-type': '5', 'ret-type': '4' },
]);

const START_STATES = [{ name: 'empty', symbols: ['f0'], monitors: 1 }];

const fitted = (text: string): string =>
  encode(restrictProgram(decode(`ground empty\n${text}`), SCHEMA, START_STATES))
    .split('\n')
    .slice(1)
    .join('');

it('leaves out members that are not common, at any depth', () => {
  expect(fitted('add {"driver":"raw","inner":"x","outer":1,"list":[{"inner":"y","new":2}]}')).toBe(
    'add {"driver":"raw","inner":"x","list":[{"inner":"y"}]}',
  );
});

it('knows the members of a branch', () => {
  expect(fitted('add {"driver":"qcow2","inner":"x"}')).toBe('add {"driver":"qcow2"}');
});

it('leaves out calls of what is not common', () => {
  expect(fitted('add {"driver":"qed"}')).toBe('');
});

it.each(['make {"format":"qed"}', 'make {"in":{"format":"qed"}}'])(
  'leaves out a format not common: %s',
  (text) => {
    expect(fitted(text)).toBe('');
  },
);

it.each(['raw', 'no such'])('keeps the format %s, which is common or nobody has', (format) => {
  const text = `make {"format":"${format}"}`;
  expect(fitted(text)).toBe(text);
});

it('keeps faults that both must refuse', () => {
  const text = 'add {"driver":"raw","inner":5}';
  expect(fitted(text)).toBe(text);
});

it('leaves files alone', () => {
  expect(fitted('overwrite $f0 512 0')).toBe('');
});

it.each([
  ['one of the ground', 'drive-backup {"device":"$n0","target":"$f0","sync":"full"}', ''],
  [
    'one that it has made',
    'drive-backup {"target":"$f1"}\ndrive-backup {"target":"$f1"}\ndrive-backup {"target":"$f2"}',
    'drive-backup {"target":"$f1"}drive-backup {"target":"$f2"}',
  ],
  [
    'none that is taken as it is',
    'drive-mirror {"target":"$f0","mode":"existing"}',
    'drive-mirror {"target":"$f0","mode":"existing"}',
  ],
])('makes no file anew: %s', (_, text, expected) => {
  expect(fitted(text)).toBe(expected);
});
