/** The compatibility report as data: what is put side by side, summed up, merged and compared. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import { type Json, jsonEqual, parseJson } from '../../spec/json.ts';
import type { CaseRecord, RunRecord } from '../record.ts';
import { runRecord } from '../testing/arbitrary-record.ts';
import { example, failure } from '../testing/example-record.ts';
import { blockGraph } from './block-graph.ts';
import { buildReport } from './build.ts';
import { jsonReport } from './compat-json.ts';
import { jobTimeline } from './job-timeline.ts';
import { MergeError, mergeRecords } from './merge.ts';

const pass: CaseRecord = { ...failure, outcome: 'pass', deviations: [] };

function recordOf(target: string, cases: readonly CaseRecord[]): RunRecord {
  return { ...example, endpoint: { ...example.endpoint, target }, cases };
}

/** A case in which the endpoint told its schema. */
function introspection(answer: Json): CaseRecord {
  const step = { send: { execute: 'query-qmp-schema' }, reply: { return: answer } };
  return { ...pass, id: 'introspection/schema', transcript: { ...failure.transcript!, steps: [step] } };
}

describe('buildReport', () => {
  it('puts endpoints side by side, named apart', () => {
    const records = [recordOf('a', [pass]), recordOf('a', [failure, { ...pass, id: 'x/y' }])];
    const { endpoints, cases } = buildReport(records);
    expect(endpoints.map(({ label }) => label)).toEqual(['a QEMU 7.2.13 (1)', 'a QEMU 7.2.13 (2)']);
    expect(cases.map(({ id, results }) => [id, ...results.map((one) => one?.outcome ?? null)])).toEqual([
      ['block_resize/negative-size', 'pass', 'fail'],
      ['x/y', null, 'pass'],
    ]);
  });

  it('sums up by what cases are about: in the id, or by requirement', () => {
    const cases = [
      failure,
      { ...pass, id: 'null-co/other', requirements: [] },
      { ...pass, id: 'other', requirements: ['null/size'] },
    ];
    const { subjects, requirements } = buildReport([recordOf('a', cases)]);
    const cell = (name: string) => subjects.find((one) => one.name === name)!.cells[0];
    expect(cell('block_resize')).toEqual({ status: 'fail', ran: 1, passed: 0 });
    expect(cell('null-co')).toEqual({ status: 'pass', ran: 2, passed: 2 });
    expect(cell('block-commit')).toEqual({ status: 'untested', ran: 0, passed: 0 });
    expect(requirements.find(({ id }) => id === 'null/size')).toMatchObject({
      cases: ['other'],
      status: ['pass'],
    });
  });

  it('knows what an endpoint does not offer, and how its schema differs', () => {
    const infos = introspect(loadBlockSchema(), { unmask: false });
    const offered = (infos as { name: string }[]).filter(
      ({ name }) => name !== 'block-commit',
    ) as unknown as Json;
    const { subjects, drift } = buildReport([recordOf('a', [introspection(offered)])]);
    expect(subjects.find(({ name }) => name === 'block-commit')!.cells[0]!.status).toBe('absent');
    expect(drift.changes[1]).toMatchObject([{ direction: 'removed', path: 'block-commit' }]);
    expect(drift.timeline).toEqual([{ noun: 'command', path: 'block-commit', states: ['present', null] }]);
  });

  it('puts schemas of other versions in their place, the oldest first', () => {
    const spec = loadBlockSchema();
    const version = (release: string) => ({ label: `v${release}`, release, schema: spec });
    const record = recordOf('a', [introspection(introspect(spec, { unmask: false }))]);
    const { drift } = buildReport([record], { versions: [version('10.0.0'), version('5.0.0')] });
    expect(drift.columns).toEqual([
      { label: 'spec 2.12', endpoint: null },
      { label: 'v5.0.0', endpoint: null },
      { label: 'a (QEMU 7.2.13)', endpoint: 0 },
      { label: 'v10.0.0', endpoint: null },
    ]);
  });

  it('tells what broke, what was fixed, and what comes and goes', () => {
    const before = [failure, { ...pass, id: 'b' }, { ...pass, id: 'gone' }, { ...pass, id: 'same' }];
    const after = [pass, { ...failure, id: 'b' }, { ...pass, id: 'new' }, { ...pass, id: 'same' }];
    const { regressions } = buildReport([recordOf('a', after)], {
      since: [recordOf('other', []), recordOf('a', before)],
    });
    expect(regressions!.map(({ what, id }) => [what, id])).toEqual([
      ['fixed', failure.id],
      ['broke', 'b'],
      ['new', 'new'],
      ['gone', 'gone'],
    ]);
  });

  it('says the same of two runs of different speed but for times', () => {
    const slow = {
      ...example,
      durationMs: 9e5,
      cases: example.cases.map((one) => ({ ...one, durationMs: 500 })),
    };
    const [one, other] = [example, slow].map((record) => parseJson(jsonReport(buildReport([record]))));
    const timeless = (report: Json) => ({ ...(report as object), endpoints: null }) as Json;
    expect(jsonEqual(timeless(one!), timeless(other!))).toBe(true);
  });
});

