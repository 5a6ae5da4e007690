import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { QmpError } from '../qmp/errors.ts';
import { Ledger } from './ledger.ts';

/** A ledger whose commands are written down; `jobs` are there until they are cancelled. */
function makeLedger(options: { owned?: boolean; jobs?: string[]; refuses?: string } = {}) {
  const sent: [string, JsonObject | undefined][] = [];
  const jobs = new Set(options.jobs);
  const offered = { commands: new Map([['query-block-jobs', {}]]) } as unknown as Schema;
  const execute = async (command: string, args?: JsonObject): Promise<Json> => {
    if (command === 'query-block-jobs') return [...jobs].map((device) => ({ device }));
    sent.push([command, args]);
    if (command === options.refuses) throw new QmpError(command, 'GenericError', 'in use', {});
    if (command === 'block-job-cancel') jobs.delete(String(args!.device));
    return {};
  };
  const ledger = new Ledger({
    offered,
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

  test('goes on behind a refusal, and tells of it', async () => {
    const { ledger, sent } = makeLedger({ refuses: 'blockdev-del' });
    ledger.saw('object-add', { id: 's' });
    ledger.saw('blockdev-add', { 'node-name': 'a' });
    expect(await ledger.undo()).toBe(false);
    expect(sent.map(([command]) => command)).toEqual(['blockdev-del', 'object-del']);
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

  test('of somebody else are left alone on an attached endpoint', async () => {
    const { ledger, jobs } = makeLedger({ jobs: ['mine', 'theirs'], owned: false });
    ledger.saw('block-stream', { device: 'd', 'job-id': 'mine' });
    expect(await ledger.undo()).toBe(true);
    expect([...jobs]).toEqual(['theirs']);
  });
});
