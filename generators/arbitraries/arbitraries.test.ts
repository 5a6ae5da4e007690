import { type Arbitrary, check, property, sample as samples } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../spec/compiler/compile.ts';
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Schema, SchemaType } from '../../spec/model.ts';
import { validateArguments, validatorFor } from '../../spec/validate.ts';
import { COMMANDS, LIVE, SCHEMAS } from '../testing/test-schemas.ts';
import { leastDepth } from '../types/depth.ts';
import { branchesOf } from '../types/members.ts';
import { argumentsOf, simplestOf, valuesOf } from './command-arguments.ts';

const live = () => LIVE;
const spec = SCHEMAS[0]![1];
const argumentsType = (schema: Schema, command: string) => schema.commands.get(command)!.arguments;
const sample = <T>(arbitrary: Arbitrary<T>, numRuns: number) => samples(arbitrary, { numRuns, seed: 1 });
const blockdevAdd = () => argumentsOf(spec.commands.get('blockdev-add')!, live);

describe('arguments', () => {
  test.each(COMMANDS)('%s are valid', (_, command, schema) => {
    for (const args of sample(argumentsOf(command, live), 200))
      expect(validateArguments(schema, command.name, args), stringifyJson(args)).toEqual([]);
  });

  test('are the same for the same seed', () => {
    expect(sample(blockdevAdd(), 50)).toEqual(sample(blockdevAdd(), 50));
  });

  test.each(SCHEMAS)('of blockdev-add take every driver, with %s', (_, schema) => {
    const command = schema.commands.get('blockdev-add')!;
    const drivers = new Set(sample(argumentsOf(command, live), 2000).map(({ driver }) => driver));
    expect([...drivers].toSorted()).toEqual(
      branchesOf(command.arguments)
        .map(({ tag }) => tag)
        .toSorted(),
    );
  });

  test('nest to a bounded depth', () => {
    const depth = (value: Json): number =>
      typeof value === 'object' && value !== null
        ? (isJsonObject(value) ? 1 : 0) + Math.max(0, ...Object.values(value as object).map(depth))
        : 0;
    const deepest = Math.max(...sample(blockdevAdd(), 5000).map(depth));
    expect(deepest).toBeGreaterThan(2);
    expect(deepest).toBeLessThanOrEqual(8);
  });

  test('come with all, none, one, all but one and some of the optional members', () => {
    const optional = [
      'offset',
      'size',
      'node-name',
      'discard',
      'cache',
      'read-only',
      'force-share',
      'detect-zeroes',
    ];
    const counts = new Set(
      sample(blockdevAdd(), 20_000)
        .filter(({ driver }) => driver === 'raw')
        .map((args) => optional.filter((name) => name in args).length),
    );
    expect([...counts].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('name what is live, and what is not', () => {
    const names = new Set(
      sample(argumentsOf(spec.commands.get('blockdev-del')!, live), 200).map((args) => args['node-name']),
    );
    for (const name of [...LIVE.nodes, 'no-such-thing']) expect(names).toContain(name);
  });

  test('name jobs, devices, bitmaps, files and secrets where these are meant', () => {
    const named = (command: string, member: string) =>
      sample(argumentsOf(spec.commands.get(command)!, live), 300).map((args) => args[member]);
    expect(named('block-job-cancel', 'device')).toContain('job0');
    expect(named('blockdev-open-tray', 'id')).toContain('device0');
    expect(named('block-dirty-bitmap-clear', 'name')).toContain('bitmap0');
    expect(named('drive-mirror', 'target')).toContain('/scratch/q/file0');
    expect(named('blockdev-mirror', 'target')).toContain('node0');
    expect(named('nbd-server-remove', 'name')).toContain('export0');
    expect(sample(blockdevAdd(), 5000).map((args) => args['key-secret'])).toContain('secret0');
  });

  test('reach the limits of integers, in numbers that are exact', () => {
    const values = new Set(sample(valuesOf(spec.types.get('int')!, live), 3000).map(String));
    for (const limit of [-(2n ** 63n), 2n ** 63n - 1n, 0n, 1n, -1n, 511n, 512n, 513n, 65536n, 2n ** 32n])
      expect(values).toContain(String(limit));
  });

  test('hold strings of every length class, and of all of Unicode', () => {
    const names = sample(argumentsOf(spec.commands.get('block-dirty-bitmap-add')!, live), 20_000).map(
      ({ name }) => String(name),
    );
    const lengths = new Set(names.map(({ length }) => length));
    for (const length of [0, 1, 31, 32, 255, 4096]) expect(lengths).toContain(length);
    expect(names.some((name) => /\p{Script=Han}|[\u{10000}-\u{10ffff}]/u.test(name))).toBe(true);
    // Neither NUL, nor what is no character: no JSON text has these.
    expect(names.filter((name) => /\0|\p{Cs}|\p{Noncharacter_Code_Point}/u.test(name))).toEqual([]);
  });
});

describe('shrinking', () => {
  /** The last failing value if each step takes the first candidate that still fails. */
  function shrunk(arbitrary: Arbitrary<JsonObject>, fails: (args: JsonObject) => boolean): JsonObject {
    const result = check(
      property(arbitrary, (args) => !fails(args)),
      { seed: 7, numRuns: 5000 },
    );
    return result.counterexample![0];
  }

  test('gives the simplest value that still fails', () => {
    expect(shrunk(blockdevAdd(), ({ driver }) => driver === 'qcow2')).toEqual({ driver: 'qcow2', file: '' });
    expect(shrunk(blockdevAdd(), ({ size }) => typeof size === 'number' && size > 1000)).toEqual({
      driver: expect.any(String),
      size: 1001,
      file: expect.anything(),
    });
    expect(shrunk(blockdevAdd(), ({ children }) => Array.isArray(children) && children.length > 1)).toEqual({
      driver: 'quorum',
      children: ['', ''],
      'vote-threshold': 0,
    });
    expect(
      shrunk(blockdevAdd(), (args) => isJsonObject(args.file) && args.file['read-only'] === true),
    ).toMatchObject({
      file: { 'read-only': true },
    });
  });

  test.each(COMMANDS)('%s never leaves the schema, and ends at the simplest', (_, command, schema) => {
    const arbitrary = argumentsOf(command, live);
    for (const args of sample(arbitrary, 5)) {
      let value = args;
      for (let steps = 0; ; steps++) {
        expect(steps).toBeLessThan(500);
        const simpler = [...arbitrary.shrink(value, undefined)].map((candidate) => candidate.value);
        for (const candidate of simpler)
          expect(validateArguments(schema, command.name, candidate)).toEqual([]);
        const next = simpler[(steps * 7919) % simpler.length];
        if (next === undefined) break;
        value = next;
      }
      expect(value).toEqual(simplestOf(command.arguments));
    }
  });
});

describe('the simplest value', () => {
  test.each(COMMANDS)('%s is valid, and shallow', (_, command) => {
    const depth = leastDepth(command.arguments);
    expect(depth).toBeGreaterThan(0);
    expect(validatorFor(command.arguments, 'input')(simplestOf(command.arguments))).toEqual([]);
  });

  test('of types that contain themselves ends', () => {
    const schema = compileSchema({
      text: `
        { 'struct': 'Chain', 'data': { '*next': 'Chain' } }
        { 'enum': 'Kind', 'data': [ 'deeper', 'leaf' ] }
        { 'struct': 'Deeper', 'data': { 'tree': 'Tree' } }
        { 'struct': 'Leaf', 'data': {} }
        { 'union': 'Tree', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': { 'deeper': 'Deeper', 'leaf': 'Leaf' } }
        { 'command': 'c', 'data': { 'list': 'Chain', 'tree': 'Tree' } }`,
    });
    expect(simplestOf(argumentsType(schema, 'c'))).toEqual({ list: {}, tree: { kind: 'leaf' } });
    const tree: SchemaType = schema.types.get('Tree')!;
    expect(sample(valuesOf(tree, live), 100).flatMap((value) => validatorFor(tree)(value))).toEqual([]);
  });
});
