import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from './block-core.ts';
import { compileSchema } from './compiler/compile.ts';
import { introspect } from './compiler/introspect.ts';
import { intersectSchemas } from './intersection.ts';
import { readIntrospection } from './introspection.ts';
import type { Json } from './json.ts';
import type { ObjectType, Schema } from './model.ts';

const schemaOf = (text: string) => compileSchema({ text });

/** The arguments of command c in both. */
function both(left: string, right: string): ObjectType {
  const command = intersectSchemas(schemaOf(left), schemaOf(right)).commands.get('c');
  expect(command).toBeDefined();
  return command!.arguments;
}

const names = (type: ObjectType) => type.members.map((member) => member.name);

describe('the intersection of two schemas', () => {
  test('has the commands, events and members that both have', () => {
    const left = `{ 'command': 'c', 'data': { 'a': 'str', 'b': 'str' } } { 'command': 'd' } { 'event': 'E' }`;
    const right = `{ 'command': 'c', 'data': { 'b': 'str', 'x': 'str' } } { 'event': 'E' } { 'event': 'F' }`;
    const schema = intersectSchemas(schemaOf(left), schemaOf(right));
    expect([...schema.commands.keys()]).toEqual(['c']);
    expect([...schema.events.keys()]).toEqual(['E']);
    expect(names(schema.commands.get('c')!.arguments)).toEqual(['b']);
  });

  test('requires what either requires', () => {
    const type = both(
      `{ 'command': 'c', 'data': { '*a': 'str', 'b': 'str', '*d': 'str' } }`,
      `{ 'command': 'c', 'data': { 'a': 'str', '*b': 'str', '*d': 'str' } }`,
    );
    expect(type.members.map((member) => member.optional)).toEqual([false, false, true]);
  });

  test('keeps enum values, branches and choices of both, and drops members without a common value', () => {
    const left = `
      { 'enum': 'Letter', 'data': [ 'x', 'y', 'z' ] }
      { 'struct': 'BranchX', 'data': { 'p': 'int' } }
      { 'struct': 'BranchY', 'data': { 'q': 'int' } }
      { 'union': 'Union', 'base': { 't': 'Letter' }, 'discriminator': 't', 'data': { 'x': 'BranchX', 'y': 'BranchY' } }
      { 'alternate': 'Alt', 'data': { 's': 'str', 'n': 'null' } }
      { 'command': 'c', 'data': { 'u': 'Union', 'a': 'Alt', 'gone': 'int', 'list': [ 'Letter' ] } }`;
    const right = `
      { 'enum': 'Letter', 'data': [ 'z', 'y' ] }
      { 'struct': 'BranchY', 'data': { 'q': 'int', '*r': 'int' } }
      { 'union': 'Union', 'base': { 't': 'Letter' }, 'discriminator': 't', 'data': { 'y': 'BranchY' } }
      { 'command': 'c', 'data': { 'u': 'Union', 'a': 'str', 'gone': 'str', 'list': [ 'Letter' ] } }`;
    const type = both(left, right);
    expect(names(type)).toEqual(['u', 'a', 'list']);
    const [u, a] = type.members.map((member) => member.type);
    expect(u).toMatchObject({
      members: [{ type: { members: [{ name: 'y' }, { name: 'z' }] } }],
      variants: [{ case: 'y' }],
    });
    expect(names((u as ObjectType).variants[0]!.type)).toEqual(['q']);
    expect(a).toMatchObject({ kind: 'alternate', choices: [{ name: 'str' }] });
  });

  test('knows integer ranges from the side that has them', () => {
    const text = `{ 'command': 'c', 'data': { 'n': 'uint8' } }`;
    const seen = readIntrospection(introspect(schemaOf(text)) as unknown as Json);
    const typeOf = (schema: Schema) => schema.commands.get('c')!.arguments.members[0]!.type;
    expect(typeOf(seen)).toMatchObject({ anyInteger: true });
    expect(typeOf(intersectSchemas(schemaOf(text), seen))).toMatchObject({ name: 'uint8' });
    expect(typeOf(intersectSchemas(seen, schemaOf(text)))).toMatchObject({ name: 'uint8' });
  });

  test('of the spec with itself is the spec, types that reach themselves included', () => {
    const spec = loadBlockSchema();
    const same = intersectSchemas(spec, spec);
    expect([...same.commands.keys()]).toEqual([...spec.commands.keys()]);
    const add = same.commands.get('blockdev-add')!.arguments;
    expect(names(add)).toEqual(names(spec.commands.get('blockdev-add')!.arguments));
    const raw = add.variants.find((variant) => variant.case === 'raw')!.type;
    const file = raw.members.find((member) => member.name === 'file')!.type;
    expect(file.kind === 'alternate' && file.choices.includes(add)).toBe(true);
  });
});
