import { check, property, sample as samples } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../spec/compiler/compile.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Command } from '../../spec/model.ts';
import { validateArguments } from '../../spec/validate.ts';
import { COMMANDS, LIVE, SCHEMAS } from '../testing/test-schemas.ts';
import { type Fault, faultsAt } from './fault.ts';
import { faultsOf } from './invalid-arguments.ts';
import { MUTATIONS, type MutationName } from './mutations.ts';
import { sitesOf } from './site.ts';

const NAMES = Object.keys(MUTATIONS) as MutationName[];
const spec = SCHEMAS[0]![1];
const live = () => LIVE;

function allFaults(command: Command, args: JsonObject, mutation: MutationName): Fault[] {
  return [...sitesOf(command.arguments, args, command.name)].flatMap((site) => [
    ...faultsAt(mutation, site, args),
  ]);
}

describe('faults', () => {
  test.each(COMMANDS)(
    'in %s are all against the schema, and leave the valid arguments alone',
    (_, command, schema) => {
      for (const fault of samples(faultsOf(command, live), { numRuns: 300, seed: 2 })) {
        expect(validateArguments(schema, command.name, fault.valid)).toEqual([]);
        if (MUTATIONS[fault.mutation].schematic)
          expect(validateArguments(schema, command.name, fault.arguments!), fault.where).not.toEqual([]);
      }
    },
  );

  test('of every mutation come up', () => {
    const made = new Set(
      ['blockdev-add', 'block_resize', 'transaction'].flatMap((name) =>
        samples(faultsOf(spec.commands.get(name)!, live), { numRuns: 2000, seed: 3 }).map(
          ({ mutation }) => mutation,
        ),
      ),
    );
    expect([...made].toSorted()).toEqual(NAMES.toSorted());
  });

  test('are named after the member at fault, within objects and lists too', () => {
    const schema = compileSchema({
      text: `
        { 'enum': 'Mode', 'data': [ 'on', 'off' ] }
        { 'struct': 'Inner', 'data': { 'a-b': 'uint8' } }
        { 'struct': 'None', 'data': {} }
        { 'struct': 'Loud', 'data': { 'volume': 'int' } }
        { 'union': 'Choice', 'base': { 'mode': 'Mode' }, 'discriminator': 'mode', 'data': { 'on': 'Loud', 'off': 'None' } }
        { 'alternate': 'Either', 'data': { 'text': 'str', 'inner': 'Inner' } }
        { 'command': 'c', 'data': { 'list': [ 'Inner' ], 'choice': 'Choice', 'either': 'Either' } }`,
    });
    const args = { list: [{ 'a-b': 1 }], choice: { mode: 'off' }, either: { 'a-b': 2 } };
    const found = (mutation: MutationName) =>
      allFaults(schema.commands.get('c')!, args, mutation).map(({ where }) => where);
    expect(found('missing-member')).toEqual([
      'list: missing',
      'choice: missing',
      'either: missing',
      'list.0.a-b: missing',
      'choice.mode: missing',
      'either.a-b: missing',
    ]);
    expect(found('renamed-member')).toEqual(
      expect.arrayContaining([
        'list: as LIST',
        'list.0.a-b: as a_b',
        'either.a-b: as A-B',
        'choice.mode: as  mode',
      ]),
    );
    expect(found('out-of-range')).toEqual([
      'list.0.a-b: -1',
      'list.0.a-b: 256',
      'either.a-b: -1',
      'either.a-b: 256',
    ]);
    expect(found('integer-form')).toContain('list.0.a-b: 1e3');
    expect(found('wrong-branch')).toEqual(['choice.volume: of another branch']);
    expect(found('unknown-value')).toContain('choice.mode: "ON"');
    expect(found('wrong-element')).toContain('list: [null]');
    expect(found('wrong-type')).toEqual(expect.arrayContaining(['either: null', 'either: 1', 'list: "x"']));
    expect(found('duplicate-member')).toEqual(expect.arrayContaining(['choice.mode: again, as null']));
    expect(allFaults(schema.commands.get('c')!, args, 'wrong-type')[0]!.path).toBe('$.list');
  });

  test('that only a wire can show are written as they are to be sent', () => {
    const { arguments: type, name } = spec.commands.get('block_resize')!;
    const args = { device: 'd', size: 1 };
    const [site] = sitesOf(type, args, name);
    const wires = (mutation: MutationName) => [...faultsAt(mutation, site!, args)].map(({ wire }) => wire);
    expect(wires('integer-form')).toEqual(
      ['1.0', '1e3', '-0.0'].map((form) => `{"device":"d","size":${form}}`),
    );
    expect(wires('duplicate-member')).toEqual([
      '{"device":"d","size":1,"device":null}',
      '{"device":"d","size":1,"size":null}',
    ]);
    expect(wires('deep-nesting')[0]).toMatch(/^\{"device":\[{1000}\]{1000},"size":1\}$/);
    expect(wires('exclusive-members')).toEqual(['{"size":1}']);
  });

  test('of exclusive members are both of them, and neither', () => {
    const { arguments: type, name } = spec.commands.get('blockdev-open-tray')!;
    const [site] = sitesOf(type, { id: 'd' }, name);
    const found = [...faultsAt('exclusive-members', site!, { id: 'd' })].map(({ arguments: args }) => args);
    expect(found).toEqual([{ id: 'd', device: 'd' }, {}]);
  });

  test('shrink to the simplest valid arguments with that mutation of that member', () => {
    const result = check(
      property(
        faultsOf(spec.commands.get('blockdev-add')!, live),
        ({ mutation, path }) => !(mutation === 'wrong-type' && path === '$.read-only'),
      ),
      { seed: 4, numRuns: 20_000 },
    );
    const [fault] = result.counterexample!;
    expect(fault.valid).toEqual(expect.objectContaining({ driver: expect.any(String) }));
    expect(Object.keys(fault.valid).length).toBeLessThanOrEqual(2);
    expect(fault.path).toBe('$.read-only');
  });
});
