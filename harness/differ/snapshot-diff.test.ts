import { describe, expect, it } from 'vitest';
import type { TranscriptStep } from '../../reports/record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { SnapshotWithContents } from '../state/snapshot-with-contents.ts';
import { passed } from '../testing/side-runs.ts';
import { compareRuns } from './differ.ts';
import type { SideRun } from './side-run.ts';

const endpointSchema = loadBlockSchema();

/** A side that sent as many commands as there are snapshots, with the events of the last. */
function side(snapshots: readonly SnapshotWithContents[], events: readonly Json[] = []): SideRun {
  const steps = snapshots.map(
    (_, index): TranscriptStep => ({
      send: { execute: 'block_resize' },
      reply: { return: {} },
      ...(index === snapshots.length - 1 && { events }),
    }),
  );
  return {
    endpointSchema,
    record: passed(steps),
    snapshots: new Map(snapshots.map((one, index) => [index + 1, one])),
  };
}

const job = (more: JsonObject): JsonObject => ({
  device: 'j',
  offset: 0,
  paused: false,
  ready: false,
  ...more,
});
const jobs = (...list: JsonObject[]): TranscriptStep => ({
  send: { execute: 'query-block-jobs' },
  reply: { return: list },
});
/** The highest offset written of one node. */
const written = (offset: number): TranscriptStep => ({
  send: { execute: 'query-blockstats' },
  reply: { return: [{ 'node-name': 'n', stats: { wr_highest_offset: offset } }] },
});
const snapshot = (answers: readonly TranscriptStep[], contents?: string): SnapshotWithContents => ({
  answers,
  ...(contents !== undefined && { contents: { n: contents } }),
});
const cancelled = (offset: number): Json => ({
  event: 'BLOCK_JOB_CANCELLED',
  data: { type: 'backup', device: 'j', len: 9, offset, speed: 0 },
  timestamp: { seconds: 1, microseconds: 0 },
});

/** Class, subject and step of what is found. */
const found = (left: SideRun, right: SideRun): string[] =>
  compareRuns(left, right).differences.map((one) => `${one.class} ${one.subject} ${one.step}`);

describe('snapshots', () => {
  it('are told at the first step after which they differ, and once', () => {
    const [left, right] = [
      [snapshot([written(1)]), snapshot([written(2)]), snapshot([written(3)])],
      [snapshot([written(1)]), snapshot([written(5)]), snapshot([written(6)])],
    ];
    expect(found(side(left), side(right))).toEqual(['must query-blockstats 2']);
  });

  it('hold numbers to nothing while a job is under way', () => {
    const [left, right] = [snapshot([jobs(job({})), written(1)]), snapshot([jobs(job({})), written(2)])];
    expect(found(side([left]), side([right]))).toEqual(['timing query-blockstats 1']);
  });

  it('hold numbers to nothing where a job rests that got further on one side', () => {
    const paused = (offset: number): TranscriptStep => jobs(job({ paused: true, offset }));
    expect(
      found(side([snapshot([paused(1), written(1)])]), side([snapshot([paused(2), written(2)])])),
    ).toEqual(['timing query-block-jobs 1', 'timing query-blockstats 1']);
    expect(
      found(side([snapshot([paused(1), written(1)])]), side([snapshot([paused(1), written(2)])])),
    ).toEqual(['must query-blockstats 1']);
  });

  it('let a job that was cancelled later on one side excuse contents', () => {
    const [left, right] = [snapshot([], 'a'), snapshot([], 'b')];
    expect(found(side([left], [cancelled(1)]), side([right], [cancelled(2)]))).toEqual([
      'timing event BLOCK_JOB_CANCELLED 1',
      'timing contents 1',
    ]);
    expect(found(side([left], [cancelled(1)]), side([right], [cancelled(1)]))).toEqual(['must contents 1']);
  });

  it('hold contents to nothing where a null device is, as others stand on it or copied from it', () => {
    const nodes = (drv: string): TranscriptStep => ({
      send: { execute: 'query-named-block-nodes' },
      reply: { return: [{ 'node-name': 'x', drv }] },
    });
    const contents = (drv: string): string[] =>
      found(side([snapshot([nodes(drv)], 'a')]), side([snapshot([nodes(drv)], 'b')]));
    expect(contents('null-aio')).toEqual(['timing contents 1']);
    expect(contents('raw')).toEqual(['must contents 1']);
  });

  it('excuse all when a job did not wait for the other side, but for one that rests', () => {
    const late: SnapshotWithContents = { ...snapshot([jobs()]), late: true };
    const under = (more: JsonObject): string[] => found(side([late]), side([snapshot([jobs(job(more))])]));
    expect(under({})).toEqual(['timing query-block-jobs 1']);
    expect(under({ paused: true })).toEqual(['must query-block-jobs 1']);
  });
});
