import { describe, expect, test } from 'vitest';
import { readIntrospection } from '../../spec/introspection.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import { namedIn } from './held-resources.ts';
import { comparedQueries, type Snapshot, takeSnapshot } from './snapshot.ts';
import { snapshotChange, withoutFormatFiles } from './snapshot-change.ts';

function offering(commands: Readonly<Record<string, readonly string[]>>) {
  return readIntrospection([
    ...Object.entries(commands).flatMap(([name, members]) => [
      { name, 'meta-type': 'command', 'arg-type': `${name}-arg`, 'ret-type': '0' },
      {
        name: `${name}-arg`,
        'meta-type': 'object',
        members: members.map((member) => ({ name: member, type: 'bool', default: null })),
      },
    ]),
    { name: '0', 'meta-type': 'object', members: [] },
    { name: 'bool', 'meta-type': 'builtin', 'json-type': 'boolean' },
  ]);
}

async function asked(commands: Readonly<Record<string, readonly string[]>>) {
  const sent: [string, JsonObject?][] = [];
  const query = async (...call: [string, JsonObject?]): Promise<Json> => {
    sent.push(call.filter((part) => part !== undefined) as [string, JsonObject?]);
    return [{ of: call[0] }];
  };
  return { snapshot: await takeSnapshot(query, offering(commands)), sent };
}

describe('a snapshot', () => {
  test('asks for jobs first, and for nodes without their backing images where that is offered', async () => {
    const { sent } = await asked({
      'query-named-block-nodes': ['flat'],
      'query-block': [],
      'query-jobs': [],
      'query-block-jobs': [],
    });
    expect(sent).toEqual([['query-jobs'], ['query-named-block-nodes', { flat: true }], ['query-block']]);
  });

  test('asks an older endpoint as it can be asked, and holds nothing of what that does not offer', async () => {
    const { snapshot, sent } = await asked({ 'query-named-block-nodes': [], 'query-block-jobs': [] });
    expect(sent).toEqual([['query-block-jobs'], ['query-named-block-nodes']]);
    expect(snapshot).toEqual({
      nodes: [{ of: 'query-named-block-nodes' }],
      devices: [],
      jobs: [{ of: 'query-block-jobs' }],
    });
  });

  test('names what the endpoint holds', () => {
    const nodes = [{ 'node-name': 'n', 'dirty-bitmaps': [{ name: 'b' }] }, { 'node-name': '#block1' }];
    expect(namedIn({ nodes, devices: [], jobs: [{ id: 'j' }, { device: 'k' }] })).toEqual({
      nodes: ['n', '#block1'],
      jobs: ['j', 'k'],
      bitmaps: ['n/b'],
    });
  });
});

test('endpoints are compared by the queries that all of them offer', () => {
  const [left, right] = [
    offering({ 'query-block': [], 'query-jobs': [], 'query-version': [] }),
    offering({ 'query-block': [], 'query-block-jobs': [], 'query-version': [] }),
  ];
  expect(comparedQueries([left, right])).toEqual([{ command: 'query-block' }]);
});

describe('a change between two snapshots', () => {
  const snapshot = (nodes: Json): Snapshot => ({ nodes, devices: [], jobs: [] });

  test('is told with its path; what is absent is null', () => {
    const [before, after] = [snapshot([{ 'node-name': 'n', ro: true }]), snapshot([{ 'node-name': 'n' }])];
    expect(snapshotChange(before, after)).toEqual({ path: '$.nodes[0].ro', expected: true, got: null });
    expect(snapshotChange(before, before)).toBeNull();
  });

  test('is told by names where one has gone', () => {
    const before = snapshot([{ 'node-name': 'a' }, { 'node-name': 'b' }]);
    expect(snapshotChange(before, snapshot([{ 'node-name': 'b' }]))).toEqual({
      path: '$.nodes',
      expected: ['a', 'b'],
      got: ['b'],
    });
  });

  test('is none where the host decides, or a format how much of its file it takes', () => {
    const file = (size: number, occupied: number): Json => ({
      'node-name': 'f',
      drv: 'file',
      file: '/x',
      image: { 'virtual-size': size, 'actual-size': occupied },
    });
    const format: Json = { 'node-name': 'q', drv: 'qcow2', file: '/x' };
    const [before, after] = [snapshot([file(1, 1), format]), snapshot([file(2, 2), format])];
    expect(snapshotChange(before, after)?.path).toBe('$.nodes[0].image.virtual-size');
    expect(snapshotChange(withoutFormatFiles(before), withoutFormatFiles(after))).toBeNull();
    expect(snapshotChange(snapshot([file(1, 1)]), snapshot([file(1, 2)]))).toBeNull();
  });
});
