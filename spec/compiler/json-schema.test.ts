import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../block-core.ts';
import { integerRange } from '../integers.ts';
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from '../json.ts';
import type { Member, ObjectType, SchemaType } from '../model.ts';
import { validatorFor } from '../validate.ts';
import { compileSchema } from './compile.ts';
import { argumentsKey, dataKey, jsonSchema } from './json-schema.ts';

const schema = loadBlockSchema();
const document = jsonSchema(schema);
const definitions = document.$defs as JsonObject;

// JSON.parse makes doubles of the 64-bit limits, which is what Ajv can work with.
const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: false });
ajv.addSchema(JSON.parse(stringifyJson(document)) as object, 'qmp');

function ajvAccepts(key: string, value: Json): boolean {
  const path = key.replaceAll('~', '~0').replaceAll('/', '~1');
  return ajv.getSchema(`qmp#/$defs/${path}`)!(value) as boolean;
}

/** Values of a type; beyond a depth the shortest ones. */
function valuesOf(type: SchemaType, depth = 0): fc.Arbitrary<Json> {
  switch (type.kind) {
    case 'builtin':
      return builtinValues(type);
    case 'enum':
      return fc.constantFrom(...type.members.map((member) => member.name));
    case 'array':
      return depth > 3
        ? fc.constant([])
        : fc
            .array(fc.constant(null), { maxLength: 2 })
            .chain((list) => fc.tuple(...list.map(() => valuesOf(type.element, depth + 1))));
    case 'alternate': {
      const choices = type.choices.filter((choice) => depth < 3 || choice.kind !== 'object');
      return fc.constantFrom(...choices).chain((choice) => valuesOf(choice, depth + 1));
    }
    case 'object':
      return objectValues(type, depth);
  }
}

function builtinValues(type: SchemaType & { kind: 'builtin' }): fc.Arbitrary<Json> {
  switch (type.jsonType) {
    case 'int': {
      const { min, max } = integerRange(type);
      return fc.integer({
        min: Math.max(Number(min), Number.MIN_SAFE_INTEGER),
        max: Math.min(Number(max), Number.MAX_SAFE_INTEGER),
      });
    }
    case 'number':
      return fc.oneof(fc.integer(), fc.constant(0.5));
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.string({ maxLength: 5 });
    case 'null':
      return fc.constant(null);
    default:
      return fc.constantFrom<Json>(null, 1, 'x', [], { x: 1 });
  }
}

function objectValues(type: ObjectType, depth: number): fc.Arbitrary<Json> {
  if (type.tag === undefined) return memberValues(type.members, {}, depth);
  const { tag, members } = type;
  const tagType = members.find((member) => member.name === tag)!.type;
  return valuesOf(tagType).chain((value) => {
    const branch = type.variants.find((variant) => variant.case === value);
    return memberValues([...members, ...(branch?.type.members ?? [])], { [tag]: value }, depth);
  });
}

function memberValues(
  members: readonly Member[],
  fixed: JsonObject,
  depth: number,
): fc.Arbitrary<JsonObject> {
  const model = Object.fromEntries(
    members
      .filter((member) => !member.optional || depth < 3)
      .map(({ name, type }) => [
        name,
        name in fixed ? fc.constant(fixed[name]!) : fc.constant(null).chain(() => valuesOf(type, depth + 1)),
      ]),
  );
  const requiredKeys = members.filter((member) => !member.optional).map((member) => member.name);
  return fc.record(model, { requiredKeys }) as fc.Arbitrary<JsonObject>;
}

/** The value with one thing changed: what `place` counts to is replaced, dropped or given a stray member. */
function damaged(value: Json, place: number, junk: Json): Json {
  let countdown = place;
  const visit = (part: Json): Json | undefined => {
    if (countdown-- === 0) return junk === 'drop' ? undefined : junk;
    if (Array.isArray(part)) return part.map((item) => visit(item) ?? null);
    if (!isJsonObject(part)) return part;
    const copy: JsonObject = {};
    for (const [name, item] of Object.entries(part)) {
      const result = visit(item);
      if (result !== undefined) copy[name] = result;
    }
    return countdown-- === 0 ? { ...copy, stray: junk } : copy;
  };
  return visit(value) ?? null;
}

