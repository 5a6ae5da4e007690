/** A command that is new to the effects table is known to all that read it; QEMU has the arguments that entries name. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { Random } from '../generators/random.ts';
import { type Call, call } from '../generators/sequences/program.ts';
import { madeBy, ProgramState, removedBy, usedBy } from '../generators/sequences/resources.ts';
import { schemaSource } from '../generators/sequences/schema-source.ts';
import { roleOf } from '../generators/types/roles.ts';
import { blockGraph } from '../reports/compat/block-graph.ts';
import type { CaseRecord, Transcript } from '../reports/record.ts';
import { loadBlockSchema } from '../spec/block-core.ts';
import type { CommandEffects } from '../spec/effects/effects.ts';
import { EFFECTS } from '../spec/effects/effects-table.ts';
import { readIntrospection } from '../spec/introspection.ts';
import type { JsonObject } from '../spec/json.ts';
import type { Command, Schema } from '../spec/model.ts';
import { unknownArguments } from '../spec/testing/entry-arguments.ts';
import type { CaseContext } from './cases/case.ts';
import { derivedCases } from './cases/derived/index.ts';
import type { CheckContext } from './checks/check.ts';
import { checks } from './checks/index.ts';
import { CommandFollower } from './contents/apply-command.ts';
import { ContentsModel } from './contents/contents-model.ts';
import { symptomsOf } from './fuzz/buckets.ts';
import { SideState } from './lockstep/side-state.ts';
import { SynchronisedContext } from './lockstep/synchronised-monitor.ts';
import { QmpClient } from './qmp/client.ts';
import { Ledger } from './runner/ledger.ts';
import { enginesUnavailable, requireOrSkip } from './testing/engines.ts';
import { startLive } from './testing/live-engine.ts';

// The worker's other test files share its modules: these here are of this file alone.
vi.hoisted(() => vi.resetModules());
afterAll(() => vi.resetModules());

/** Commands of a QEMU to come. */
const NEW = vi.hoisted(
  (): Readonly<Record<string, CommandEffects>> => ({
    'x-blockdev-plug': {
      contents: 'node-added',
      makes: [{ kind: 'node', argument: 'node-name', undo: 'x-blockdev-unplug' }],
      usual: ['node-name'],
    },
    'x-blockdev-unplug': {
      contents: 'node-deleted',
      uses: { 'node-name': 'node' },
      removes: [{ kind: 'node', argument: 'node-name' }],
    },
    'x-blockdev-cover': {
      contents: 'overlay-attached',
      uses: { node: 'node', overlay: 'node' },
      moves: { from: ['node'], to: 'overlay' },
    },
    'x-blockdev-clone': {
      contents: 'job-started',
      job: 'backup',
      makes: [{ kind: 'job', argument: 'job-id', otherwise: 'device' }],
      uses: { device: 'node-or-device', target: 'node' },
      undo: 'impossible',
    },
    'x-blockdev-format': { contents: 'image-made', overwritesBeforeRefusal: true },
    'x-blockdev-freeze': { contents: 'unchanged', disruptive: 'stops all I/O' },
  }),
);

vi.mock('../spec/effects/effects-table.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../spec/effects/effects-table.ts')>();
  return { EFFECTS: { ...original.EFFECTS, ...NEW } };
});

const spec = loadBlockSchema();

/** The spec, with the new commands in the form of old ones. */
const schema: Schema = {
  ...spec,
  commands: new Map([
    ...spec.commands,
    ...named('x-blockdev-plug', 'blockdev-add'),
    ...named('x-blockdev-unplug', 'blockdev-del'),
    ...named('x-blockdev-clone', 'blockdev-backup'),
    ...named('x-blockdev-format', 'x-blockdev-create'),
    ...named('x-blockdev-freeze', 'stop'),
  ]),
};

function named(name: string, like: string): [string, Command][] {
  return [[name, { ...spec.commands.get(like)!, name }]];
}

const plug = (name: string): JsonObject => ({
  driver: 'qcow2',
  'node-name': name,
  backing: null,
  file: { driver: 'file', filename: `/s/image-${name}` },
});

