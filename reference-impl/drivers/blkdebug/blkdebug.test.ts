import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { nodeOptions } from '../../graph/common-options.ts';
import { Node, NodeChild } from '../../graph/node.ts';
import type { NodeGraph } from '../../graph/node-graph.ts';
import { openNode } from '../../graph/open.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { MemoryDisk, testEnvironment, testGraph, testServices } from '../../testing/test-services.ts';
import type { DriverState } from '../driver.ts';
import { Rules } from './blkdebug-rules.ts';
import { blkdebug } from './index.ts';

const SIZE = 64 * 1024;

async function makeFile(folder: string, size: number): Promise<JsonObject> {
  const filename = join(folder, 'disk.img');
  await writeFile(filename, '');
  await truncate(filename, size);
  return { driver: 'file', filename };
}

const restrictions: JsonObject[] = [
  {},
  { align: 4096 },
  { 'max-transfer': 1024, align: 512 },
  {
    align: 512,
    'opt-write-zero': 8192,
    'max-write-zero': 16384,
    'opt-discard': 4096,
    'max-discard': 12288,
  },
];
for (const options of restrictions)
  driverContract({
    name: `blkdebug ${JSON.stringify(options)}`,
    make: async (folder, size) => ({ driver: 'blkdebug', ...options, image: await makeFile(folder, size) }),
    keepsData: true,
    resizes: true,
    grows: true,
  });

describe('blkdebug: rules', () => {
  const rule = {
    event: 'read_aio',
    state: 0,
    errno: 28,
    sector: -1,
    once: false,
  } as const;

  test('strike all requests after their event', () => {
    const rules = new Rules([rule], []);
    rules.strike(0, 512);
    rules.event('write_aio');
    rules.strike(0, 512);
    rules.event('read_aio');
    for (let i = 0; i < 2; i++) expect(() => rules.strike(0, 512)).toThrow('No space left on device');
    expect(() => rules.strike()).toThrow('No space left on device');
  });

  test('of a later event take the place of earlier ones', () => {
    const rules = new Rules([rule, { ...rule, event: 'write_aio', errno: 5 }], []);
    rules.event('read_aio');
    rules.event('flush_to_disk');
    expect(() => rules.strike(0, 512)).toThrow('No space left on device');
    rules.event('write_aio');
    expect(() => rules.strike(0, 512)).toThrow('Input/output error');
  });

  test('that strike once are gone then, the first given first', () => {
    const rules = new Rules(
      [
        { ...rule, once: true },
        { ...rule, errno: 1, once: true },
      ],
      [],
    );
    rules.event('read_aio');
    expect(() => rules.strike(0, 512)).toThrow('No space left on device');
    rules.event('read_aio');
    expect(() => rules.strike(0, 512)).toThrow('Operation not permitted');
    rules.event('read_aio');
    rules.strike(0, 512);
  });

  test('for a sector strike only what touches it', () => {
    const rules = new Rules([{ ...rule, sector: 2 }], []);
    rules.event('read_aio');
    rules.strike(0, 1024);
    rules.strike(1536, 4096);
    rules.strike();
    expect(() => rules.strike(1024, 512)).toThrow('No space left on device');
    expect(() => rules.strike(0, 4096)).toThrow('No space left on device');
  });

  test('see the state from before the event', () => {
    const changes = [
      { event: 'read_aio', state: 1, newState: 2 },
      { event: 'read_aio', state: 2, newState: 3 },
    ] as const;
    const rules = new Rules([{ ...rule, state: 2 }], changes);
    rules.event('read_aio');
    rules.strike(0, 512);
    rules.event('read_aio');
    expect(() => rules.strike(0, 512)).toThrow('No space left on device');
  });

  test.each([0, -5])('with the errno %d injure nobody', (errno) => {
    const rules = new Rules([{ ...rule, errno }], []);
    rules.event('read_aio');
    rules.strike(0, 512);
  });

  test('with an errno that the host does not know say so', () => {
    const rules = new Rules([{ ...rule, errno: 99999 }], []);
    rules.event('read_aio');
    expect(() => rules.strike(0, 512)).toThrow('Unknown error 99999');
  });
});

