import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileSchema } from './compiler/compile.ts';
import { introspect } from './compiler/introspect.ts';
import { IntrospectionError, readIntrospection } from './introspection.ts';
import type { Json } from './json.ts';

const GOOD = fileURLToPath(new URL('compiler/fixtures/good', import.meta.url));
const EMPTY = { name: '0', 'meta-type': 'object', members: [] };

describe('readIntrospection', () => {
  const schemas = readdirSync(GOOD).filter((name) => /^[\w-]+\.json$/.test(name));

  it.each(schemas)('reads all that is shown of %s', (name) => {
    const schema = compileSchema({ file: join(GOOD, name) });
    for (const unmask of [true, false]) {
      const shown = introspect(schema, { unmask });
      expect(introspect(readIntrospection(shown), { unmask: true })).toEqual(shown);
    }
  });

  it('reads enums as QEMU 6.2 and later show them', () => {
    const values = ['a', 'b'];
    const members = [{ name: 'a', features: ['deprecated'] }, { name: 'b' }];
    const { types } = readIntrospection([{ name: '1', 'meta-type': 'enum', members, values }]);
    expect(types.get('1')).toMatchObject({
      members: [
        { name: 'a', features: [{ name: 'deprecated' }] },
        { name: 'b', features: [] },
      ],
    });
  });

  it('takes a command to be in-band unless it says otherwise, and ignores what it does not know', () => {
    const command = { name: 'foo', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0', novel: 1 };
    const urgent = { ...command, name: 'bar', 'allow-oob': true };
    const { commands } = readIntrospection([command, urgent, EMPTY]);
    expect(commands.get('foo')).toMatchObject({ allowOob: false, successResponse: true, unchecked: false });
    expect(commands.get('bar')).toMatchObject({ allowOob: true });
  });

  it('lets types refer to each other in circles', () => {
    const { types } = readIntrospection([
      { name: '1', 'meta-type': 'object', members: [{ name: 'next', type: '[1]', default: null }] },
      { name: '[1]', 'meta-type': 'array', 'element-type': '1' },
    ]);
    expect(types.get('1')).toMatchObject({
      members: [{ optional: true, type: { element: types.get('1') } }],
    });
  });

  const event = { name: 'FOO', 'meta-type': 'event', 'arg-type': '0' };
  const faults: [string, Json, string][] = [
    ['no array', { return: [] }, 'not an array of SchemaInfo'],
    ['an entry that is no object', [1], 'SchemaInfo: not an object'],
    ['an entry without a name', [{ 'meta-type': 'object' }], "SchemaInfo: 'name' must be a string"],
    ['a new meta-type', [{ name: 'x', 'meta-type': 'new' }], "SchemaInfo 'x': unknown meta-type 'new'"],
    [
      'a type that is not described',
      [event],
      "SchemaInfo 'FOO': 'arg-type' names type '0', which is not described",
    ],
    ['a type described twice', [EMPTY, EMPTY], "SchemaInfo '0': described twice"],
    [
      'arguments that are no object',
      [event, { name: '0', 'meta-type': 'enum', values: [] }],
      "SchemaInfo 'FOO': 'arg-type' names type '0', which is no object",
    ],
    [
      'an object without members',
      [{ name: '0', 'meta-type': 'object' }],
      "SchemaInfo '0': 'members' must be an array",
    ],
    [
      'values that are no strings',
      [{ name: '0', 'meta-type': 'enum', values: [1] }],
      "SchemaInfo '0': 'values' must hold strings",
    ],
  ];
  it.each(faults)('refuses %s', (_, answer, message) => {
    expect(() => readIntrospection(answer)).toThrow(new IntrospectionError(message));
  });
});
