/** Our client on other people's servers. */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import type { Node } from '../../graph/node.ts';
import type { NodeGraph } from '../../graph/node-graph.ts';
import { openNode } from '../../graph/open.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, startServer, stopServer, whyMissing } from '../../testing/external-programs.ts';
import { testGraph, testServices } from '../../testing/test-services.ts';

const MiB = 1 << 20;
const servers: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(stopServer));
});

/** Serves the socket `nbd.sock` of the folder; the options of a client of it. */
async function serve(folder: string, program: string, ...args: string[]): Promise<JsonObject> {
  const path = join(folder, 'nbd.sock');
  servers.push(await startServer(path, program, ...args.map((word) => word.replace('@SOCKET@', path))));
  return { driver: 'nbd', server: { type: 'unix', path } };
}

const qemuNbd = (folder: string, ...more: string[]): Promise<JsonObject> =>
  serve(folder, 'qemu-nbd', '-t', '-f', 'raw', '-e', '8', '-k', '@SOCKET@', ...more);
const nbdkit = (folder: string, ...more: string[]): Promise<JsonObject> =>
  serve(folder, 'nbdkit', '--foreground', '--exit-with-parent', '--unix', '@SOCKET@', ...more);

const withQemu = whyMissing(['qemu-nbd', 'qemu-img', 'qemu-io'], 'qemu', 'nbd');
const withNbdkit = whyMissing(['nbdkit'], 'nbd');

if (withQemu === undefined)
  driverContract({
    name: 'nbd on qemu-nbd',
    make: async (folder, size) => {
      const image = join(folder, 'served.img');
      await writeFile(image, '');
      await truncate(image, size);
      return qemuNbd(folder, image);
    },
    keepsData: true,
    resizes: false,
    grows: false,
  });
else test.skip(`nbd on qemu-nbd: ${withQemu}`);

if (withNbdkit === undefined)
  for (const filter of ['', '--filter=blocksize-policy'])
    driverContract({
      name: `nbd on nbdkit ${filter}`,
      make: (folder, size) => {
        const limits =
          filter === ''
            ? []
            : ['blocksize-minimum=4096', 'blocksize-maximum=65536', 'blocksize-error-policy=error'];
        return nbdkit(folder, ...(filter === '' ? [] : [filter]), 'memory', String(size), ...limits);
      },
      keepsData: true,
      resizes: false,
      grows: false,
    });
else test.skip(`nbd on nbdkit: ${withNbdkit}`);

describe('nbd on other servers', () => {
  let folder: string;
  let graph: NodeGraph;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qmpcheck-nbd-client-'));
    graph = testGraph(testServices(folder));
  });
  afterEach(async () => {
    for (const node of graph.nodes.slice()) await graph.release(node);
    await rm(folder, { recursive: true });
  });

  const open = (definition: JsonObject): Promise<Node> =>
    openNode(graph, { 'node-name': 'n', ...definition });

  test('what is written is in the image, and holes show', async ({ skip }) => {
    skip(withQemu !== undefined, withQemu);
    const image = join(folder, 'served.img');
    await run('qemu-img', 'create', '-q', '-f', 'raw', image, '4M');
    const node = await open(await qemuNbd(folder, image));
    await node.io.write(MiB + 100, Buffer.alloc(5000, 3), { fua: true });
    const bytes = await readFile(image);
    expect(bytes.indexOf(3)).toBe(MiB + 100);
    expect(bytes.lastIndexOf(3)).toBe(MiB + 5099);
    // The first block is data: qemu-img has probed with it for what the host can do.
    expect(await node.io.blockStatus(4096, 4 * MiB)).toMatchObject({ length: MiB - 4096, zero: true });
    expect(await node.io.blockStatus(MiB, 8192)).toMatchObject({
      length: 8192,
      zero: false,
      allocated: true,
    });
  });

  test('the server goes away: what is in flight fails, and what comes later', async ({ skip }) => {
    skip(withNbdkit !== undefined, withNbdkit);
    const node = await open(await nbdkit(folder, '--filter=delay', 'memory', '1M', 'rdelay=3600'));
    const buffer = Buffer.alloc(512);
    const inFlight = expect(node.io.read(0, buffer)).rejects.toMatchObject({ code: 'EIO' });
    await node.io.write(4096, Buffer.alloc(512, 1));
    await stopServer(servers.pop()!);
    await inFlight;
    await expect(node.io.read(0, buffer)).rejects.toMatchObject({ code: 'EIO' });
  });

  test.for(['EPERM', 'EIO', 'ENOMEM', 'ENOSPC'])('a request that fails with %s', async (code, { skip }) => {
    skip(withNbdkit !== undefined, withNbdkit);
    const node = await open(
      await nbdkit(folder, '--filter=error', 'memory', '1M', `error=${code}`, 'error-rate=100%'),
    );
    await expect(node.io.read(0, Buffer.alloc(512))).rejects.toMatchObject({ code });
  });

  test('a server without structured replies', async ({ skip }) => {
    skip(withNbdkit !== undefined, withNbdkit);
    const node = await open(
      await nbdkit(folder, '--no-sr', 'pattern', '1M', '--read-only').then((options) => ({
        ...options,
        'read-only': true,
      })),
    );
    const buffer = Buffer.alloc(16);
    await node.io.read(800, buffer);
    expect(buffer.readBigUInt64BE(0)).toBe(800n);
    expect(buffer.readBigUInt64BE(8)).toBe(808n);
  });

  test('a server without fixed newstyle', async ({ skip }) => {
    skip(withNbdkit !== undefined, withNbdkit);
    const definition = await nbdkit(folder, '--mask-handshake=0', 'memory', '1M');
    const node = await open(definition);
    await node.io.write(0, Buffer.alloc(512, 4));
    const buffer = Buffer.alloc(512);
    await node.io.read(0, buffer);
    expect(buffer.every((byte) => byte === 4)).toBe(true);
  });

  test('holes come without their zeroes', async ({ skip }) => {
    skip(withNbdkit !== undefined, withNbdkit);
    const node = await open(await nbdkit(folder, 'memory', '8G'));
    const buffer = Buffer.alloc(64 * MiB, 9);
    await node.io.read(MiB, buffer);
    expect(buffer.includes(9)).toBe(false);
    expect(await node.io.blockStatus(0, 2 ** 33)).toMatchObject({ zero: true });
  });

  test('zeroes of more than 4 GiB', async ({ skip }) => {
    skip(withNbdkit !== undefined, withNbdkit);
    const node = await open(await nbdkit(folder, 'memory', '8G'));
    await node.io.write(5 * 2 ** 30, Buffer.alloc(512, 1));
    await node.io.writeZeroes(512, 6 * 2 ** 30, { mayUnmap: true });
    const buffer = Buffer.alloc(512, 9);
    await node.io.read(5 * 2 ** 30, buffer);
    expect(buffer.some((byte) => byte !== 0)).toBe(false);
  });
});