describe('blkdebug', () => {
  let folder: string;
  let graph: NodeGraph;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qmpcheck-blkdebug-'));
    graph = testGraph(testServices(folder));
  });

  afterEach(async () => {
    for (;;) {
      const node = graph.nodes.find((candidate) => candidate.parents.length === 0);
      if (!node) break;
      await graph.release(node);
    }
    await rm(folder, { recursive: true });
  });

  /** `raw` over `blkdebug` over a file. */
  const open = async (options: JsonObject): Promise<Node> =>
    openNode(graph, {
      driver: 'raw',
      discard: 'unmap',
      file: { driver: 'blkdebug', 'node-name': 'debug', image: await makeFile(folder, SIZE), ...options },
    });

  /** The refusal of a configuration file, if it is refused. */
  const refusalOf = async (config: string): Promise<string | undefined> => {
    await writeFile(join(folder, 'rules.conf'), config);
    try {
      await graph.release(await open({ config: 'rules.conf' }));
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(CommandError);
      return (error as Error).message;
    }
  };

  const data = (fill: number) => new Uint8Array(512).fill(fill);

  test('breaks what its parent does after an event', async () => {
    const node = await open({ 'inject-error': [{ event: 'write_aio', errno: 28, once: true }] });
    await node.io.read(0, data(0));
    await expect(node.io.write(0, data(1))).rejects.toMatchObject({ code: 'ENOSPC' });
    await node.io.write(0, data(1));
  });

  test.each(['flush_to_os', 'flush_to_disk'])('breaks flushes after %s', async (event) => {
    const node = await open({ 'inject-error': [{ event }] });
    await node.io.write(0, data(1));
    await expect(node.io.flush()).rejects.toMatchObject({ code: 'EIO' });
  });

  const ownEvents: [event: string, request: (node: Node) => Promise<void>, align: number][] = [
    ['pwritev', (node) => node.io.write(0, data(1)), 512],
    ['pwritev_zero', (node) => node.io.writeZeroes(0, 512), 512],
    ['pwritev_rmw_head', (node) => node.io.write(512, data(1)), 4096],
    ['pwritev_rmw_after_head', (node) => node.io.write(512, data(1)), 4096],
    ['pwritev_rmw_tail', (node) => node.io.write(0, data(1)), 4096],
    ['pwritev_rmw_after_tail', (node) => node.io.write(0, data(1)), 4096],
  ];
  test.each(ownEvents)('meets %s in the requests to itself', async (event, request, align) => {
    const node = await open({ align, 'inject-error': [{ event, errno: 28 }] });
    await node.io.read(0, data(0));
    await expect(request(node)).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test('meets pwritev_done when the write is over', async () => {
    const node = await open({ 'inject-error': [{ event: 'pwritev_done' }] });
    await node.io.write(0, data(1));
    await expect(node.io.read(0, data(0))).rejects.toMatchObject({ code: 'EIO' });
  });

  test('takes rules from a file and from options alike', async () => {
    const config = '# rules\n\n[inject-error "first"]\n  event = "read_aio"\nstate = "2"\nerrno = "28"\n';
    await writeFile(join(folder, 'rules.conf'), config);
    const node = await open({ config: 'rules.conf', 'set-state': [{ event: 'write_aio', new_state: 2 }] });
    await node.io.read(0, data(0));
    await node.io.write(0, data(1));
    await expect(node.io.read(0, data(0))).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  const configs: [config: string, refusal: string | undefined][] = [
    ['', undefined],
    ['[inject-error]\nevent = "read_aio"\nerrno = "-5"\nsector = "0x10"\nonce = "on"\n', undefined],
    ['[inject-error] x\nevent  =  "read_aio" y\n', undefined],
    ['[set-state]\nevent = "read_aio"\n', undefined],
    ['[inject-error]\n', 'Missing event name for rule'],
    ['[inject-error]\nevent = "nope"\n', 'invalid parameter value: nope'],
    ['[inject-error]\nevent = read_aio\n', 'invalid parameter value: '],
    ['[inject-error]\nevent="read_aio"\n', `Invalid parameter 'event="read_aio"'`],
    ['[inject-error]\nbad = "1"\n', "Invalid parameter 'bad'"],
    ['[set-state]\nerrno = "5"\n', "Invalid parameter 'errno'"],
    ['[nope]\nevent = "read_aio"\n', "There is no option group 'nope'"],
    ['[inject-error\n', "There is no option group 'inject-error\n'"],
    ['garbage\n', 'no group defined'],
    ['[inject-error]\nevent = "read_aio"\nerrno = "5k"\n', "Parameter 'errno' expects a number"],
    ['[inject-error]\nevent = "read_aio"\nonce = "maybe"\n', "Parameter 'once' expects 'on' or 'off'"],
  ];
  test.each(configs)('configuration %j', async (config, refusal) => {
    expect(await refusalOf(config)).toBe(refusal);
    expect(graph.nodes).toHaveLength(0);
  });

  test('a configuration file that is not there', async () => {
    await expect(open({ config: 'none' })).rejects.toThrow(
      'Could not read blkdebug config file: No such file or directory',
    );
  });

  test('is called by its short name where that says all', async () => {
    await writeFile(join(folder, 'c'), '');
    const node = await open({ config: 'c' });
    expect(node.child('file')!.node.filename.shown).toBe(`blkdebug:c:${folder}/disk.img`);
    await graph.release(node);
    const configured = await open({ 'inject-error': [{ event: 'read_aio', errno: 5 }] });
    expect(configured.child('file')!.node.filename.shown).toContain('"inject-error.0.errno": 5');
  });
});

/** `blkdebug` over a disk in memory. */
function openOver(disk: MemoryDisk, options: JsonObject): Promise<DriverState> {
  const node = new Node('memory', blkdebug, nodeOptions({}));
  node.opened(disk);
  const services = testServices('/');
  const edge = new NodeChild(node, node, 'image', 'filtered');
  return blkdebug.open(testEnvironment(services, options, { child: () => Promise.resolve(edge) }));
}

describe('blkdebug: limits', () => {
  const refused: [JsonObject, string][] = [
    [{ align: 3 }, 'Cannot meet constraints with align 3'],
    [{ align: 2 ** 31 }, 'Cannot meet constraints with align 2147483648'],
    [{ align: -1 }, "Value '-1' is out of range for parameter 'align'"],
    [{ 'opt-discard': -1 }, "Value '-1' is out of range for parameter 'opt-discard'"],
    [{ align: 4096, 'max-transfer': 512 }, 'Cannot meet constraints with max-transfer 512'],
    [{ 'max-transfer': 2 ** 31 - 1 }, 'Cannot meet constraints with max-transfer 2147483647'],
    [{ align: 512, 'opt-write-zero': 100 }, 'Cannot meet constraints with opt-write-zero 100'],
    [{ 'opt-write-zero': 1024, 'max-write-zero': 512 }, 'Cannot meet constraints with max-write-zero 512'],
    [{ 'opt-discard': 1024, 'max-discard': 1536 }, 'Cannot meet constraints with max-discard 1536'],
  ];
  test.each(refused)('%o are refused', async (options, message) => {
    await expect(openOver(new MemoryDisk(SIZE), options)).rejects.toThrow(message);
  });

  const taken: JsonObject[] = [
    { align: 0, 'max-transfer': 0, 'opt-discard': 0 },
    { align: 1 },
    { align: 2 ** 30 },
    { 'max-transfer': 513 },
    { 'opt-write-zero': 3, 'max-write-zero': 9 },
    { 'max-discard': 100 },
  ];
  test.each(taken)('%o are taken', async (options) => {
    await expect(openOver(new MemoryDisk(SIZE), options)).resolves.toBeDefined();
  });

  test('come in multiples of what the image is read and written in', async () => {
    const image = new MemoryDisk(SIZE, { requestAlignment: 512 });
    await expect(openOver(image, { 'max-transfer': 100 })).rejects.toThrow('Cannot meet constraints');
    const { limits } = await openOver(image, { align: 4096, 'max-transfer': 4096 });
    expect(limits).toMatchObject({ requestAlignment: 4096, maxTransfer: 4096 });
  });

  test('an error comes before the image sees the request', async () => {
    const image = new MemoryDisk(SIZE);
    const state = await openOver(image, { 'inject-error': [{ event: 'pwritev' }] });
    state.debugEvent?.('pwritev');
    await expect(state.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'EIO' });
    expect(image.log).toEqual([]);
  });
});
