import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { QmpError } from '../qmp/errors.ts';
import { Ledger } from './ledger.ts';

/** Whether the command is refused, with so many commands before it. */
type Refuses = (command: string, before: number) => boolean;

/** A ledger whose commands are written down; `jobs` are there until they are cancelled. */
function makeLedger(options: { owned?: boolean; jobs?: string[]; refuses?: string | Refuses } = {}) {
  const sent: [string, JsonObject | undefined][] = [];
  const jobs = new Set(options.jobs);
  const known = ['query-block-jobs', 'block-job-cancel', 'block-job-resume'];
  const endpointSchema = { commands: new Map(known.map((name) => [name, {}])) } as unknown as Schema;
  const execute = async (command: string, args?: JsonObject): Promise<Json> => {
    if (command === 'query-block-jobs') return [...jobs].map((device) => ({ device }));
    sent.push([command, args]);
    const { refuses } = options;
    if (typeof refuses === 'string' ? command === refuses : refuses?.(command, sent.length - 1))
      throw new QmpError(command, 'GenericError', 'in use', {});
    if (command === 'block-job-cancel') jobs.delete(String(args!.device));
    return {};
  };
  const ledger = new Ledger({
    endpointSchema,
    execute,
    settle: async () => undefined,
    owned: options.owned ?? true,
  });
  return { ledger, sent, jobs };
}

describe('undo', () => {
  test('goes last first, with the command that fits', async () => {
    const { ledger, sent } = makeLedger();
    ledger.saw('object-add', { 'qom-type': 'secret', id: 's' });
    ledger.saw('blockdev-add', { driver: 'null-co', 'node-name': 'a' });
    ledger.saw('block-dirty-bitmap-add', { node: 'a', name: 'b' });
    ledger.enter(async () => void sent.push(['own', undefined]));
    expect(await ledger.undo()).toBe(true);
    expect(sent).toEqual([
      ['own', undefined],
      ['block-dirty-bitmap-remove', { node: 'a', name: 'b' }],
      ['blockdev-del', { 'node-name': 'a' }],
      ['object-del', { id: 's' }],
    ]);
  });

  test('lets the own things of a case go where the endpoint is gone', async () => {
    const { ledger, sent } = makeLedger({
      refuses: () => {
        throw new Error('the endpoint is gone');
      },
    });
    ledger.enter(async () => void sent.push(['first', undefined]));
    ledger.enter(() => Promise.reject(new Error('gone too')));
    ledger.enter(async () => void sent.push(['second', undefined]));
    ledger.saw('blockdev-add', { driver: 'null-co', 'node-name': 'a' });
    ledger.saw('blockdev-add', { driver: 'null-co', 'node-name': 'b' });
    await expect(ledger.undo()).rejects.toThrow('the endpoint is gone');
    await ledger.letGo();
    await ledger.letGo();
    expect(sent.map(([name]) => name)).toEqual(['blockdev-del', 'second', 'first']);
  });

  test('is incomplete with a job that does not end', async () => {
    const { ledger } = makeLedger({ jobs: ['j'], refuses: () => true });
    expect(await ledger.undo()).toBe(false);
  });

  test('leaves out what the case took back itself', async () => {
    const { ledger, sent } = makeLedger();
    ledger.saw('blockdev-add', { driver: 'null-co', 'node-name': 'a' });
    ledger.saw('blockdev-del', { 'node-name': 'a' });
    ledger.saw('query-version', {});
    expect(await ledger.undo()).toBe(true);
    expect(sent).toEqual([]);
  });

  test('knows what a transaction made', async () => {
    const { ledger, sent } = makeLedger();
    ledger.saw('transaction', {
      actions: [{ type: 'block-dirty-bitmap-add', data: { node: 'a', name: 'b' } }],
    });
    await ledger.undo();
    expect(sent).toEqual([['block-dirty-bitmap-remove', { node: 'a', name: 'b' }]]);
  });

  test('deletes a node whose name was too long by the name that is left', async () => {
    const { ledger, sent } = makeLedger();
    ledger.saw('blockdev-add', { driver: 'null-co', 'node-name': 'n'.repeat(40) });
    await ledger.undo();
    expect(sent).toEqual([['blockdev-del', { 'node-name': 'n'.repeat(31) }]]);
  });

  test('leaves the overlay of a snapshot to its users: nobody can delete it', async () => {
    const { ledger, sent } = makeLedger();
    const overlay = { 'snapshot-file': 'f', 'snapshot-node-name': 'o' };
    ledger.saw('blockdev-snapshot-sync', { 'node-name': 'a', ...overlay });
    expect(await ledger.undo()).toBe(true);
    expect(sent).toEqual([]);
  });

  test('goes on behind a refusal, and tells of it', async () => {
    const { ledger, sent } = makeLedger({ refuses: 'blockdev-del' });
    ledger.saw('object-add', { id: 's' });
    ledger.saw('blockdev-add', { 'node-name': 'a' });
    expect(await ledger.undo()).toBe(false);
    // Once more, since what gave way may have been in the way.
    expect(sent.map(([command]) => command)).toEqual(['blockdev-del', 'object-del', 'blockdev-del']);
  });

  test('comes back to what another was in the way of', async () => {
    const { ledger, sent } = makeLedger({
      refuses: (command, before) => command === 'blockdev-del' && before < 2,
    });
    ledger.saw('object-add', { id: 's' });
    ledger.saw('blockdev-add', { 'node-name': 'a' });
    expect(await ledger.undo()).toBe(true);
    expect(sent.map(([command]) => command)).toEqual(['blockdev-del', 'object-del', 'blockdev-del']);
  });

  test('knows exports of either kind, and that they and bitmaps go with what has them', async () => {
    const { ledger, sent } = makeLedger();
    const adds: [string, JsonObject][] = [
      ['blockdev-add', { 'node-name': 'a' }],
      ['block-dirty-bitmap-add', { node: 'a', name: 'b' }],
      ['nbd-server-start', {}],
      ['nbd-server-add', { device: 'a' }],
      ['block-export-add', { type: 'nbd', id: 'x' }],
    ];
    for (const [command, args] of adds) ledger.saw(command, args);
    expect(await ledger.undo()).toBe(true);
    expect(sent.map(([command]) => command)).toEqual([
      'block-export-del',
      'nbd-server-remove',
      'nbd-server-stop',
      'block-dirty-bitmap-remove',
      'blockdev-del',
    ]);
    for (const [command, args] of adds) ledger.saw(command, args);
    ledger.saw('nbd-server-stop', {});
    ledger.saw('blockdev-del', { 'node-name': 'a' });
    await ledger.undo();
    expect(sent).toHaveLength(5);
  });

  test('happens once', async () => {
    const { ledger, sent } = makeLedger();
    ledger.saw('blockdev-add', { 'node-name': 'a' });
    await ledger.undo();
    await ledger.undo();
    expect(sent).toHaveLength(1);
  });
});

