import { expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import { advertise } from './advertise.ts';
import { checkArguments } from './check-arguments.ts';

const schema = advertise(loadBlockSchema(), {
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
  const type = schema.commands.get('blockdev-add')!.arguments;
  const raw = (file: { [name: string]: string }) => ({ driver: 'raw', file });
  expect(checkArguments(type, raw({ driver: 'null-co' }))).toMatchObject(raw({ driver: 'null-co' }));
  expect(() => checkArguments(type, raw({ driver: 'qcow2' }))).toThrow("Invalid parameter 'qcow2'");
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

test('what the spec does not define cannot be advertised', () => {
  const nothing = { commands: [], events: [], drivers: [] };
  expect(() => advertise(loadBlockSchema(), { ...nothing, commands: ['no-such'] })).toThrow("'no-such'");
});
