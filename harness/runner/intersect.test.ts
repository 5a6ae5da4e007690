import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { readIntrospection } from '../../spec/introspection.ts';
import type { Json } from '../../spec/json.ts';
import type { ObjectType, Schema } from '../../spec/model.ts';
import type { CaseDefinition, Needs } from '../cases/case.ts';
import type { TargetCapabilities } from '../targets/target.ts';
import { intersect } from './intersect.ts';
import { skipReason } from './needs.ts';

const BUILTINS: Json[] = [
  { name: 'int', 'meta-type': 'builtin', 'json-type': 'int' },
  { name: 'str', 'meta-type': 'builtin', 'json-type': 'string' },
  { name: 'null', 'meta-type': 'builtin', 'json-type': 'null' },
];

/** One command `c` with these arguments, one event, and a tagged union whose tag has these values. */
function schema(members: Json[], drivers: string[] = ['raw']): Schema {
  return readIntrospection([
    ...BUILTINS,
    { name: 'c', 'meta-type': 'command', 'arg-type': '1', 'ret-type': '0' },
    { name: 'blockdev-add', 'meta-type': 'command', 'arg-type': '2', 'ret-type': '0' },
    { name: 'EV', 'meta-type': 'event', 'arg-type': '0' },
    { name: '0', 'meta-type': 'object', members: [] },
    { name: '1', 'meta-type': 'object', members },
    {
      name: '2',
      'meta-type': 'object',
      members: [{ name: 'driver', type: '3' }],
      tag: 'driver',
      variants: drivers.map((driver) => ({ case: driver, type: '4' })),
    },
    { name: '3', 'meta-type': 'enum', values: drivers },
    { name: '4', 'meta-type': 'object', members: [{ name: 'file', type: '2' }] },
    { name: '5', 'meta-type': 'alternate', members: [{ type: 'str' }, { type: 'null' }] },
  ]);
}

const argumentsOf = (both: Schema, command = 'c'): ObjectType => both.commands.get(command)!.arguments;

describe('intersect', () => {
  test('keeps members that both have, as optional only where both say so', () => {
    const left = schema([
      { name: 'a', type: 'int', default: null },
      { name: 'b', type: 'int', default: null },
      { name: 'only-left', type: 'int' },
    ]);
    const right = schema([
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int', default: null },
      { name: 'only-right', type: 'int' },
    ]);
    const { members } = argumentsOf(intersect(left, right));
    expect(members.map(({ name, optional }) => [name, optional])).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });

  test('drops a member of another type, and follows an alternate that became plain', () => {
    const left = schema([
      { name: 'a', type: 'int' },
      { name: 'b', type: '5' },
    ]);
    const right = schema([
      { name: 'a', type: 'str' },
      { name: 'b', type: 'str' },
    ]);
    const { members } = argumentsOf(intersect(left, right));
    expect(members.map(({ name, type }) => [name, type.name])).toEqual([['b', 'str']]);
  });

  test('keeps branches and values that both have, through types that contain themselves', () => {
    const both = intersect(schema([], ['raw', 'file', 'vxhs']), schema([], ['raw', 'file', 'compress']));
    const options = argumentsOf(both, 'blockdev-add');
    expect(options.variants.map((variant) => variant.case)).toEqual(['raw', 'file']);
    expect(options.variants[0]!.type.members[0]!.type).toBe(options);
  });

  test('of a schema with itself is that schema, by every name', () => {
    const spec = loadBlockSchema();
    const both = intersect(spec, spec);
    expect([...both.commands.keys()]).toEqual([...spec.commands.keys()]);
    for (const [name, command] of both.commands)
      expect(command.arguments.members.map((member) => member.name)).toEqual(
        spec.commands.get(name)!.arguments.members.map((member) => member.name),
      );
  });
});

describe('needs', () => {
  const endpointSchema = schema([{ name: 'size', type: 'int' }]);
  const able: TargetCapabilities = {
    guestDevices: false,
    drives: true,
    qtest: false,
    humanMonitor: true,
    owned: true,
    sharedFiles: true,
    monitors: 2,
    reconnects: true,
  };
  const reason = (part: Partial<CaseDefinition>, capabilities = able): string | null =>
    skipReason(part as CaseDefinition, endpointSchema, capabilities);

  test.each<[Needs, string | null]>([
    [{ commands: ['c'], events: ['EV'], drivers: ['raw'], members: ['c.size'] }, null],
    [{ members: ['blockdev-add.file.driver'] }, null],
    [{ commands: ['d'] }, 'command d'],
    [{ events: ['NO'] }, 'event NO'],
    [{ drivers: ['vxhs'] }, 'driver vxhs'],
    [{ objects: ['secret'] }, 'object type secret'],
    [{ members: ['c.other'] }, 'member c.other'],
    [{ capabilities: ['guestDevices'] }, 'capability guestDevices'],
    [{ oneOf: [{ commands: ['d'] }, { commands: ['c'] }] }, null],
    [
      { oneOf: [{ commands: ['d'] }, { events: ['NO'] }] },
      'command d, and the endpoint does not offer event NO',
    ],
    [{ commands: ['d'], oneOf: [{ commands: ['c'] }] }, 'command d'],
  ])('%j', (needs, expected) => {
    const found = reason({ needs });
    if (expected === null) expect(found).toBeNull();
    else expect(found).toContain(expected);
  });

  test('drives are needed where the topology has some', () => {
    const topology = { name: 't', images: [], options: ['-drive', 'if=none,id=d0'], monitors: 1 };
    expect(reason({ topology })).toBeNull();
    expect(reason({ topology }, { ...able, drives: false })).toContain('capability drives');
  });

  test('an attached endpoint is given no options, and is not broken', () => {
    const attached = { ...able, owned: false, sharedFiles: false };
    const topology = { name: 't', images: [], options: [], monitors: 1 };
    expect(reason({ topology }, attached)).toBeNull();
    expect(reason({ topology: { ...topology, options: ['-blockdev', 'x'] } }, attached)).toContain('options');
    expect(reason({ topology: { ...topology, monitors: 3 } })).toContain('monitors');
    expect(reason({ fresh: true }, attached)).toContain('not ours');
    const images = [{ path: 'a', format: 'raw', size: 1 }];
    expect(reason({ topology: { ...topology, images } }, attached)).toContain('file system');
  });
});
