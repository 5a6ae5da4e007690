/**
 * A model check: all sequences of a bounded depth of what can be done to two jobs and of the main loop's turns.
 * Illegal transitions are errors of the code under test; here it is looked after that no event is lost or told twice, that
 * every verb is accepted or refused as its state says, and that nothing is left over.
 */
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { type Action, act, actionsWith, end, expectEndedOnce, sequences } from './interleaving-explorer.ts';
import { JobFixture } from './job-fixture.ts';

const SIZE = 2 * 65536;
const ACTIONS = actionsWith(['pause', 'resume', 'cancel', 'complete', 'finalize', 'dismiss']);

/** Pairs of jobs, each on nodes of its own. */
const PAIRS: Readonly<Record<string, (fixture: JobFixture) => Promise<unknown>>> = {
  'two backups in a group, one held at its end': (fixture) =>
    fixture.run('transaction', {
      actions: [backup('a', { 'auto-finalize': false, 'auto-dismiss': false }), backup('b', {})],
      properties: { 'completion-mode': 'grouped' },
    }),
  'a limited backup and one without, in a group': (fixture) =>
    fixture.run('transaction', {
      actions: [backup('a', { speed: 1 }), backup('b', {})],
      properties: { 'completion-mode': 'grouped' },
    }),
  'a mirror and a backup that stays': async (fixture) => {
    await fixture.run('blockdev-mirror', { 'job-id': 'a', device: 'sa', target: 'ta', sync: 'full' });
    await fixture.run('blockdev-backup', backup('b', { 'auto-dismiss': false, sync: 'none' }).data);
  },
};

function backup(id: string, more: JsonObject): { type: string; data: JsonObject } {
  const data = { 'job-id': id, device: `s${id}`, target: `t${id}`, sync: 'full', ...more };
  return { type: 'blockdev-backup', data };
}

/** All sequences of so many actions. */
export function exploreJobPairs(depth: number): void {
  describe.each(Object.keys(PAIRS))('%s', (pair) => {
    test.each(ACTIONS)(
      `every sequence of ${depth} that begins with %s`,
      { timeout: 60_000 },
      async (first) => {
        for (const rest of sequences(ACTIONS, depth - 1)) await check(pair, [first, ...rest]);
      },
    );
  });
}

async function check(pair: string, actions: readonly Action[]): Promise<void> {
  const fixture = new JobFixture();
  try {
    for (const name of ['sa', 'ta', 'sb', 'tb'])
      await fixture.run('blockdev-add', { driver: 'null-co', 'node-name': name, size: SIZE });
    await PAIRS[pair]!(fixture);
    for (const action of actions) await act(fixture, action);
    await end(fixture);
    const path = actions.join(', ');
    expectEndedOnce(fixture, path);
    for (const node of fixture.endpoint.block.graph.nodes) {
      expect([node.name, node.blockers.reason()], path).toEqual([node.name, undefined]);
      expect([node.name, node.parents.length], path).toEqual([node.name, 0]);
      expect([node.name, node.io.beforeWrite.size], path).toEqual([node.name, 0]);
    }
    expect(fixture.endpoint.block.graph.nodes.length, path).toBe(4);
  } finally {
    await fixture.close();
  }
}
