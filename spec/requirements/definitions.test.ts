import { expect, test } from 'vitest';
import { loadBlockSchema } from '../block-core.ts';
import { outsideBlockApi, toldUnder } from './definitions.ts';
import { type Requirement, requirements } from './index.ts';
import { unobservable } from './unobservable.ts';

const { commands, events, types } = loadBlockSchema();
const named = [...types.values()].filter(
  (type) =>
    type.kind === 'enum' || type.kind === 'alternate' || (type.kind === 'object' && type.implicit !== true),
);
const definitions = [...commands.keys(), ...events.keys(), ...named.map(({ name }) => name)];

/** Definitions under which something stands. */
const told = new Set(
  [...Object.values<Requirement>(requirements), ...Object.values(unobservable)].map(
    ({ definition }) => definition,
  ),
);

test('every definition of the schema has requirements, or a reason why it has none', () => {
  const excused = [...Object.keys(toldUnder), ...outsideBlockApi];
  expect(definitions.filter((name) => !told.has(name) && !excused.includes(name))).toEqual([]);
});

test('requirements name definitions of the schema, or sections of the protocol', () => {
  const unknown = [...told].filter((name) => !definitions.includes(name) && !name.startsWith('protocol/'));
  expect(unknown).toEqual([]);
});

test('a definition is told under one that has requirements, has none itself, and is in the schema', () => {
  expect(Object.values(toldUnder).filter((name) => !told.has(name))).toEqual([]);
  expect([...Object.keys(toldUnder), ...outsideBlockApi].filter((name) => told.has(name))).toEqual([]);
  const unknown = [...Object.keys(toldUnder), ...outsideBlockApi].filter(
    (name) => !definitions.includes(name),
  );
  expect(unknown).toEqual([]);
});