describe('a new command is known', () => {
  test('to the undo log: what it made is taken back', async () => {
    const sent: [string, JsonObject | undefined][] = [];
    const ledger = new Ledger({
      endpointSchema: { ...spec, commands: new Map() },
      execute: async (command, args) => {
        sent.push([command, args]);
        return {};
      },
      settle: async () => undefined,
      owned: true,
    });
    for (const name of ['a', 'b']) ledger.saw('x-blockdev-plug', plug(name));
    ledger.saw('x-blockdev-unplug', { 'node-name': 'a' });
    expect(await ledger.undo()).toBe(true);
    expect(sent).toEqual([['x-blockdev-unplug', { 'node-name': 'b' }]]);
  });

  test('to generators: what it makes gets new symbols, what it removes is gone, names are of their kind', () => {
    const source = schemaSource([schema], ['x-blockdev-plug', 'x-blockdev-unplug']);
    const state = new ProgramState({ name: 'empty', symbols: [], monitors: 1 });
    const made = Array.from({ length: 50 }, (_, index): Call => {
      const args = source.valid('x-blockdev-plug', state, new Random(`new/${index}`));
      return call('x-blockdev-plug', args);
    });
    expect(made.filter((step) => madeBy(step).length > 0).length).toBeGreaterThan(25);
    const gone = call('x-blockdev-unplug', { 'node-name': '$n1' });
    expect([usedBy(gone), removedBy(gone)]).toEqual([['n1'], ['n1']]);
    const place = { nodeOptions: false, nodeReference: false };
    expect(roleOf({ ...place, command: 'x-blockdev-clone', member: 'target' })).toBe('node');
    expect(roleOf({ ...place, command: 'x-blockdev-clone', member: 'job-id' })).toBe('new-name');
  });

  test('to the model of contents', () => {
    const model = new ContentsModel();
    const follower = new CommandFollower(model, []);
    const run = (command: string, args: JsonObject): void => follower.saw(command, args, true, []);
    for (const name of ['a', 'b']) run('x-blockdev-plug', plug(name));
    for (const name of ['a', 'b']) model.learn(name, Buffer.alloc(512, 1));
    run('x-blockdev-clone', { device: 'a', target: 'b', sync: 'full' });
    expect(follower.jobs.active).toEqual(['a']);
    expect(model.bytesOf('b')).toBe(null);
    run('x-blockdev-unplug', { 'node-name': 'b' });
    expect(model.readable).toEqual(['a']);
    run('x-blockdev-format', { driver: 'raw', file: 'a' });
    expect(model.readable).toEqual([]);
  });

  test('to two endpoints in lockstep: it may start a job', async () => {
    const state = new SideState(schema);
    const context = { execute: async () => ({}) } as unknown as CaseContext;
    const held = new SynchronisedContext(context, { state, arrive: async () => undefined });
    await held.execute('x-blockdev-plug', plug('a'));
    expect(state.mayHaveJobs).toBe(false);
    await held.execute('x-blockdev-clone', { device: 'a' });
    expect(state.mayHaveJobs).toBe(true);
  });

  test('to buckets: what is left after one that nothing undoes is no leak', () => {
    const left = (execute: string): number => {
      const transcript = { steps: [{ send: { execute } }] } as unknown as Transcript;
      const deviations = [{ check: 'leftovers', severity: 'must', message: 'a node' }];
      return symptomsOf({ outcome: 'fail', deviations, transcript } as unknown as CaseRecord, String).length;
    };
    expect([left('x-blockdev-plug'), left('x-blockdev-clone')]).toEqual([1, 0]);
  });

  test('to checks: refused, it may have overwritten what was there', async () => {
    const states = [
      { nodes: [], devices: [], jobs: [] },
      { nodes: [{ 'node-name': 'a' }], devices: [], jobs: [] },
    ];
    const reported = async (command: string): Promise<number> => {
      const [check, left] = [checks['error-changes-nothing'](), [...states]];
      const found: unknown[] = [];
      const probe = { snapshot: async () => left.shift()!, retake: async () => left.shift()! };
      const context = { probe, report: (one: unknown) => found.push(one) } as unknown as CheckContext;
      const exchange = { index: 0, monitor: 0, replies: [], events: [], command };
      await check.before?.(exchange, context);
      const replies = [{ error: { class: 'GenericError', desc: 'no' } }];
      await check.after?.({ ...exchange, replies }, context);
      return found.length;
    };
    expect([await reported('x-blockdev-plug'), await reported('x-blockdev-format')]).toEqual([1, 0]);
  });

  test('to derived cases, which leave out what disrupts an endpoint', () => {
    const tried = new Set(derivedCases(schema).map(({ id }) => id.split('/')[1]));
    expect([...tried].filter((name) => Object.hasOwn(NEW, name!))).toEqual(
      expect.arrayContaining([
        'x-blockdev-plug',
        'x-blockdev-unplug',
        'x-blockdev-clone',
        'x-blockdev-format',
      ]),
    );
    expect(tried.has('x-blockdev-freeze')).toBe(false);
  });

  test('to the graph in reports', () => {
    const step = (execute: string, args: JsonObject) => ({
      send: { execute, arguments: args },
      reply: { return: {} },
    });
    const steps = [
      step('x-blockdev-plug', plug('base')),
      step('x-blockdev-plug', plug('over')),
      step('x-blockdev-plug', plug('other')),
      step('x-blockdev-cover', { node: 'base', overlay: 'over' }),
      step('x-blockdev-unplug', { 'node-name': 'other' }),
    ];
    const nodes = blockGraph({ argv: [], steps } as unknown as Transcript, steps.length);
    const shown = nodes
      .filter(({ name }) => !name.startsWith('#'))
      .map(({ name, children }) => [name, children]);
    expect(shown).toMatchObject([
      ['base', [{ role: 'file' }]],
      ['over', [{ role: 'file' }, { role: 'backing', name: 'base' }]],
    ]);
  });
});

test('QEMU has every argument that entries of later commands name', async (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-system-x86_64'));
  const live = await startLive('qemu-system-x86_64');
  try {
    const client = await QmpClient.connect(await live.connect());
    const offered = readIntrospection(await client.execute('query-qmp-schema'));
    const later = new Map([...offered.commands].filter(([name]) => !spec.commands.has(name)));
    const known = [...later.keys()].filter((name) => Object.hasOwn(EFFECTS, name));
    expect(known.length).toBeGreaterThan(15);
    expect(unknownArguments({ ...offered, commands: later })).toEqual([]);
    await client.close();
  } finally {
    await live.stop();
  }
});
