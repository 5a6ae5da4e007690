/** The filters that pass requests on to one child or two: `throttle`, `blkverify`, `replication`; and `host_device`. */
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { protocolOf } from '../graph/definition.ts';
import { DriverTable } from '../graph/driver-table.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import type { Services } from '../services/services.ts';
import { driverContract } from '../testing/driver-contract.ts';
import { ManualClock, testGraph, testServices } from '../testing/test-services.ts';
import { throttleConfig } from '../throttle/throttle-config.ts';
import { drivers } from './index.ts';

const SIZE = 64 * 1024;

async function makeFile(folder: string, size: number, name = 'disk.img'): Promise<JsonObject> {
  const filename = join(folder, name);
  await writeFile(filename, '');
  await truncate(filename, size);
  return { driver: 'file', filename };
}

for (const driver of ['host_device', 'host_cdrom'])
  driverContract({
    name: driver,
    make: async (folder, size) => ({ ...(await makeFile(folder, size)), driver }),
    keepsData: true,
    resizes: true,
    grows: true,
  });

driverContract({
  name: 'throttle',
  make: async (folder, size, services) => {
    services.objects.throttleGroups.create('g', services.clock, throttleConfig({}));
    return { driver: 'throttle', 'throttle-group': 'g', file: await makeFile(folder, size) };
  },
  keepsData: true,
  resizes: true,
  grows: true,
});

driverContract({
  name: 'blkverify',
  make: async (folder, size) => ({
    driver: 'blkverify',
    test: { driver: 'raw', size, file: await makeFile(folder, size, 'test.img') },
    raw: { driver: 'raw', size, file: await makeFile(folder, size, 'raw.img') },
  }),
  keepsData: true,
  resizes: false,
  grows: false,
});

