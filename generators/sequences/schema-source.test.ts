/** Arguments from the schema: what can come up, what is always so, and that they go through everything. */
import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../spec/compiler/compile.ts';
import { type Json, type JsonObject, jsonEqual, stringifyJson } from '../../spec/json.ts';
import { validateArguments } from '../../spec/validate.ts';
import { Points } from '../points/points.ts';
import { Random } from '../random.ts';
import { programs, SOURCED, START_STATES, startStatesByName } from '../testing/generation-configs.ts';
import { SCHEMAS } from '../testing/test-schemas.ts';
import { decode, encode } from './encoding.ts';
import { minimize, simplerSteps } from './minimize.ts';
import { mutate } from './mutate.ts';
import { type Call, call, type Program } from './program.ts';
import { ProgramState } from './resources.ts';
import { schemaSource, sourcedCommands } from './schema-source.ts';
import { fault } from './validate-program.ts';

const SPEC = SCHEMAS[0]![1];
const COMMANDS = SOURCED.source!.commands;
const fromSpec = schemaSource([SPEC], [...SPEC.commands.keys()]);
const programState = (): ProgramState => new ProgramState(START_STATES[1]!);

function many<T>(count: number, make: (random: Random) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(new Random(`s/${index}`)));
}

function callsOf(list: readonly Program[]): Call[] {
  return list.flatMap(({ steps }) => steps.filter((step): step is Call => step.kind === 'call'));
}

describe('valid arguments', () => {
  test.each(['blockdev-add', 'block_resize', 'drive-mirror', 'transaction', 'nbd-server-start'])(
    'of %s are valid by the schema',
    (command) => {
      for (const args of many(300, (random) => fromSpec.valid(command, programState(), random)))
        expect(validateArguments(SPEC, command, args), stringifyJson(args)).toEqual([]);
    },
  );
  test('reach nearly every point of a command: members, values, branches, limits', () => {
    const points = new Points(SPEC.commands.get('drive-mirror')!);
    const reached = new Set(
      many(3000, (random) => fromSpec.valid('drive-mirror', programState(), random)).flatMap((args) => [
        ...points.visited(args),
      ]),
    );
    expect(points.all.map(({ id }) => id).filter((id) => !reached.has(id))).toEqual([]);
  });
  test('use every driver of every schema, and make what later steps can use', () => {
    const drivers = new Set<Json>();
    let made = 0;
    for (const args of many(3000, (random) =>
      SOURCED.source!.valid('blockdev-add', programState(), random),
    )) {
      drivers.add(args.driver!);
      if (/^\$n\d+$/.test(String(args['node-name']))) made += 1;
    }
    const known = SCHEMAS.at(-1)![1].commands.get('blockdev-add')!.arguments.members[0]!.type;
    expect(known.kind === 'enum' && known.members.filter(({ name }) => !drivers.has(name))).toEqual([]);
    expect(made).toBeGreaterThan(1500);
  });
  test('make no object but throttle groups, nothing that the kernel serves, and nothing huge', () => {
    const schema = compileSchema({
      text: `
        { 'enum': 'ObjectType', 'data': [ 'memory-backend-file', 'throttle-group' ] }
        { 'command': 'object-add', 'data': { 'qom-type': 'ObjectType', 'id': 'str' } }
        { 'enum': 'ExportType', 'data': [ 'nbd', 'vhost-user-blk', 'fuse', 'vduse-blk' ] }
        { 'command': 'block-export-add', 'data': { 'type': 'ExportType', 'id': 'str' } }`,
    });
    const source = schemaSource([schema], sourcedCommands(schema));
    const values = (command: string, member: string): Set<Json | undefined> =>
      new Set(many(200, (random) => source.valid(command, programState(), random)[member]));
    expect(values('object-add', 'qom-type')).toEqual(new Set(['throttle-group']));
    expect(values('block-export-add', 'type')).toEqual(new Set(['nbd', 'vhost-user-blk']));
    for (const args of many(2000, (random) => fromSpec.valid('blockdev-add', programState(), random))) {
      const { size = 0, driver, test: child, blkverify } = args;
      expect((size as bigint) <= 2n ** 40n || (size as bigint) >= 2n ** 62n).toBe(true);
      // Both end the endpoint, as documented, when their children differ.
      if (driver === 'blkverify') expect(child).toBe('no-such-node');
      expect(blkverify).toBeUndefined();
    }
  });
  test('extend what a template made, by one optional member', () => {
    const filled = { driver: 'qcow2', 'node-name': '$n4', file: '$n0' };
    const added = new Set<string>();
    for (const args of many(500, (random) =>
      fromSpec.extended('blockdev-add', filled, programState(), random),
    )) {
      const more = Object.keys(args).filter((key) => !Object.hasOwn(filled, key));
      expect(more).toHaveLength(1);
      expect(args).toMatchObject(filled);
      added.add(more[0]!);
    }
    expect([...added]).toEqual(
      expect.arrayContaining(['lazy-refcounts', 'backing', 'l2-cache-size', 'cache']),
    );
  });
});

