import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import { compileSchema } from '../../../spec/compiler/compile.ts';
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { Schema } from '../../../spec/model.ts';
import { validateArguments } from '../../../spec/validate.ts';
import type { CaseContext } from '../case.ts';
import { twoHalves } from '../case-text.ts';
import { type FaultKind, faulty, KINDS } from './faults.ts';
import { derivedCases } from './index.ts';
import { minimalObject } from './minimal.ts';

const spec = loadBlockSchema();
const checked = [...spec.commands.values()].filter(({ unchecked }) => !unchecked).map(({ name }) => name);

/** What is tried of one command, fault kind by fault kind. */
function triedOf(schema: Schema, command: string, kind: FaultKind, branch?: string): [string, Json][] {
  const type = schema.commands.get(command)!.arguments;
  const members =
    branch === undefined ? type.members : type.variants.find((v) => v.case === branch)!.type.members;
  const base = minimalObject(type, 'nothing', branch);
  return [...faulty(kind, type, base, members, 'nothing')].map(({ where, arguments: args }) => [where, args]);
}

describe('the least arguments', () => {
  test.each([...spec.commands.keys()])('of %s are valid, on every branch', (name) => {
    const type = spec.commands.get(name)!.arguments;
    for (const branch of [undefined, ...type.variants.map((variant) => variant.case)])
      expect(validateArguments(spec, name, minimalObject(type, '/scratch/nothing', branch)), branch).toEqual(
        [],
      );
  });
});

describe('faults', () => {
  test.each(checked)('of %s are all against the schema', (name) => {
    const type = spec.commands.get(name)!.arguments;
    for (const variant of [undefined, ...type.variants])
      for (const kind of KINDS)
        for (const [where, args] of triedOf(spec, name, kind, variant?.case))
          expect(validateArguments(spec, name, args), `${kind} ${where}`).not.toEqual([]);
  });

  test('of each kind are found member by member, within objects and lists too', () => {
    const schema = compileSchema({
      text: `
        { 'enum': 'Mode', 'data': [ 'on', 'off' ] }
        { 'struct': 'Inner', 'data': { 'n': 'uint8', '*more': 'Inner' } }
        { 'struct': 'None', 'data': {} }
        { 'struct': 'Loud', 'data': { 'volume': 'int' } }
        { 'union': 'Choice', 'base': { 'mode': 'Mode' }, 'discriminator': 'mode', 'data': { 'on': 'Loud', 'off': 'None' } }
        { 'command': 'c', 'data': { 's': 'str', '*list': [ 'Inner' ], 'choice': 'Choice' } }`,
    });
    const where = (kind: FaultKind) => triedOf(schema, 'c', kind).map(([text]) => text);
    expect(where('missing-member')).toEqual([
      's: missing',
      'choice: missing',
      'list.0.n: missing',
      'choice.mode: missing',
    ]);
    expect(where('out-of-range')).toEqual(['list.0.n: -1', 'list.0.n: 256']);
    expect(where('unknown-member')).toEqual([
      'no-such-member: unknown',
      'list.0.no-such-member: unknown',
      'choice.no-such-member: unknown',
    ]);
    expect(where('unknown-value')).toEqual([
      'choice.mode: "no-such-value"',
      'choice.mode: ""',
      'choice.mode: "ON"',
    ]);
    expect(where('wrong-branch')).toEqual(['choice.volume: of another branch']);
    expect(where('wrong-element')).toContain('list: [null]');
    expect(where('wrong-type')).toEqual(
      expect.arrayContaining(['s: null', 'list: "x"', 'list.0.n: 0.5', 'choice: []']),
    );
  });

  test('leave the arguments that they start from alone', () => {
    const type = spec.commands.get('blockdev-add')!.arguments;
    const base = minimalObject(type, 'nothing', 'raw');
    const before = structuredClone(base);
    for (const kind of KINDS) expect([...faulty(kind, type, base, type.members, 'nothing')]).toBeDefined();
    expect(base).toEqual(before);
  });
});

describe('derived cases', () => {
  const definitions = derivedCases(spec);

  test('have slugs of command and fault, each used once', () => {
    const ids = definitions.map(({ id }) => id);
    for (const id of ids) expect(id).toMatch(/^derived\/[\w-]+\/[\w-]+$/);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining([
        'derived/block_resize/missing-member',
        'derived/block-dirty-bitmap-add/out-of-range',
        'derived/blockdev-add/unknown-value',
        'derived/blockdev-add/raw-wrong-branch',
        'derived/query-block/unknown-member',
      ]),
    );
  });

  test('leave out what would end or change the endpoint, and what takes any member', () => {
    for (const command of [
      'quit',
      'stop',
      'system_reset',
      'nbd-server-stop',
      'qmp_capabilities',
      'device_add',
    ])
      expect(definitions.filter(({ id }) => id.startsWith(`derived/${command}/`))).toEqual([]);
  });

  describe('find out an endpoint that', () => {
    const { run } = definitions.find(({ id }) => id === 'derived/block-job-cancel/wrong-type')!;

    /** Runs the case against an endpoint that answers everything so; gives the failed statements. */
    async function failures(answer: (args: JsonObject) => JsonObject): Promise<string[]> {
      const failed: string[] = [];
      const context = {
        dir: '/scratch',
        endpointSchema: spec,
        request: ({ arguments: args }: JsonObject) => Promise.resolve(answer(args as JsonObject)),
        check: (condition: boolean, required: string, observed: string) =>
          void (condition || failed.push(twoHalves(required, observed))),
        fail: (required: string, observed: string) => {
          failed.push(twoHalves(required, observed));
          throw new Error('the case is over');
        },
      } as unknown as CaseContext;
      await run(context).catch((error: unknown) => failed.push(String(error)));
      return failed;
    }
    const refusal = (args: JsonObject) => (typeof args.device === 'string' ? "'force'" : "'device'");

    test('accepts the fault', async () => {
      expect((await failures(() => ({ return: {} })))[0]).toBe(
        'a value of the wrong type must be refused with GenericError; it was accepted',
      );
    });

    test('refuses it with another class', async () => {
      const failed = await failures((args) => ({ error: { class: 'DeviceNotActive', desc: refusal(args) } }));
      expect(failed[0]).toMatch(/must be refused with GenericError; its class is DeviceNotActive$/);
    });

    test('does not look at it before its work', async () => {
      const failed = await failures(() => ({ error: { class: 'GenericError', desc: "Job 'x' not found" } }));
      expect(failed).toHaveLength(1);
      expect(failed[0]).toBe('a refusal should name the member at fault; it does not');
    });

    test('and not one that refuses it for its member', async () => {
      expect(await failures((args) => ({ error: { class: 'GenericError', desc: refusal(args) } }))).toEqual(
        [],
      );
    });

    test('and not for a fault that its own schema allows', async () => {
      const lenient = compileSchema({
        text: "{ 'command': 'block-job-cancel', 'data': { '*device': 'any', '*force': 'any' } }",
      });
      let sent = 0;
      const context = {
        dir: '/scratch',
        endpointSchema: lenient,
        request: async () => {
          sent += 1;
          return { return: {} };
        },
        check: () => undefined,
        equal: () => undefined,
      } as unknown as CaseContext;
      await run(context);
      expect(sent).toBe(0);
    });
  });
});
