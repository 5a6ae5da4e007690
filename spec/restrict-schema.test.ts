import { expect, test } from 'vitest';
import { loadBlockSchema } from './block-core.ts';
import { introspect } from './compiler/introspect.ts';
import { readIntrospection } from './introspection.ts';
import type { Json } from './json.ts';
import { driversOf, restrictSchema } from './restrict-schema.ts';
import { validateArguments } from './validate.ts';

const schema = restrictSchema(loadBlockSchema(), {
  commands: ['blockdev-add', 'quit'],
  events: ['SHUTDOWN'],
  drivers: ['raw', 'null-co'],
});

test('only what is implemented, and the types that it reaches', () => {
  expect([...schema.commands.keys()]).toEqual(['blockdev-add', 'quit']);
  expect([...schema.events.keys()]).toEqual(['SHUTDOWN']);
  expect(schema.types.has('BlockdevOptionsNull')).toBe(true);
  expect(schema.types.has('BlockdevOptionsQcow2')).toBe(false);
  expect(schema.types.get('BlockdevDriver')).toMatchObject({
    members: [{ name: 'null-co' }, { name: 'raw' }],
  });
});

test('a driver that is left out is no value, at any depth', () => {
  const issues = (driver: string) =>
    validateArguments(schema, 'blockdev-add', { driver: 'raw', file: { driver } }).map(({ code }) => code);
  expect(issues('null-co')).toEqual([]);
  expect(issues('qcow2')).toEqual(['enum']);
});

test('drivers are told, and left out, in an introspection whose types have no names', () => {
  const masked = readIntrospection(introspect(loadBlockSchema()) as unknown as Json);
  expect(driversOf(masked)).toEqual(driversOf(loadBlockSchema()));
  const kept = restrictSchema(masked, { commands: ['blockdev-add'], events: [], drivers: ['file', 'raw'] });
  expect(driversOf(kept)).toEqual(['file', 'raw']);
  expect(driversOf(restrictSchema(masked, { commands: [], events: [], drivers: [] }))).toEqual([]);
});

test('the spec itself stays whole', () => {
  expect(loadBlockSchema().types.get('BlockdevDriver')).toMatchObject({
    members: expect.arrayContaining([expect.objectContaining({ name: 'qcow2' })]),
  });
});

test('the introspection names no type that it does not describe', () => {
  const described = introspect(schema);
  const names = new Set(described.map(({ name }) => name));
  const text = JSON.stringify(described);
  for (const [, name] of text.matchAll(/"(?:type|arg-type|ret-type|element-type)":"([^"]+)"/g))
    expect(names).toContain(name);
});

test('what the spec does not define cannot be kept', () => {
  const nothing = { commands: [], events: [], drivers: [] };
  expect(() => restrictSchema(loadBlockSchema(), { ...nothing, commands: ['no-such'] })).toThrow("'no-such'");
});