describe('invalid arguments', () => {
  test('are invalid by the schema, or a text that no value prints', () => {
    for (const command of ['blockdev-add', 'block_resize', 'blockdev-backup']) {
      let texts = 0;
      for (const faulty of many(400, (random) => fromSpec.invalid(command, programState(), random))) {
        if ('wire' in faulty) texts += 1;
        // Of two members that say the same, the schema allows both.
        else if (command !== 'block_resize')
          expect(
            validateArguments(SPEC, command, faulty.arguments),
            stringifyJson(faulty.arguments),
          ).not.toEqual([]);
      }
      expect(texts).toBeGreaterThan(20);
    }
  });
  test('come up in the part of steps that is wanted', () => {
    const part = (invalid: number): number => {
      const list = programs(400, 'ratio', { ...SOURCED, invalid, raw: 0, data: 0 });
      const steps = list.flatMap((program) => program.steps);
      const wrong = steps.filter(
        (step) =>
          step.kind === 'raw' ||
          (step.kind === 'call' &&
            SCHEMAS.every(
              ([, schema]) => validateArguments(schema, step.command, step.arguments).length > 0,
            )),
      );
      return wrong.length / steps.length;
    };
    // Templates know commands that none of these schemas has.
    const others = part(0);
    expect(part(0.3) - others).toBeGreaterThan(0.2);
    expect(part(1)).toBeGreaterThan(0.85);
  });
});

describe('programs with such arguments', () => {
  const list = programs(1500, 'sourced', SOURCED);

  test('are the same for the same seed', () => {
    const texts = (seed: string): string[] => programs(50, seed, SOURCED).map(encode);
    expect(texts('a')).toEqual(texts('a'));
    expect(texts('b')).not.toEqual(texts('a'));
  });
  test('are valid, survive being written and read, and use every command', () => {
    for (const program of list) {
      expect(fault(program, startStatesByName)).toBe(null);
      expect(jsonEqual(decode(encode(program)) as unknown as Json, program as unknown as Json)).toBe(true);
    }
    const used = new Set(callsOf(list).map(({ command }) => command));
    expect(COMMANDS.filter((command) => !used.has(command))).toEqual([]);
  });
  test('stay valid when they are mutated', () => {
    for (const [index, program] of list.slice(0, 400).entries()) {
      const mutant = mutate(program, list[index + 1]!, SOURCED, new Random(`m/${index}`));
      expect(fault(mutant, startStatesByName)).toBe(null);
      expect(jsonEqual(decode(encode(mutant)) as unknown as Json, mutant as unknown as Json)).toBe(true);
    }
  });
});

describe('minimisation of such arguments', () => {
  const size = (args: JsonObject): number => stringifyJson(args).length;

  test('comes down to the member that matters', async () => {
    const args: JsonObject = {
      driver: 'qcow2',
      'node-name': '$n3',
      file: { driver: 'file', filename: '@DIR@/no-such-file', 'x-check-cache-dropped': true },
      'l2-cache-size': 9223372036854775807n,
      'detect-zeroes': 'on',
      cache: { direct: true, 'no-flush': false },
    };
    const program: Program = { startState: 'empty', steps: [call('blockdev-add', args)] };
    const holds = async ({ steps: [step] }: Program): Promise<boolean> =>
      step?.kind === 'call' && Number(step.arguments['l2-cache-size'] ?? 0) > 2 ** 20;
    const minimal = await minimize(program, { startStates: START_STATES, tries: 500, holds });
    expect(minimal.steps).toEqual([call('blockdev-add', { 'l2-cache-size': 2 ** 20 + 4096 })]);
  });
  test('gives nothing that is longer, whatever the values: fractions, lists, long texts', () => {
    for (const { steps } of programs(300, 'simpler', SOURCED))
      for (const step of steps)
        for (const simpler of simplerSteps(step))
          if (step.kind === 'call' && simpler.kind === 'call')
            expect(size(simpler.arguments)).toBeLessThanOrEqual(size(step.arguments));
    const odd = call('c', { ratio: 1e300, part: -0.5, text: 'y'.repeat(4096), list: [1, 2, 3] });
    const simpler = [...simplerSteps(odd)].map((step) => step.kind === 'call' && step.arguments);
    expect(simpler).toContainEqual({ ...odd.arguments, ratio: 0 });
    expect(simpler).toContainEqual({ ...odd.arguments, part: 0 });
    expect(simpler).toContainEqual({ ...odd.arguments, text: 'x' });
    expect(simpler).toContainEqual({ ...odd.arguments, list: [1, 3] });
  });
});