describe('jobs', () => {
  test('are cancelled before what they hold is taken back', async () => {
    const { ledger, sent, jobs } = makeLedger({ jobs: ['j'] });
    ledger.saw('blockdev-add', { 'node-name': 'a' });
    await ledger.undo();
    expect(sent.map(([command]) => command)).toEqual(['block-job-cancel', 'blockdev-del']);
    expect([...jobs]).toEqual([]);
  });

  test('that stopped go on and are cancelled then; what a job left behind is dismissed', async () => {
    const sent: string[] = [];
    const states = [['paused'], ['running', 'concluded'], []];
    const known = ['query-jobs', 'block-job-cancel', 'block-job-resume', 'job-cancel', 'job-dismiss'];
    const ledger = new Ledger({
      endpointSchema: { commands: new Map(known.map((name) => [name, {}])) } as unknown as Schema,
      execute: async (command) => {
        if (command === 'query-jobs') return states.shift()!.map((status) => ({ id: 'j', status }));
        sent.push(command);
        if (sent.length <= 2) throw new QmpError(command, 'GenericError', 'paused', {});
        return {};
      },
      settle: async () => undefined,
      owned: true,
    });
    expect(await ledger.undo()).toBe(true);
    expect(sent).toEqual([
      'block-job-cancel',
      'job-cancel',
      'block-job-resume',
      'block-job-cancel',
      'job-dismiss',
    ]);
  });

  test('of somebody else are left alone on an attached endpoint', async () => {
    const { ledger, jobs } = makeLedger({ jobs: ['mine', 'theirs'], owned: false });
    ledger.saw('block-stream', { device: 'd', 'job-id': 'mine' });
    ledger.saw('block-job-set-speed', { device: 'theirs', speed: 1 });
    expect(await ledger.undo()).toBe(true);
    expect([...jobs]).toEqual(['theirs']);
  });
});
