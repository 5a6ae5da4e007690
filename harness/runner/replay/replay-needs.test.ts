import { describe, expect, it } from 'vitest';
import { readIntrospection } from '../../../spec/introspection.ts';
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { Schema } from '../../../spec/model.ts';
import { missing } from './replay-needs.ts';
import { readTranscript } from './transcript-file.ts';

/** A little block API: `blockdev-add` with some drivers, each with some members. */
function schema(
  drivers: Readonly<Record<string, readonly string[]>>,
  commands: readonly string[] = [],
): Schema {
  const object = (name: string, members: Json[], more: JsonObject = {}): JsonObject => ({
    'meta-type': 'object',
    name,
    members,
    ...more,
  });
  const variants = Object.entries(drivers).map(([name]) => ({ case: name, type: `options-${name}` }));
  const base = [
    { name: 'driver', type: 'BlockdevDriver' },
    { name: 'node-name', type: 'str', default: null },
  ];
  return readIntrospection([
    { 'meta-type': 'builtin', name: 'str', 'json-type': 'string' },
    { 'meta-type': 'enum', name: 'BlockdevDriver', values: Object.keys(drivers) },
    {
      'meta-type': 'alternate',
      name: 'BlockdevRef',
      members: [{ type: 'BlockdevOptions' }, { type: 'str' }],
    },
    object('BlockdevOptions', base, { tag: 'driver', variants }),
    ...Object.entries(drivers).map(([name, members]) =>
      object(
        `options-${name}`,
        members.map((member) => ({
          name: member,
          type: member === 'file' ? 'BlockdevRef' : 'str',
          default: null,
        })),
      ),
    ),
    object('empty', []),
    { 'meta-type': 'command', name: 'blockdev-add', 'arg-type': 'BlockdevOptions', 'ret-type': 'empty' },
    ...commands.map((name) => ({ 'meta-type': 'command', name, 'arg-type': 'empty', 'ret-type': 'empty' })),
  ]);
}

const known = {
  commands: new Set(['blockdev-add', 'query-block', 'stop']),
  schema: schema({ raw: ['file', 'size', 'format'], qcow2: ['file'], nbd: [] }, ['query-block']),
};
const endpointSchema = schema({ raw: ['file', 'format'] }, ['query-block']);

function lacking(transcript: JsonObject): string | null {
  return missing(
    readTranscript(JSON.stringify({ name: 'x', steps: [], ...transcript })),
    known,
    endpointSchema,
  );
}

const add = (args: JsonObject): JsonObject => ({
  steps: [{ send: { execute: 'blockdev-add', arguments: args } }],
});

describe('missing', () => {
  it.each<[string, JsonObject, string]>([
    ['a command', { steps: [{ send: { execute: 'stop' } }] }, 'command stop'],
    ['a command in raw text', { steps: [{ raw: "{'execute' : 'sto" }, { raw: "p'" }] }, 'command stop'],
    [
      'a command in raw bytes',
      { steps: [{ 'raw-hex': Buffer.from('{"execute":"stop"\0').toString('hex') }] },
      'command stop',
    ],
    ['a driver', add({ driver: 'qcow2' }), 'driver qcow2'],
    ['a driver further in', add({ driver: 'raw', file: { driver: 'nbd' } }), 'driver nbd'],
    ['a driver in a json: name', add({ driver: 'raw', file: 'json:{"driver":"qcow2"}' }), 'driver qcow2'],
    ['a driver in raw text', { steps: [{ raw: '{"driver": "qcow2"' }] }, 'driver qcow2'],
    ['a driver in an option', { argv: ['-blockdev', 'node-name=n,driver=qcow2'] }, 'driver qcow2'],
    ['a driver of a child in an option', { argv: ['-blockdev', 'driver=raw,file.driver=nbd'] }, 'driver nbd'],
    ['a driver in a JSON option', { argv: ['-blockdev', '{"driver": "nbd"}'] }, 'driver nbd'],
    ['a format of a drive', { argv: ['-drive', 'if=none,format=qcow2'] }, 'driver qcow2'],
    ['a format of a new image', add({ driver: 'raw', format: 'qcow2' }), 'driver qcow2'],
    ['a member', add({ size: '1', driver: 'raw' }), 'member size of blockdev-add raw'],
  ])('finds %s', (_, transcript, expected) => {
    expect(lacking(transcript)).toBe(expected);
  });

  it.each<[string, JsonObject]>([
    ['commands', { steps: [{ send: { execute: 'nope' } }, { raw: '{"execute": "nope"}' }] }],
    ['drivers', add({ driver: 'nope' })],
    ['members', add({ driver: 'raw', nope: 1 })],
    ['things in values of a wrong type', add({ driver: ['qcow2'], file: 1 })],
    ['things in messages that are none', { steps: [{ send: ['stop'] }, { send: { execute: 1 } }] }],
  ])('minds no %s that the spec does not know either', (_, transcript) => {
    expect(lacking(transcript)).toBeNull();
  });
});
