import { describe, expect, it } from 'vitest';
import { compileSchema } from './compile.ts';
import { introspect } from './introspect.ts';

const schema = compileSchema({
  text: `
    { 'struct': 'Args', 'data': { 'n': 'int8', 'list': ['Mode'], '*ns': ['uint64'] } }
    { 'enum': 'Mode', 'data': ['a'] }
    { 'struct': 'Unreached', 'data': { 'n': 'bool' } }
    { 'command': 'first', 'returns': 'Args' }
    { 'command': 'second', 'data': 'Args', 'allow-oob': true }
    { 'event': 'THIRD', 'data': { 'mode': 'Mode' } }`,
});

describe('introspect', () => {
  it('numbers types in the order of their first use', () => {
    expect(introspect(schema)).toEqual([
      { name: 'first', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '1' },
      { name: 'second', 'meta-type': 'command', 'arg-type': '1', 'ret-type': '0', 'allow-oob': true },
      { name: 'THIRD', 'meta-type': 'event', 'arg-type': '2' },
      { name: '0', 'meta-type': 'object', members: [] },
      {
        name: '1',
        'meta-type': 'object',
        members: [
          { name: 'n', type: 'int' },
          { name: 'list', type: '[3]' },
          { name: 'ns', type: '[int]', default: null },
        ],
      },
      { name: '2', 'meta-type': 'object', members: [{ name: 'mode', type: '3' }] },
      { name: 'int', 'meta-type': 'builtin', 'json-type': 'int' },
      { name: '[3]', 'meta-type': 'array', 'element-type': '3' },
      { name: '[int]', 'meta-type': 'array', 'element-type': 'int' },
      { name: '3', 'meta-type': 'enum', values: ['a'], members: [{ name: 'a' }] },
    ]);
  });

  it('says the same with real names', () => {
    const masked = introspect(schema);
    const unmasked = introspect(schema, { unmask: true });
    expect(unmasked.map((info) => info['meta-type'])).toEqual(masked.map((info) => info['meta-type']));
    expect(unmasked.map((info) => info.name)).toEqual(
      'first second THIRD q_empty Args q_obj_THIRD-arg int [Mode] [int] Mode'.split(' '),
    );
  });
});
