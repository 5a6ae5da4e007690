/**
 * The cases of the graph and job commands against endpoints that lie: none may pass there. A case that an endpoint
 * passes without doing anything would tell nothing of one that does.
 */
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import { run } from '../runner/run.ts';
import { type FakeOptions, fakeTarget } from '../testing/fake-endpoint.ts';
import { backup } from './backup.ts';
import { blockCommit } from './block-commit.ts';
import { blockJob } from './block-job.ts';
import { blockStream } from './block-stream.ts';
import type { CaseDefinition } from './case.ts';
import { graphChanges } from './graph-changes.ts';
import { jobs } from './jobs.ts';
import { limitCases } from './limits.ts';
import { mirror } from './mirror.ts';
import { nbdServerCases } from './nbd-server.ts';
import { qcow2Nodes } from './qcow2-nodes.ts';
import { snapshotCases } from './snapshots.ts';
import { transactionCases } from './transaction.ts';

const all: readonly CaseDefinition[] = [
  ...snapshotCases,
  ...graphChanges,
  ...qcow2Nodes,
  ...limitCases,
  ...blockJob,
  ...jobs,
  ...blockStream,
  ...blockCommit,
  ...mirror,
  ...backup,
  ...transactionCases,
  ...nbdServerCases,
];

/** The one case that no lie can fail: the API does not tell in which thread a node runs. */
const UNSEEN = 'x-blockdev-set-iothread/moves';

const cases = all.filter(({ id }) => id !== UNSEEN);

const spec = loadBlockSchema();
const schema = introspect(spec) as unknown as Json;

/** Ids of the cases that pass on an endpoint that answers so. */
async function believed(answer: FakeOptions['answer']): Promise<string[]> {
  const target = fakeTarget({
    answer,
    schema,
    virtualTime: true,
    capabilities: { drives: true, humanMonitor: true },
  });
  const record = await run({
    target,
    spec,
    cases: () => cases,
    limits: { eventTimeout: 20, caseTimeout: 5_000 },
  });
  expect(record.cases.length).toBe(cases.length);
  expect(record.cases.filter(({ outcome }) => outcome === 'error').map(({ id }) => id)).toEqual([]);
  return record.cases.filter(({ outcome }) => ['pass', 'info', 'warn'].includes(outcome)).map(({ id }) => id);
}

const isQuery = (command: string): boolean => command.startsWith('query-');

describe('an endpoint that lies is not believed', () => {
  test('one that says yes to everything and does nothing', async () => {
    expect(await believed((command) => ({ return: isQuery(command) ? [] : {} }))).toEqual([]);
  });

  test('one that refuses everything', async () => {
    const error = { class: 'GenericError', desc: 'no' };
    expect(await believed((command) => (isQuery(command) ? { return: [] } : { error }))).toEqual([]);
  });

  test('one that says yes, lists what it was given, and ends every job at once', async () => {
    const nodes = new Map<Json, JsonObject>();
    expect(
      await believed((command, args, port) => {
        if (command === 'query-named-block-nodes') return { return: [...nodes.values()] };
        if (isQuery(command)) return { return: [] };
        const node = args['node-name'];
        if (command === 'blockdev-add' && node !== undefined)
          nodes.set(node, { 'node-name': node, drv: args.driver!, ro: false });
        if (command === 'blockdev-del' && node !== undefined) nodes.delete(node);
        const device = args['job-id'];
        if (device !== undefined) {
          const type = /stream|commit|mirror|backup/.exec(command)?.[0] ?? 'backup';
          const data = { device, type, len: 0, offset: 0, speed: 0 };
          port.emit('BLOCK_JOB_READY', data);
          port.emit('BLOCK_JOB_COMPLETED', data);
        }
        return { return: {} };
      }),
    ).toEqual([]);
  });
});