describe('mergeRecords', () => {
  it('is incomplete where a part is', () => {
    const part = (index: number, more: object) => ({
      ...recordOf('a', [{ ...pass, id: `a/${index}` }]),
      shard: { index, of: 2 },
      ...more,
    });
    const merged = mergeRecords([part(1, {}), part(2, { incomplete: true })]);
    expect(merged).toMatchObject({ incomplete: true });
    expect(mergeRecords([part(1, {}), part(2, {})])).not.toHaveProperty('incomplete');
  });

  it('makes of shards what they were cut from', () => {
    fc.assert(
      fc.property(runRecord, fc.nat(4), (record, at) => {
        const cases = [...new Map(record.cases.map((one) => [one.id, one])).values()];
        const shard = (index: number, part: readonly CaseRecord[]): RunRecord => ({
          ...record,
          shard: { index, of: 2 },
          cases: part,
        });
        const merged = mergeRecords([shard(1, cases.slice(0, at)), shard(2, cases.slice(at))]);
        expect(merged.cases).toEqual(cases);
        expect(merged.shard).toBeUndefined();
        expect(merged.requirements).toHaveLength(new Set(record.requirements.map(({ id }) => id)).size);
      }),
    );
  });

  it.each([
    ['other endpoints', recordOf('b', []), 'another endpoint: a and b'],
    [
      'another version',
      { ...recordOf('a', []), endpoint: { ...recordOf('a', []).endpoint, version: { qemu: { major: 9 } } } },
      'another version: ',
    ],
    ['another seed', { ...recordOf('a', []), seed: '7' }, 'another seed: 42 and 7'],
    [
      'another level',
      { ...recordOf('a', []), policy: { level: 'should', strictExpectations: true } as const },
      'another policy: --level must and --level should --strict-expectations',
    ],
    ['a case twice', recordOf('a', [pass]), `case ${pass.id} is in two`],
  ])('refuses %s', (_, second, message) => {
    expect(() => mergeRecords([recordOf('a', [pass]), second])).toThrow(MergeError);
    expect(() => mergeRecords([recordOf('a', [pass]), second])).toThrow(message);
  });
});

describe('blockGraph', () => {
  const add = (args: Json, reply: Json = { return: {} }) => ({
    send: { execute: 'blockdev-add', arguments: args },
    reply,
  });
  const transcript = {
    ...failure.transcript!,
    argv: [
      '-blockdev',
      'driver=null-co,node-name=base',
      '-blockdev',
      '{"driver": "raw", "node-name": "r", "file": "base"}',
    ],
    steps: [
      add({ driver: 'qcow2', 'node-name': 'top', backing: 'r', file: { driver: 'file', filename: 'x' } }),
      add({ driver: 'raw', 'node-name': 'lost', file: 'none' }, { error: {} }),
      { send: { execute: 'blockdev-del', arguments: { 'node-name': 'r' } }, reply: { error: {} } },
      { send: { execute: 'blockdev-del', arguments: { 'node-name': 'top' } }, reply: { return: {} } },
      add({ driver: 'raw', 'node-name': 'wish', file: 'r' }, { error: {} }),
    ],
  };
  const shown = (until: number) =>
    blockGraph(transcript, until).map(({ name, children }) => [
      name,
      ...children.map((one) => `${one.role} ${one.name}`),
    ]);

  it('follows what was made and undone, on the command line and over QMP', () => {
    expect(shown(2)).toEqual([['base'], ['r', 'file base'], ['top', 'backing r', 'file #1'], ['#1']]);
    expect(shown(3)).toEqual([['base'], ['r', 'file base'], ['#1']]);
  });

  it('shows what the step asked for, and whom it names', () => {
    expect(blockGraph(transcript, 4)).toMatchObject([
      { name: 'base', named: false },
      { name: 'r', named: true },
      { name: '#1' },
      { name: 'wish', wanted: true, named: true },
    ]);
  });
});

describe('jobTimeline', () => {
  const event = (name: string, data: Json, microseconds?: number): Json => ({
    event: name,
    data,
    ...(microseconds !== undefined && { timestamp: { seconds: 5, microseconds } }),
  });
  const steps = (...events: Json[]) => ({ ...failure.transcript!, steps: [{ events }] });

  it('has a lane for each job: statuses as spans, events as marks', () => {
    const timeline = jobTimeline(
      steps(
        event('JOB_STATUS_CHANGE', { id: 'j', status: 'created' }, 1000),
        event('JOB_STATUS_CHANGE', { id: 'j', status: 'running' }, 3000),
        event('BLOCK_JOB_READY', { device: 'k' }, 4000),
        event('JOB_STATUS_CHANGE', { id: 'j', status: 'null' }, 11_000),
      ),
    );
    expect(timeline).toEqual({
      timed: true,
      length: 10,
      lanes: [
        {
          id: 'j',
          spans: [
            { status: 'created', from: 0, to: 2 },
            { status: 'running', from: 2, to: 10 },
          ],
          marks: [],
        },
        { id: 'k', spans: [], marks: [{ event: 'BLOCK_JOB_READY', at: 3 }] },
      ],
    });
  });

  it('counts events where they have no time, and is none without jobs', () => {
    const two = steps(
      event('BLOCK_JOB_READY', { device: 'j' }),
      event('BLOCK_JOB_COMPLETED', { device: 'j' }),
    );
    expect(jobTimeline(two)).toMatchObject({ timed: false, length: 1 });
    expect(jobTimeline(steps(event('RESUME', {})))).toBeNull();
  });
});
