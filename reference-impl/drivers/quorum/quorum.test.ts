import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { addChild, removeChild } from '../../graph/change-children.ts';
import type { Node } from '../../graph/node.ts';
import type { NodeGraph } from '../../graph/node-graph.ts';
import { openNode } from '../../graph/open.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { testGraph, testServices } from '../../testing/test-services.ts';
import { versionsOf, winnerOf } from './votes.ts';

const SIZE = 16 * 1024;

async function makeFile(folder: string, name: string, contents: Buffer): Promise<JsonObject> {
  const filename = join(folder, name);
  await writeFile(filename, contents);
  return { driver: 'file', filename };
}

const settings: JsonObject[] = [
  { 'vote-threshold': 2 },
  { 'vote-threshold': 1, 'read-pattern': 'fifo' },
  { 'vote-threshold': 3, 'rewrite-corrupted': true },
];
for (const options of settings)
  driverContract({
    name: `quorum ${JSON.stringify(options)}`,
    make: async (folder, size) => {
      const children: JsonObject[] = [];
      for (const name of ['a', 'b', 'c']) children.push(await makeFile(folder, name, Buffer.alloc(size)));
      return { driver: 'quorum', ...options, children };
    },
    keepsData: true,
    resizes: false,
    grows: true,
  });

describe('votes', () => {
  const tally = (answers: readonly number[]) =>
    winnerOf(versionsOf(answers.entries(), (a, b) => a === b)).value;

  test('the most frequent answer wins, among equals the one that came last', () => {
    expect(tally([1, 2, 2])).toBe(2);
    expect(tally([1, 1, 2])).toBe(1);
    expect(tally([1, 2])).toBe(2);
    expect(tally([28, 5, 5, 28])).toBe(5);
  });

  test('no answer has more votes than the winner, and all voters are counted', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1 }), (answers) => {
        const versions = versionsOf(answers.entries(), (a, b) => a === b);
        const winner = winnerOf(versions);
        expect(versions.flatMap(({ voters }) => voters).toSorted((a, b) => a - b)).toEqual([
          ...answers.keys(),
        ]);
        expect(Math.max(...versions.map(({ voters }) => voters.length))).toBe(winner.voters.length);
      }),
    );
  });
});