const junk = fc.constantFrom<Json>(
  'drop',
  'nope',
  null,
  true,
  1.5,
  -1,
  70_000,
  2 ** 40,
  [],
  {},
  [null],
  'raw',
  { driver: 'raw' },
  { driver: 'file', filename: 'x' },
);

const targets: [string, SchemaType][] = [
  ...[...schema.commands.values()]
    .filter((command) => !command.unchecked)
    .map((command): [string, SchemaType] => [argumentsKey(command.name), command.arguments]),
  ...[...schema.commands.values()].map((command): [string, SchemaType] => [
    `command:${command.name}:returns`,
    command.returns,
  ]),
  ...[...schema.events.values()].map((event): [string, SchemaType] => [dataKey(event.name), event.data]),
];

describe('JSON Schema', () => {
  test.each(targets)('Ajv agrees with our validator on %s', (key, type) => {
    const accepts = validatorFor(type);
    let rejected = 0;
    fc.assert(
      fc.property(valuesOf(type), fc.nat(12), junk, (value, place, replacement) => {
        expect(accepts(value), 'a generated value').toEqual([]);
        expect(ajvAccepts(key, value)).toBe(true);
        const changed = damaged(value, place, replacement);
        const valid = accepts(changed).length === 0;
        if (!valid) rejected++;
        expect(ajvAccepts(key, changed), stringifyJson(changed)).toBe(valid);
      }),
      { numRuns: 60, seed: 20_180_303 },
    );
    // Nothing is wrong for a type that takes any value.
    if (type.name === 'any') expect(rejected).toBe(0);
    else expect(rejected).toBeGreaterThan(0);
  });

  test('is exact where a double is not', () => {
    const copy = parseJson(stringifyJson(document)) as JsonObject;
    expect(((copy.$defs as JsonObject).uint64 as JsonObject).maximum).toBe(18446744073709551615n);
    expect(copy).toEqual(document);
  });

  test('gives every definition and every variant a title of its own', () => {
    const titles: Json[] = [];
    for (const definition of Object.values(definitions) as JsonObject[]) {
      titles.push(definition.title!);
      for (const variant of (definition.oneOf ?? []) as JsonObject[])
        if (variant.$ref === undefined && variant.properties !== undefined) titles.push(variant.title!);
    }
    expect(titles.filter((title) => !/^[A-Z][A-Za-z0-9]*$/.test(String(title)))).toEqual([]);
    expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
  });

  test('a union becomes whole variants, values of the tag without a branch share one', () => {
    const { $defs } = jsonSchema(
      compileSchema({
        text: `
          { 'enum': 'Kind', 'data': ['a', 'b', { 'name': 'c' }] }
          { 'struct': 'OfA', 'data': { 'x': 'int8' } }
          { 'union': 'Some', 'base': { 'kind': 'Kind', '*note': 'str' }, 'discriminator': 'kind',
            'data': { 'a': 'OfA' } }
        `,
      }),
    );
    expect(($defs as JsonObject).Some).toEqual({
      title: 'Some',
      oneOf: [
        {
          title: 'SomeKindA',
          type: 'object',
          properties: { kind: { const: 'a' }, note: { type: 'string' }, x: { $ref: '#/$defs/int8' } },
          required: ['kind', 'x'],
          additionalProperties: false,
        },
        {
          title: 'SomeKindOther',
          type: 'object',
          properties: { kind: { enum: ['b', 'c'] }, note: { type: 'string' } },
          required: ['kind'],
          additionalProperties: false,
        },
      ],
    });
  });

  test('arguments that are not generated accept any member', () => {
    expect(ajvAccepts(argumentsKey('device_add'), { driver: 'virtio-blk', drive: 'n' })).toBe(true);
    expect(ajvAccepts(argumentsKey('device_del'), { id: 'x', drive: 'n' })).toBe(false);
  });
});
