/** An endpoint that ends while nobody uses it: whom that is told of, and what becomes of the cases that are left. */
import { describe, expect, test } from 'vitest';
import type { CaseRecord } from '../../reports/record.ts';
import type { Schema } from '../../spec/model.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { StartError } from '../targets/target.ts';
import { type FakeOptions, type FakePort, fakeTarget } from '../testing/fake-endpoint.ts';
import { timeLimits } from '../time-limits.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { execute } from './run-cases.ts';
import { ScratchArea } from './scratch.ts';

const SCHEMA: Schema = { commands: new Map(), events: new Map(), types: new Map() };
const SEGFAULT = { code: null, signal: 'SIGSEGV' };
const ENDED = 'the endpoint ended with SIGSEGV when the case was over, and nothing was asked of it';

const asks = (id: string): CaseDefinition => ({
  id,
  title: id,
  requirements: [],
  run: async (t) => void (await t.execute('query-version')),
});

interface Setup extends Partial<FakeOptions> {
  readonly ids: readonly string[];
  /** When the first endpoint ends: after this case, or with the first request of the one behind it. */
  readonly after: string;
  readonly starts?: number;
}

async function run({ ids, after, starts = Number.POSITIVE_INFINITY, ...fake }: Setup) {
  const ports: FakePort[] = [];
  const base = fakeTarget({
    commands: ['query-version'],
    answer: (_command, _args, port) => {
      if (!ports.includes(port)) ports.push(port);
      return { return: {} };
    },
    ...fake,
  });
  let started = 0;
  const target: typeof base = {
    ...base,
    start: (request) =>
      started++ < starts ? base.start(request) : Promise.reject(new StartError('nobody is there')),
  };
  const area = await ScratchArea.open();
  const limits = timeLimits();
  const pool = new EndpointPool({ target, area, limits, most: 1 });
  const records: CaseRecord[] = [];
  const { incomplete } = await execute({
    target,
    schema: SCHEMA,
    endpointSchema: SCHEMA,
    seed: 's',
    limits,
    cases: ids.map(asks),
    workers: 1,
    retries: 0,
    pool,
    isFailure: ({ id }) => {
      if (id === after) ports[0]!.die(SEGFAULT);
      return false;
    },
    done: (record) => records.push(record),
  });
  await pool.stop();
  await area.close();
  return { records, incomplete, outcomes: records.map(({ id, outcome }) => `${outcome} ${id}`) };
}

describe('an endpoint that ends between two cases', () => {
  test('is a crash of the earlier one, and the next runs on another', async () => {
    const lastWords = ['free(): invalid pointer'];
    const { records, outcomes, incomplete } = await run({ ids: ['a', 'b', 'c'], after: 'a', lastWords });
    expect(outcomes).toEqual(['crash a', 'pass b', 'pass c']);
    expect(incomplete).toBe(false);
    expect(records[0]).toMatchObject({
      reason: ENDED,
      process: { signal: 'SIGSEGV', lastWords, unanswered: [] },
      deviations: [{ check: 'crash', severity: 'must', message: ENDED }],
    });
  });

  test('also when no case comes after it', async () => {
    const { outcomes } = await run({ ids: ['a'], after: 'a' });
    expect(outcomes).toEqual(['crash a']);
  });

  test('and is not ours to start: the rest is not run', async () => {
    const capabilities = { owned: false };
    const { records, outcomes, incomplete } = await run({
      ids: ['a', 'b', 'c'],
      after: 'a',
      starts: 1,
      capabilities,
    });
    expect(outcomes).toEqual(['crash a', 'skip b', 'skip c']);
    expect(records[0]!.reason).toBe(ENDED);
    expect(records[2]!.reason).toBe('endpoint gone');
    expect(incomplete).toBe(true);
  });

  test('and is not ours, but comes back: the rest is run', async () => {
    const { outcomes, incomplete } = await run({
      ids: ['a', 'b'],
      after: 'a',
      capabilities: { owned: false },
    });
    expect(outcomes).toEqual(['crash a', 'pass b']);
    expect(incomplete).toBe(false);
  });
});