describe('quorum', () => {
  let folder: string;
  let graph: NodeGraph;
  let events: [event: string, data: JsonObject | undefined][];
  let log: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qmpcheck-quorum-'));
    events = [];
    log = [];
    graph = testGraph({
      ...testServices(folder),
      emit: (event, data) => void events.push([event, data]),
      log: (line) => void log.push(line),
      abort: (line) => void log.push(`aborted: ${line}`),
    });
  });

  afterEach(async () => {
    for (;;) {
      const node = graph.nodes.find((candidate) => candidate.parents.length === 0);
      if (!node) break;
      await graph.release(node);
    }
    await rm(folder, { recursive: true });
  });

  const open = (children: readonly (JsonObject | string)[], options: JsonObject = {}): Promise<Node> =>
    openNode(graph, {
      driver: 'quorum',
      'node-name': 'q',
      'vote-threshold': 2,
      children: [...children],
      ...options,
    });

  /** A child `c<index>` full of a byte; with an event, requests after it fail. */
  const child = async (index: number, fill: number, event?: string, errno?: number): Promise<JsonObject> => {
    const file = await makeFile(folder, `${index}.img`, Buffer.alloc(SIZE, fill));
    const name = { 'node-name': `c${index}` };
    if (event === undefined) return { ...file, ...name };
    const inject = { event, ...(errno === undefined ? {} : { errno }) };
    return {
      driver: 'raw',
      ...name,
      file: { driver: 'blkdebug', image: file, 'inject-error': [inject] },
    };
  };

  const contents = (index: number) => readFile(join(folder, `${index}.img`));
  const bad = (index: number, type: string, error?: string, sectors = [0, 8]) => [
    'QUORUM_REPORT_BAD',
    {
      type,
      ...(error === undefined ? {} : { error }),
      'node-name': `c${index}`,
      'sector-num': sectors[0],
      'sectors-count': sectors[1],
    },
  ];
  const failure = ['QUORUM_FAILURE', { reference: 'q', 'sector-num': 0, 'sectors-count': 8 }];
  const read = async (node: Node): Promise<number> => {
    const buffer = new Uint8Array(4096);
    await node.io.read(0, buffer);
    expect(new Set(buffer).size).toBe(1);
    return buffer[0]!;
  };
  const write = (node: Node) => node.io.write(0, new Uint8Array(4096).fill(9));

  describe('reads', () => {
    test('give what most children have, and report the others', async () => {
      const node = await open([await child(0, 1), await child(1, 1), await child(2, 2)]);
      expect(await read(node)).toBe(1);
      expect(events).toEqual([bad(2, 'read')]);
      expect((await contents(2))[0]).toBe(2);
    });

    test('tell in events which sectors they touch', async () => {
      const node = await open([await child(0, 1), await child(1, 1), await child(2, 2)]);
      await node.io.read(1000, new Uint8Array(3000));
      expect(events).toEqual([bad(2, 'read', undefined, [1, 7])]);
    });

    test('fail when too few agree', async () => {
      const node = await open([await child(0, 1), await child(1, 2), await child(2, 3)]);
      await expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
      expect(events).toEqual([failure]);
    });

    test('rewrite what was outvoted, if they shall', async () => {
      const children = [await child(0, 1), await child(1, 1), await child(2, 2)];
      const node = await open(children, { 'rewrite-corrupted': true });
      expect(await read(node)).toBe(1);
      expect(await contents(2)).toEqual(Buffer.concat([Buffer.alloc(4096, 1), Buffer.alloc(SIZE - 4096, 2)]));
      events.length = 0;
      expect(await read(node)).toBe(1);
      expect(events).toEqual([]);
    });

    test('do without a child that fails', async () => {
      const node = await open([await child(0, 1), await child(1, 1), await child(2, 1, 'read_aio')]);
      expect(await read(node)).toBe(1);
      expect(events).toEqual([bad(2, 'read', 'Input/output error')]);
    });

    test('fail as most children do when too few work', async () => {
      const node = await open([
        await child(0, 1, 'read_aio', 28),
        await child(1, 1, 'read_aio', 5),
        await child(2, 1, 'read_aio', 5),
      ]);
      await expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
      expect(events).toEqual([
        bad(0, 'read', 'No space left on device'),
        bad(1, 'read', 'Input/output error'),
        bad(2, 'read', 'Input/output error'),
        failure,
      ]);
    });

    test('in the order of the children take the first that works', async () => {
      const fifo = { 'read-pattern': 'fifo' };
      const node = await open([await child(0, 1, 'read_aio'), await child(1, 2), await child(2, 3)], fifo);
      expect(await read(node)).toBe(2);
      expect(events).toEqual([bad(0, 'read', 'Input/output error')]);
    });

    test('in the order of the children fail as the last child does', async () => {
      const fifo = { 'read-pattern': 'fifo' };
      const node = await open([await child(0, 1, 'read_aio', 5), await child(1, 1, 'read_aio', 28)], fifo);
      await expect(read(node)).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(events).toHaveLength(2);
    });
  });

  describe('writes', () => {
    test('reach all children', async () => {
      const node = await open([await child(0, 1), await child(1, 2), await child(2, 3)]);
      await write(node);
      for (const index of [0, 1, 2])
        expect((await contents(index)).subarray(0, 4096)).toEqual(Buffer.alloc(4096, 9));
    });

    test('succeed when enough children take them', async () => {
      const node = await open([await child(0, 1), await child(1, 1), await child(2, 1, 'write_aio')]);
      await write(node);
      expect(events).toEqual([bad(2, 'write', 'Input/output error')]);
    });

    test('fail when too few do', async () => {
      const node = await open([
        await child(0, 1),
        await child(1, 1, 'write_aio', 5),
        await child(2, 1, 'write_aio', 28),
      ]);
      await expect(write(node)).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(events.at(-1)).toEqual(failure);
    });
  });

  describe('flushes', () => {
    test('report the children that fail, at no sector', async () => {
      const node = await open([await child(0, 1), await child(1, 1), await child(2, 1, 'flush_to_disk')]);
      await write(node);
      await node.io.flush();
      expect(events).toEqual([bad(2, 'flush', 'Input/output error', [0, 0])]);
    });

    test('fail when too few children work', async () => {
      const node = await open([await child(0, 1), await child(1, 1, 'flush_to_disk', 28)]);
      await write(node);
      await expect(node.io.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(events).toHaveLength(1);
    });
  });

  describe('blkverify', () => {
    test('ends the endpoint where two children differ', async () => {
      const node = await open([await child(0, 1), await child(1, 2)], { blkverify: true });
      await expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
      expect(log).toEqual(['aborted: quorum: offset=0 bytes=4096 contents mismatch at offset 0']);
    });

    test('is not in force for other numbers of children', async () => {
      const node = await open([await child(0, 1), await child(1, 1), await child(2, 2)], { blkverify: true });
      expect(log).toHaveLength(1);
      expect(node.filename.full()).toMatchObject({ blkverify: false });
      expect(await read(node)).toBe(1);
    });

    test('does not go with rewriting', async () => {
      await expect(
        open([await child(0, 1), await child(1, 1)], { blkverify: true, 'rewrite-corrupted': true }),
      ).rejects.toThrow('rewrite-corrupted=on cannot be used with blkverify=on');
    });
  });

  describe('options', () => {
    const refused: [threshold: number | bigint, message: string][] = [
      [0, "Parameter 'vote-threshold' expects value >= 1"],
      [-1, "Parameter 'vote-threshold' expects value >= 1"],
      [2 ** 31, "Parameter 'vote-threshold' expects value >= 1"],
      [2 ** 40, "Parameter 'vote-threshold' expects value >= 1"],
      [3, 'threshold may not exceed children count'],
    ];
    test.each(refused)('vote-threshold %d', async (threshold, message) => {
      const children = [await child(0, 1), await child(1, 1)];
      await expect(open(children, { 'vote-threshold': threshold })).rejects.toThrow(message);
    });

    test('no children', async () => {
      await expect(open([], { 'vote-threshold': 0 })).rejects.toThrow(
        'Number of provided children must be 1 or more',
      );
    });

    test('children of different lengths', async () => {
      const sized = (size: number): JsonObject => ({ driver: 'null-co', size });
      await expect(open([sized(1024), sized(2048)])).rejects.toThrow(
        'Could not refresh total sector count: Input/output error',
      );
      expect(graph.nodes).toEqual([]);
    });
  });

  describe('its children', () => {
    test('come and go, as long as there are enough; the last name is given again', async () => {
      const node = await open([await child(0, 1), await child(1, 1)]);
      const extra = await openNode(graph, await child(2, 2));
      extra.giveToMonitor();
      addChild(graph, node, extra);
      expect(node.child('children.2')?.node).toBe(extra);
      await write(node);
      expect((await contents(2))[0]).toBe(9);
      expect(() => addChild(graph, node, extra)).toThrow('The node c2 already has a parent');

      await removeChild(graph, node.child('children.2')!);
      addChild(graph, node, extra);
      await removeChild(graph, node.child('children.0')!);
      expect(node.children.map(({ name }) => name)).toEqual(['children.1', 'children.2']);
      expect(await read(node)).toBe(9);
      await expect(removeChild(graph, node.child('children.1')!)).rejects.toThrow(
        'The number of children cannot be lower than the vote threshold 2',
      );
    });

    test('come and go also while they verify each other', async () => {
      const node = await open([await child(0, 1), await child(1, 1)], { blkverify: true });
      const added = async (index: number, fill: number) =>
        openNode(graph, await child(index, fill)).then((extra) => addChild(graph, node, extra));
      await added(2, 1);
      expect(node.children.map(({ name }) => name)).toEqual(['children.0', 'children.1', 'children.2']);
      expect(await read(node)).toBe(1);
      await removeChild(graph, node.child('children.1')!);
      expect(node.children.map(({ name }) => name)).toEqual(['children.0', 'children.2']);
      await expect(removeChild(graph, node.child('children.2')!)).rejects.toThrow(
        'The number of children cannot be lower than the vote threshold 2',
      );
      await added(3, 2);
      await expect(read(node)).rejects.toThrow('Input/output error');
      expect(log).toEqual([expect.stringMatching(/^aborted: .*contents mismatch at offset 0$/)]);
    });
  });
});
