import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json } from '../../spec/json.ts';
import { AutoNames, dropPausePairs, normalize, normalizeTiming, translateNames } from './normalize.ts';

describe('normalize', () => {
  it.each<[string, Json, Json]>([
    [
      'the timestamp of an event',
      { event: 'X', timestamp: { seconds: 1 } },
      { event: 'X', timestamp: '@ANY@' },
    ],
    ['no timestamp elsewhere', { timestamp: 5 }, { timestamp: 5 }],
    ['sizes on disk', [{ image: { 'actual-size': 4096 } }], [{ image: { 'actual-size': '@ANY@' } }]],
    [
      'times',
      { rd_total_time_ns: 1, idle_time_ns: 2, avg_latency_ns: 3, avg_rd_queue_depth: 0.1 },
      anys('rd_total_time_ns', 'idle_time_ns', 'avg_latency_ns', 'avg_rd_queue_depth'),
    ],
    ['ids made up by an image', { cid: 1, 'parent-cid': 7, uuid: 'u' }, anys('cid', 'parent-cid', 'uuid')],
    ['the id of no parent, which stays', { 'parent-cid': 4294967295 }, { 'parent-cid': 4294967295 }],
    ['the time until a connection fails', { desc: 'x after 12 ms: y' }, { desc: 'x after @ANY@ ms: y' }],
    ['what was normalised before', { uuid: '@ANY@' }, { uuid: '@ANY@' }],
  ])('covers %s', (_, value, expected) => {
    expect(normalize(value)).toEqual(expected);
  });
});

describe('normalizeTiming', () => {
  it.each<[string, Json, Json]>([
    [
      'progress of running jobs',
      { busy: true, offset: 5, len: 9, device: 'j' },
      { busy: '@ANY@', offset: '@ANY@', len: 9, device: 'j' },
    ],
    ['versions', { QMP: { version: { qemu: {}, package: '' } } }, { QMP: { version: '@ANY@' } }],
    [
      'how far a cancelled job was',
      { event: 'BLOCK_JOB_CANCELLED', data: { offset: 5, len: 9 } },
      { event: 'BLOCK_JOB_CANCELLED', data: { offset: '@ANY@', len: 9 } },
    ],
    [
      'how far a finished job was, which stays',
      { event: 'BLOCK_JOB_COMPLETED', data: { offset: 9, len: 9 } },
      { event: 'BLOCK_JOB_COMPLETED', data: { offset: 9, len: 9 } },
    ],
    ['the order in json: names', 'json:{"b": 1, "a": {"d": 2, "c": 3}}', 'json:{"a":{"c":3,"d":2},"b":1}'],
    ['what only looks like such a name, which stays', 'json:{"b"', 'json:{"b"'],
  ])('covers %s', (_, value, expected) => {
    expect(normalizeTiming(value)).toEqual(expected);
  });
});

describe('dropPausePairs', () => {
  const status = (id: string, name: string): Json => ({
    event: 'JOB_STATUS_CHANGE',
    data: { id, status: name },
  });

  it('leaves out a pause that ends, whatever lies between', () => {
    const events = [status('j', 'running'), status('j', 'paused'), { event: 'STOP' }, status('j', 'running')];
    expect(dropPausePairs(events)).toEqual([status('j', 'running'), { event: 'STOP' }]);
  });

  it('keeps a pause of another job, and one that ends otherwise', () => {
    const events = [
      status('i', 'paused'),
      status('j', 'running'),
      status('k', 'paused'),
      status('k', 'aborting'),
    ];
    expect(dropPausePairs(events)).toEqual(events);
  });
});

describe('automatic node names', () => {
  it('are numbered by first appearance, also inside texts', () => {
    const names = new AutoNames();
    expect(names.renumber(['#block9', { desc: "Node '#block7' and #block9" }])).toEqual([
      '#block1',
      { desc: "Node '#block2' and #block1" },
    ]);
    expect(names.renumber('#block7')).toBe('#block2');
  });

  it('are numbered alike whatever order members are in', () => {
    const value = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'small' },
        fc.integer({ min: 1, max: 6 }).map((n) => `#block${n}`),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('json')),
      ),
    })).json;
    fc.assert(
      fc.property(value, (json) => {
        expect(new AutoNames().renumber(reversed(json))).toEqual(new AutoNames().renumber(json));
      }),
    );
  });

  it('are translated back to the endpoint’s own, and sent as they are where none is known', () => {
    const [recorded, own] = [new AutoNames(), new AutoNames()];
    recorded.renumber('#block1');
    own.renumber('#block512');
    expect(translateNames({ node: '#block1', other: '#block3' }, recorded, own)).toEqual({
      node: '#block512',
      other: '#block3',
    });
  });
});

function anys(...keys: string[]): Json {
  return Object.fromEntries(keys.map((key) => [key, '@ANY@']));
}

/** The same value with the members of all objects in the opposite order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
