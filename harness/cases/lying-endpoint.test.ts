/**
 * The cases of the graph and job commands against endpoints that lie: none may pass there. A case that an endpoint
 * passes without doing anything would tell nothing of one that does.
 */
import { describe, expect, test } from 'vitest';
import { beliefIn, idle, NO, YES } from '../testing/liars.ts';
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

const cases: readonly CaseDefinition[] = [
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

describe('an endpoint that lies is not believed', () => {
  test.each([
    ['one that says yes to everything and does nothing', YES],
    ['one that refuses everything', NO],
    ['one that says yes, lists what it was given, and ends every job at once', idle()],
  ])('%s', async (_, liar) => {
    expect(await beliefIn(liar, cases, 5_000)).toEqual({ believed: [], ran: cases.length, errors: [] });
  });
});
