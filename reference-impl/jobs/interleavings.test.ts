/**
 * A model check: all sequences, up to a bounded depth, of what can be done to two jobs and of the main loop's turns.
 * Illegal transitions are errors of the code under test; here it is looked after that no event is lost or told twice, that
 * every verb is accepted or refused as its state says, and that nothing is left over.
 */
import { describe, expect, test } from 'vitest';
import type { BlockJobStatus, BlockJobVerb } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import { CommandError } from '../errors.ts';
import { VERBS } from './status.ts';
import { Bench } from './testing.ts';

const DEPTH = 3;
const SIZE = 2 * 65536;

type Verb = Exclude<BlockJobVerb, 'set-speed'>;
type Action = 'turn' | 'time' | `${Verb} ${'a' | 'b'}`;

const VERBS_TRIED: readonly Verb[] = ['pause', 'resume', 'cancel', 'complete', 'finalize', 'dismiss'];
const ACTIONS: readonly Action[] = [
  'turn',
  'time',
  ...VERBS_TRIED.flatMap((verb) => [`${verb} a`, `${verb} b`] as const),
];

/** Pairs of jobs, each on nodes of its own. */
const PAIRS: Readonly<Record<string, (bench: Bench) => Promise<unknown>>> = {
  'two backups in a group, one held at its end': (bench) =>
    bench.run('transaction', {
      actions: [backup('a', { 'auto-finalize': false, 'auto-dismiss': false }), backup('b', {})],
      properties: { 'completion-mode': 'grouped' },
    }),
  'a limited backup and one without, in a group': (bench) =>
    bench.run('transaction', {
      actions: [backup('a', { speed: 1 }), backup('b', {})],
      properties: { 'completion-mode': 'grouped' },
    }),
  'a mirror and a backup that stays': async (bench) => {
    await bench.run('blockdev-mirror', { 'job-id': 'a', device: 'sa', target: 'ta', sync: 'full' });
    await bench.run('blockdev-backup', backup('b', { 'auto-dismiss': false, sync: 'none' }).data);
  },
};

function backup(id: string, more: JsonObject): { type: string; data: JsonObject } {
  const data = { 'job-id': id, device: `s${id}`, target: `t${id}`, sync: 'full', ...more };
  return { type: 'blockdev-backup', data };
}

function* sequences(depth: number): Generator<readonly Action[]> {
  if (depth === 0) yield [];
  else for (const before of sequences(depth - 1)) for (const action of ACTIONS) yield [...before, action];
}

describe.each(Object.keys(PAIRS))('%s', (pair) => {
  test.each(ACTIONS)('every sequence that begins with %s', { timeout: 60_000 }, async (first) => {
    for (const rest of sequences(DEPTH - 1)) await check(pair, [first, ...rest]);
  });
});

async function check(pair: string, actions: readonly Action[]): Promise<void> {
  const bench = new Bench();
  try {
    for (const name of ['sa', 'ta', 'sb', 'tb'])
      await bench.run('blockdev-add', { driver: 'null-co', 'node-name': name, size: SIZE });
    await PAIRS[pair]!(bench);
    for (const action of actions) await act(bench, action);
    await end(bench);
    const path = actions.join(', ');
    for (const id of ['a', 'b']) {
      const ends = bench.events.filter(
        ({ event, data }) => /COMPLETED|CANCELLED/.test(event) && data.device === id,
      );
      expect(ends.length, `${path}: ends of ${id}`).toBe(1);
      const ready = bench.told('BLOCK_JOB_READY').filter(({ data }) => data.device === id);
      expect(ready.length, path).toBeLessThanOrEqual(1);
    }
    for (const node of bench.machine.block.graph.nodes) {
      expect([node.name, node.blockers.reason('resize')], path).toEqual([node.name, undefined]);
      expect([node.name, node.parents.length], path).toEqual([node.name, 0]);
      expect([node.name, node.requests.beforeWrite.size], path).toEqual([node.name, 0]);
    }
    expect(bench.machine.block.graph.nodes.length, path).toBe(4);
  } finally {
    await bench.close();
  }
}

async function act(bench: Bench, action: Action): Promise<void> {
  if (action === 'turn') return bench.step();
  if (action === 'time') return bench.pass(100);
  const [verb, id] = action.split(' ') as [Verb, string];
  const job = bench.machine.jobs.all.find((other) => other.id === id);
  const state: BlockJobStatus | undefined = job?.status;
  const refusal = await refusalOf(bench, verb, id);
  if (state === undefined) expect(refusal?.errorClass).toBe('DeviceNotActive');
  else if (!VERBS[verb].includes(state)) expect(refusal).toBeDefined();
  else if (verb === 'finalize' || verb === 'dismiss') expect(refusal).toBeUndefined();
}

async function refusalOf(bench: Bench, verb: Verb, id: string): Promise<CommandError | undefined> {
  const member = verb === 'finalize' || verb === 'dismiss' ? 'id' : 'device';
  try {
    await bench.run(`block-job-${verb}`, { [member]: id });
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

/** Brings all jobs to their end, by whatever verbs their states leave. */
async function end(bench: Bench): Promise<void> {
  await bench.idle();
  for (let round = 0; round < 10 && bench.machine.jobs.all.length > 0; round += 1) {
    for (const job of bench.machine.jobs.all.slice()) {
      if (job.status === 'pending') await refusalOf(bench, 'finalize', job.id);
      else if (job.status === 'concluded') await refusalOf(bench, 'dismiss', job.id);
      else await bench.run('block-job-cancel', { device: job.id, force: true }).catch(() => undefined);
      await bench.pass(100);
    }
  }
  expect(bench.machine.jobs.all).toEqual([]);
}
