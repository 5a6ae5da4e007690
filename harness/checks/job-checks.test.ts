/** Each check of jobs and counters sees its defect, and says nothing of what may be. */
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { messages, type Spoken, STAMP } from '../testing/watched-check.ts';

const aboutJob = (event: string, data: JsonObject = {}): JsonObject => ({
  event,
  timestamp: STAMP,
  data: { device: 'j', type: 'mirror', len: 4, offset: 4, speed: 0, ...data },
});
const listed = (job: JsonObject): Spoken => ({
  command: 'query-block-jobs',
  reply: { return: [{ device: 'j', type: 'mirror', len: 4, offset: 2, speed: 0, ...job }] },
});
const named = (command: string, ...events: JsonObject[]): Spoken => ({
  command,
  arguments: { 'job-id': 'j' },
  reply: { return: {} },
  events,
});
const READY = aboutJob('BLOCK_JOB_READY');
const COMPLETED = aboutJob('BLOCK_JOB_COMPLETED');

const stopped: Spoken = { events: [aboutJob('BLOCK_JOB_ERROR', { action: 'stop' })] };

describe('job-reports', () => {
  test.each<[string, Spoken[]]>([
    ['an offset beyond the length', [listed({ offset: 5 })]],
    ['an offset below zero', [listed({ offset: -1 })]],
    ['a status that no job shows', [listed({ status: 'null' })]],
    ['a ready job that is not', [listed({ status: 'ready', ready: false })]],
    ['a running job that is ready', [listed({ status: 'running', ready: true })]],
    ['progress that goes back', [listed({}), listed({ offset: 1 })]],
    ['another type', [listed({}), listed({ type: 'backup' })]],
    ['another speed that nobody set', [listed({}), listed({ speed: 7 })]],
    ['an event of another type', [listed({}), { events: [aboutJob('BLOCK_JOB_READY', { type: 'commit' })] }]],
    ['an event of another speed', [listed({}), { events: [aboutJob('BLOCK_JOB_READY', { speed: 7 })] }]],
    ['an event of less progress', [listed({}), { events: [aboutJob('BLOCK_JOB_CANCELLED', { offset: 1 })] }]],
    ['an event that is ahead of its length', [{ events: [aboutJob('BLOCK_JOB_CANCELLED', { offset: 5 })] }]],
    ['a second time ready', [{ events: [READY] }, { events: [READY] }]],
    ['an error of which its io-status tells nothing', [stopped, listed({ 'io-status': 'ok' })]],
    ['an io-status of an error that nobody was told of', [listed({ 'io-status': 'nospace' })]],
    ['a mirror that completes and was never ready', [{ events: [COMPLETED] }]],
  ])('reports %s', async (_, spoken) => {
    expect(await messages('job-reports', spoken)).toHaveLength(1);
  });

  test('says nothing of what may be', async () => {
    const spoken = [
      named('blockdev-mirror'),
      listed({ status: 'running', ready: false, offset: 0 }),
      listed({ len: 3 }),
      named('block-job-set-speed'),
      listed({ speed: 7, status: 'ready', ready: true }),
      { events: [aboutJob('BLOCK_JOB_READY', { speed: 7 })] },
      { events: [aboutJob('BLOCK_JOB_COMPLETED', { speed: 7 })] },
      named('blockdev-backup'),
      { events: [aboutJob('BLOCK_JOB_ERROR', { action: 'stop' })] },
      listed({ 'io-status': 'failed', type: 'backup' }),
      named('block-job-resume'),
      listed({ 'io-status': 'ok', type: 'backup' }),
      listed({ type: 'backup' }),
      { events: [aboutJob('BLOCK_JOB_COMPLETED', { type: 'backup', error: 'no', offset: 3 })] },
    ];
    expect(await messages('job-reports', spoken)).toEqual([]);
  });

  test('does not ask a monitor that came later for what it did not see', async () => {
    const late = [{ events: [COMPLETED] }, listed({ 'io-status': 'nospace' })];
    expect(
      await messages(
        'job-reports',
        late.map((one) => ({ ...one, monitor: 1 })),
      ),
    ).toEqual([]);
  });
});

describe('job-events', () => {
  test('reports one of a job that nobody named, and one after its end', async () => {
    expect(await messages('job-events', [{ events: [READY] }])).toEqual([
      'BLOCK_JOB_READY is about a job that no command named',
    ]);
    const ended = [named('blockdev-mirror', READY), { events: [COMPLETED] }, { events: [COMPLETED] }];
    expect(await messages('job-events', ended)).toEqual([
      'BLOCK_JOB_COMPLETED is about a job that had ended',
    ]);
    const revived = [named('blockdev-mirror', READY), { events: [COMPLETED] }, { events: [READY] }];
    expect(await messages('job-events', revived)).toEqual(['BLOCK_JOB_READY is about a job that had ended']);
  });

  test('says nothing of a job that was started before another monitor told of the end of its namesake', async () => {
    const spoken = [
      { ...named('query-version'), monitor: 1 },
      named('blockdev-mirror', READY),
      named('blockdev-mirror', COMPLETED),
      { events: [READY] },
      { events: [READY, COMPLETED], monitor: 1 },
      { events: [READY], monitor: 1 },
    ];
    expect(await messages('job-events', spoken)).toEqual([]);
  });

  test('says nothing of a job that was asked for by a node of its device', async () => {
    const unnamed = { command: 'drive-mirror', arguments: { device: 'n' }, reply: { return: {} } };
    const spoken = [
      named('blockdev-mirror', READY),
      { events: [COMPLETED] },
      { ...unnamed, events: [READY] },
      { events: [COMPLETED] },
    ];
    expect(await messages('job-events', spoken)).toEqual([]);
    expect(await messages('job-events', [...spoken, { events: [READY] }])).toEqual([
      'BLOCK_JOB_READY is about a job that had ended',
    ]);
  });

  test('says nothing of a job that ends while another of its name starts', async () => {
    const spoken = [
      named('blockdev-mirror', READY),
      named('blockdev-mirror', COMPLETED),
      { events: [READY, COMPLETED] },
    ];
    expect(await messages('job-events', spoken)).toEqual([]);
  });
});

describe('counters', () => {
  const told = (rd: number, name: JsonObject = { device: 'd0' }): Spoken => ({
    command: 'query-blockstats',
    reply: { return: [{ ...name, stats: { rd_operations: rd, wr_highest_offset: 9 - rd } }] },
  });

  test('reports one that runs backwards', async () => {
    for (const name of [{ device: 'd0' }, { 'node-name': 'n' }, { device: '', 'node-name': 'n' }])
      expect(await messages('counters', [told(2, name), told(3, name), told(1, name)])).toEqual([
        'query-blockstats tells that rd_operations of a device ran backwards',
      ]);
  });

  test('says nothing of growth, nor of a node that was made anew under the name', async () => {
    const anew = { command: 'blockdev-del', arguments: { 'node-name': 'd0' }, reply: { return: {} } };
    expect(await messages('counters', [told(2), told(2), told(3), anew, told(0)])).toEqual([]);
  });
});
