import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../block-core.ts';
import { isJsonObject, type Json } from '../json.ts';
import { describedIn, membersIn, unknownArguments } from '../testing/entry-arguments.ts';
import { validateArguments } from '../validate.ts';
import { NOBODY } from './effects.ts';
import {
  actionsOf,
  effectsOf,
  goesWith,
  harmlessArguments,
  thingsMade,
  thingsRemoved,
} from './effects-of.ts';
import { EFFECTS } from './effects-table.ts';

const schema = loadBlockSchema();
const { commands } = schema;

/** Arguments of commands that the spec has, and that came with later releases. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  'block-commit': ['base-node', 'top-node'],
  'block-stream': ['bottom', 'filter-node-name'],
  'blockdev-backup': ['bitmap', 'filter-node-name'],
  'drive-backup': ['filter-node-name'],
  'nbd-server-add': ['bitmap'],
};

describe('every command and action of the spec', () => {
  test('has an entry', () => {
    const names = describedIn(schema).map(([name]) => name);
    expect(names.length).toBeGreaterThan(70);
    expect(names.filter((name) => !Object.hasOwn(EFFECTS, name))).toEqual([]);
  });
  test('has the arguments that its entry names', () => {
    expect(unknownArguments(schema, LATER)).toEqual([]);
    expect(unknownArguments(schema).length).toBe(Object.values(LATER).flat().length);
  });
});

describe('every entry', () => {
  const entries = Object.entries(EFFECTS);

  test('tells where a node is described as it was asked for', () => {
    const members = new Set(membersIn(commands.get('query-named-block-nodes')!.returns));
    const paths = entries.flatMap(([, { reported = {} }]) => Object.values(reported).map(({ as }) => as));
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.flatMap((path) => path.split('.')).filter((member) => !members.has(member))).toEqual([]);
  });
  test('that starts a job makes one, and the other way round', () => {
    for (const [name, { job, makes = [] }] of entries)
      expect([name, makes.some(({ kind }) => kind === 'job')]).toEqual([name, job !== undefined]);
  });
  test('is undone by commands that remove what it makes', () => {
    for (const [name, { makes = [] }] of entries)
      for (const { kind, undo, partOf } of makes) {
        if (undo === undefined) continue;
        const removed = EFFECTS[undo]?.removes?.find((one) => one.kind === kind);
        expect([name, removed?.partOf?.argument]).toEqual([name, partOf?.argument]);
        expect([name, removed === undefined]).toEqual([name, false]);
      }
  });
  test('that makes what another command uses has something to be used by', () => {
    const used = new Set(entries.flatMap(([, { uses = {} }]) => Object.values(uses)));
    const made = entries.flatMap(([, { makes = [] }]) => makes.map(({ kind }) => kind));
    expect([...new Set(made)].filter((kind) => !used.has(kind))).toEqual(['nbd-server']);
  });
});

const call = (command: string, args = {}) => ({ command, arguments: args });
const undoOf = (command: string, args = {}) => thingsMade(call(command, args)).map(({ undo }) => undo);

describe('what a call made is taken back', () => {
  test.each<[string, object, string, object]>([
    ['blockdev-add', { driver: 'null-co', 'node-name': 'n' }, 'blockdev-del', { 'node-name': 'n' }],
    ['object-add', { 'qom-type': 'secret', id: 'o' }, 'object-del', { id: 'o' }],
    [
      'block-dirty-bitmap-add',
      { node: 'n', name: 'b' },
      'block-dirty-bitmap-remove',
      { node: 'n', name: 'b' },
    ],
    ['nbd-server-start', { addr: {} }, 'nbd-server-stop', {}],
    ['nbd-server-add', { device: 'n' }, 'nbd-server-remove', { name: 'n', mode: 'hard' }],
    ['nbd-server-add', { device: 'n', name: 'x' }, 'nbd-server-remove', { name: 'x', mode: 'hard' }],
    ['block-export-add', { type: 'nbd', id: 'x' }, 'block-export-del', { id: 'x', mode: 'hard' }],
  ])('%s %j by %s %j', (command, args, undo, undoArguments) => {
    expect(undoOf(command, args)).toEqual([{ command: undo, arguments: undoArguments }]);
  });
  test('a node that has no name by nothing', () => {
    expect(undoOf('blockdev-add', { driver: 'null-co' })).toEqual([]);
  });
  test('a node whose name an endpoint cuts by the name that is left', () => {
    const [undo] = undoOf('blockdev-add', { driver: 'null-co', 'node-name': 'n'.repeat(40) });
    expect(undo?.arguments).toEqual({ 'node-name': 'n'.repeat(31) });
  });
  test('the overlay of a snapshot by nothing: the monitor does not own it', () => {
    const args = { 'node-name': 'n', 'snapshot-file': '/f', 'snapshot-node-name': 'o' };
    expect(thingsMade(call('blockdev-snapshot-sync', args))).toEqual([
      { thing: { kind: 'node', name: 'o', owner: null }, undo: null },
      { thing: { kind: 'file', name: '/f', owner: null }, undo: null },
    ]);
    expect(effectsOf('blockdev-snapshot-sync').undo).toBe('impossible');
  });
});

describe('a thing goes with', () => {
  const goes = (made: ReturnType<typeof call>, removed: ReturnType<typeof call>) =>
    thingsMade(made).map(({ thing }) => thingsRemoved(removed).some((one) => goesWith(thing, one)));

  test.each<[string, object, string, object, boolean]>([
    ['blockdev-add', { 'node-name': 'n' }, 'blockdev-del', { 'node-name': 'n' }, true],
    ['blockdev-add', { 'node-name': 'n' }, 'blockdev-del', { 'node-name': 'm' }, false],
    ['blockdev-add', { 'node-name': 'n' }, 'object-del', { id: 'n' }, false],
    ['block-dirty-bitmap-add', { node: 'n', name: 'b' }, 'blockdev-del', { 'node-name': 'n' }, true],
    [
      'block-dirty-bitmap-add',
      { node: 'n', name: 'b' },
      'block-dirty-bitmap-remove',
      { node: 'm', name: 'b' },
      false,
    ],
    ['nbd-server-add', { device: 'n' }, 'nbd-server-stop', {}, true],
    ['block-export-add', { type: 'nbd', id: 'x' }, 'nbd-server-stop', {}, true],
    ['block-export-add', { type: 'fuse', id: 'x' }, 'nbd-server-stop', {}, false],
    ['block-export-add', { type: 'fuse', id: 'x' }, 'block-export-del', { id: 'x' }, true],
    ['block-export-add', { type: 'nbd', id: 'x' }, 'block-export-del', { id: 'x' }, true],
  ])('what %s %j made, after %s %j: %s', (command, args, remover, removerArguments, expected) => {
    expect(goes(call(command, args), call(remover, removerArguments))).toEqual([expected]);
  });
});

test('a transaction does what its actions do, any other command what it does itself', () => {
  const actions = [
    { type: 'abort', data: {} },
    'nonsense',
    { type: 'blockdev-backup', data: { device: 'n' } },
  ];
  expect(actionsOf(call('transaction', { actions }))).toEqual([
    call('abort'),
    call('blockdev-backup', { device: 'n' }),
  ]);
  expect(actionsOf(call('transaction'))).toEqual([]);
  expect(actionsOf(call('quit'))).toEqual([call('quit')]);
});

test('of a command that the table lacks nothing is known, unless it only asks', () => {
  expect(effectsOf('x-unheard-of')).toEqual({ contents: 'unknown' });
  expect(effectsOf('toString')).toEqual({ contents: 'unknown' });
  expect(effectsOf('query-unheard-of')).toMatchObject({ contents: 'unchanged', undo: 'needless' });
});

describe('what is sent only to see whether an endpoint has a command', () => {
  const asked = Object.keys(EFFECTS).flatMap((command) => {
    const args = harmlessArguments(command);
    return args === null ? [] : [{ command, args }];
  });
  const strings = (value: Json): string[] => {
    if (typeof value === 'string') return [value];
    if (Array.isArray(value)) return value.flatMap(strings);
    return isJsonObject(value) ? Object.values(value).flatMap(strings) : [];
  };

  test('is every command but those that may do something to somebody', () => {
    const never = Object.keys(EFFECTS).filter((command) => harmlessArguments(command) === null);
    expect(never.toSorted()).toEqual([
      'abort',
      'block-latency-histogram-set',
      'block_set_io_throttle',
      'blockdev-change-medium',
      'blockdev-close-tray',
      'blockdev-create',
      'blockdev-insert-medium',
      'blockdev-open-tray',
      'blockdev-remove-medium',
      'blockdev-reopen',
      'blockdev-snapshot-sync',
      'change',
      'cont',
      'device_add',
      'device_del',
      'drive-backup',
      'drive-mirror',
      'eject',
      'human-monitor-command',
      'nbd-server-start',
      'nbd-server-stop',
      'qmp_capabilities',
      'qom-set',
      'quit',
      'stop',
      'system_powerdown',
      'system_reset',
      'x-blockdev-amend',
      'x-blockdev-create',
    ]);
  });
  test('is no command that is disruptive, whatever its entry says', () => {
    const both = Object.entries(EFFECTS).filter(
      ([, one]) => one.disruptive !== undefined && one.harmlessWith !== undefined,
    );
    expect(both.map(([name]) => name)).toEqual([]);
    for (const command of ['quit', 'stop', 'cont', 'system_reset', 'system_powerdown'])
      expect([command, EFFECTS[command]?.disruptive]).not.toEqual([command, undefined]);
  });
  test.each(asked)('$command $args names nothing that is there', ({ command, args }) => {
    const { uses = {}, actions, makes = [] } = effectsOf(command);
    const enums = ['full', 'nbd'];
    expect(strings(args).filter((text) => text !== NOBODY && !enums.includes(text))).toEqual([]);
    const asks = /^query-|^x-debug-query-/.test(command);
    if (!asks && actions === undefined) expect(strings(args)).toContain(NOBODY);
    // Of what it works on, at least one thing is named: none of it is taken by default.
    const named = Object.keys(uses).filter((argument) => argument in args);
    if (Object.keys(uses).length > 0) expect(named).not.toEqual([]);
    for (const argument of named)
      if (typeof args[argument] === 'string') expect([argument, args[argument]]).toEqual([argument, NOBODY]);
    // What it would make by mistake has that name too, and is no file and no server.
    for (const { thing } of thingsMade(call(command, args))) expect(thing.name).toBe(NOBODY);
    for (const { kind, argument } of makes) if (kind === 'file') expect(args).not.toHaveProperty(argument!);
    if (actions !== undefined) expect(args).toEqual({ [actions]: [] });
    if (!commands.has(command)) return;
    // It gets as far as to look for what it names: but for driver and type, the arguments are as the spec has them.
    const issues = validateArguments(schema, command, args).filter(({ path }) => path !== '$.driver');
    expect(issues).toEqual([]);
  });
  test('and of commands that the table lacks only queries', () => {
    expect(harmlessArguments('query-unheard-of')).toEqual({});
    expect(harmlessArguments('x-unheard-of')).toBeNull();
  });
});