describe('filters', () => {
  let folder: string;
  let clock: ManualClock;
  let graph: NodeGraph;
  let aborted: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qmpcheck-filters-'));
    clock = new ManualClock();
    aborted = [];
    const services: Services = { ...testServices(folder, clock), abort: (line) => void aborted.push(line) };
    graph = testGraph(services);
  });

  afterEach(async () => {
    for (;;) {
      const node = graph.nodes.find((candidate) => candidate.parents.length === 0);
      if (!node) break;
      await graph.release(node);
    }
    await rm(folder, { recursive: true });
  });

  const open = (options: JsonObject): Promise<Node> => openNode(graph, { 'node-name': 'top', ...options });

  /** `raw` over an image whose next requests of this kind fail. */
  const broken = async (name: string, event: string, errno: number): Promise<JsonObject> => ({
    driver: 'raw',
    file: {
      driver: 'blkdebug',
      image: await makeFile(folder, SIZE, name),
      'inject-error': [{ event, errno }],
    },
  });

  describe('throttle', () => {
    const throttled = async (limits: Record<string, number>): Promise<Node> => {
      graph.services.objects.throttleGroups.create('g', clock, throttleConfig(limits));
      return open({ driver: 'throttle', 'throttle-group': 'g', file: await makeFile(folder, SIZE) });
    };
    const idle = () => graph.services.hostWork.idle();

    test('lets requests wait, of which none counts as work in progress', async () => {
      const node = await throttled({ 'iops-total': 10 });
      let done = 0;
      for (let i = 0; i < 4; i++)
        void node.io.read(i * 512, new Uint8Array(512)).then(() => {
          done += 1;
        });
      await idle();
      const atOnce = done;
      expect(atOnce).toBeLessThan(4);
      for (let i = 0; i < 10; i++) {
        clock.advance(100_000_000n);
        await idle();
      }
      expect(done).toBe(4);
    });

    test('is drained before it closes', async () => {
      const node = await throttled({ 'bps-write': 1 });
      const writes = [1, 2, 3].map((fill) => node.io.write(fill * 512, new Uint8Array(512).fill(fill)));
      await graph.release(node);
      await Promise.all(writes);
      expect((await readFile(join(folder, 'disk.img')))[3 * 512]).toBe(3);
      expect(graph.services.objects.throttleGroups.find('g')?.inUse).toBe(false);
    });

    test('is told which group there is not', async () => {
      const definition = { driver: 'throttle', 'throttle-group': 'no', file: { driver: 'null-co' } };
      await expect(open(definition)).rejects.toThrow("Throttle group 'no' does not exist");
      expect(graph.nodes).toEqual([]);
    });
  });

  describe('blkverify', () => {
    test('writes both images', async () => {
      const node = await open({
        driver: 'blkverify',
        test: await makeFile(folder, SIZE, 'a.img'),
        raw: await makeFile(folder, SIZE, 'b.img'),
      });
      expect(node.filename.plain).toBe(`blkverify:${folder}/b.img:${folder}/a.img`);
      await node.io.write(700, new Uint8Array(900).fill(5));
      for (const name of ['a.img', 'b.img'])
        expect((await readFile(join(folder, name))).subarray(700, 1600)).toEqual(Buffer.alloc(900, 5));
    });

    test('ends the endpoint where contents differ', async () => {
      const node = await open({
        driver: 'blkverify',
        test: await makeFile(folder, SIZE, 'a.img'),
        raw: await makeFile(folder, SIZE, 'b.img'),
      });
      await writeFile(join(folder, 'b.img'), Buffer.alloc(SIZE).fill(7, 1000, 1003));
      await node.io.read(2048, new Uint8Array(512));
      expect(aborted).toEqual([]);
      await expect(node.io.read(512, new Uint8Array(1024))).rejects.toMatchObject({ code: 'EIO' });
      expect(aborted).toEqual(['blkverify: read offset=512 bytes=1024 contents mismatch at offset 1000']);
    });

    test('passes an error on that both have, and ends the endpoint if only one has it', async () => {
      const both = await open({
        driver: 'blkverify',
        test: await broken('a.img', 'write_aio', 28),
        raw: await broken('b.img', 'write_aio', 28),
      });
      await expect(both.io.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(aborted).toEqual([]);
      const one = await open({
        'node-name': 'one',
        driver: 'blkverify',
        test: await broken('c.img', 'write_aio', 28),
        raw: await makeFile(folder, SIZE, 'd.img'),
      });
      await expect(one.io.write(0, new Uint8Array(4096))).rejects.toMatchObject({ code: 'EIO' });
      expect(aborted).toEqual(['blkverify: write offset=0 bytes=4096 return value mismatch -28 != 0']);
    });
  });

  describe('replication', () => {
    const sides: [JsonObject, string | undefined][] = [
      [{ mode: 'secondary' }, 'Missing the option top-id'],
      [{ mode: 'primary', 'top-id': 'x' }, 'The primary side does not support option top-id'],
      [{ mode: 'primary' }, undefined],
      [{ mode: 'secondary', 'top-id': 'x' }, undefined],
    ];
    test.each(sides)('%o', async (options, refusal) => {
      const opening = open({ driver: 'replication', ...options, file: await makeFile(folder, SIZE) });
      if (refusal !== undefined) {
        await expect(opening).rejects.toThrow(refusal);
        return;
      }
      const node = await opening;
      expect(node.io.length()).toBe(SIZE);
      await expect(node.io.read(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'EIO' });
      await expect(node.io.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'EIO' });
    });
  });
});

describe('file names of filters', () => {
  const names: [string, JsonObject][] = [
    ['blkdebug:c:x', { driver: 'blkdebug', config: 'c', image: { driver: 'file', filename: 'x' } }],
    [
      'blkdebug::blkdebug:c:x',
      {
        driver: 'blkdebug',
        image: { driver: 'blkdebug', config: 'c', image: { driver: 'file', filename: 'x' } },
      },
    ],
    [
      'blkverify:a:b',
      {
        driver: 'blkverify',
        raw: { driver: 'file', filename: 'a' },
        test: { file: { driver: 'file', filename: 'b' } },
      },
    ],
  ];
  test.each(names)('%s', (name, definition) => {
    expect(protocolOf(new DriverTable(drivers), name)).toEqual(definition);
  });

  test.each([
    ['blkdebug:x', 'blkdebug requires both config file and image path'],
    ['blkverify:x', 'blkverify requires raw copy and original image path'],
    ['blkdebug:::x', "Unknown protocol ''"],
  ])('%s is refused', (name, message) => {
    expect(() => protocolOf(new DriverTable(drivers), name)).toThrow(message);
  });
});
