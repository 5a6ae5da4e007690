/** Our initiator on Debian's tgt, and QEMU's beside it on the same units. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { NodeGraph } from '../../graph/node-graph.ts';
import { openNode } from '../../graph/open.ts';
import { realClock } from '../../host/clock.ts';
import type { Secret } from '../../objects/objects.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { testGraph, testServices } from '../../testing/test-services.ts';
import {
  ACCOUNT,
  LOCKED_TARGET,
  OPEN_TARGET,
  type TgtServer,
  tgtServer,
  whyNoTgt,
} from '../../testing/tgt-server.ts';

const KiB = 1024;
const MiB = 1 << 20;

const withTgt = whyNoTgt();
const withQemu = withTgt ?? whyMissing(['qemu-img', 'qemu-io'], 'qemu');

const at = ({ portal }: TgtServer, more: JsonObject): JsonObject => ({
  driver: 'iscsi',
  transport: 'tcp',
  portal,
  target: OPEN_TARGET,
  ...more,
});

describe.skipIf(withTgt !== undefined)(`iscsi on tgt${withTgt === undefined ? '' : `: ${withTgt}`}`, () => {
  let folder: string;
  let server: TgtServer;
  let graph: NodeGraph;
  let lun = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qmpcheck-tgt-'));
    server = await tgtServer(folder);
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    graph = testGraph(testServices(folder, realClock()));
  });
  afterEach(async () => {
    for (const node of graph.nodes.slice()) await graph.release(node);
  });

  /** A new unit, and the file that holds it. */
  async function unit(size: number, more: { params?: string; blockSize?: number; locked?: boolean } = {}) {
    lun += 1;
    return { lun, file: await server.addUnit({ lun, size, ...more }) };
  }

  for (const [name, more] of Object.entries({
    thick: {},
    thin: { params: 'thin_provisioning=1' },
    'blocks of 4096 bytes': { blockSize: 4096 },
  }))
    driverContract({
      name: `iscsi on tgt, ${name}`,
      make: async (_folder, size) => {
        const made = await unit(size, more);
        return { ...at(server, { lun: made.lun }), 'node-name': 'disk' };
      },
      keepsData: true,
      resizes: false,
      grows: false,
    });

  test('units that it has and others', async () => {
    const open = (more: JsonObject) => openNode(graph, at(server, more));
    await expect(open({ lun: 200 })).rejects.toThrow('LOGICAL_UNIT_NOT_SUPPORTED(0x2500)');
    await expect(open({ target: 'iqn.none' })).rejects.toThrow('Target not found(515)');
    const controller = await open({ lun: 0 });
    expect(controller.io.length()).toBe(0);
  });

  test('a password', async () => {
    const { lun: locked } = await unit(MiB, { locked: true });
    const open = (more: JsonObject) =>
      openNode(graph, at(server, { lun: locked, target: LOCKED_TARGET, ...more }));
    const refusal =
      'iSCSI: Failed to connect to LUN : Failed to log in to target. Status: Authentication failure(513)';
    const { objects } = graph.services;
    const secret = (id: string, data: string): void =>
      objects.add(id, { type: 'secret', data: Buffer.from(data) } as Secret);
    secret('pw', ACCOUNT.password);
    secret('wrong', 'barley-barley');
    await expect(open({})).rejects.toThrow(refusal);
    await expect(open({ user: ACCOUNT.user, 'password-secret': 'wrong' })).rejects.toThrow(refusal);
    await expect(open({ user: 'jim', 'password-secret': 'pw' })).rejects.toThrow(refusal);
    const node = await open({ user: ACCOUNT.user, 'password-secret': 'pw' });
    expect(node.io.length()).toBe(MiB);
  });

  test('a write-protected unit', async () => {
    const { lun: readOnly } = await unit(MiB, { params: 'readonly=1' });
    await expect(openNode(graph, at(server, { lun: readOnly }))).rejects.toThrow('LUN is write protected');
    const node = await openNode(graph, at(server, { lun: readOnly, 'read-only': true }));
    await node.io.read(0, Buffer.alloc(512));
  });

  test('what is discarded of a thin unit takes no room', async () => {
    const { lun: thin, file } = await unit(4 * MiB, { params: 'thin_provisioning=1' });
    const node = await openNode(graph, at(server, { lun: thin, discard: 'unmap' }));
    await node.io.write(0, Buffer.alloc(4 * MiB, 1));
    await node.io.flush();
    const full = await stat(file);
    await node.io.discard(MiB, 2 * MiB);
    const left = await stat(file);
    expect((full.blocks - left.blocks) * 512).toBe(2 * MiB);
    const buffer = Buffer.alloc(2 * MiB, 9);
    await node.io.read(MiB, buffer);
    expect(buffer.every((byte) => byte === 0)).toBe(true);
  });

  test('killed in mid-transfer and started again, it is asked again for what it owes', async () => {
    const { lun: own } = await unit(16 * MiB);
    const node = await openNode(graph, at(server, { lun: own }));
    await node.io.write(0, Buffer.alloc(512, 3));
    await node.io.flush();
    const reads = Promise.all(Array.from({ length: 16 }, (_, i) => node.io.read(i * MiB, Buffer.alloc(MiB))));
    reads.catch(() => {});
    await server.kill();
    await server.startAgain();
    await reads;
    const buffer = Buffer.alloc(512);
    await node.io.read(0, buffer);
    expect(buffer[0]).toBe(3);
  });

  describe.skipIf(withQemu !== undefined)(
    `with QEMU beside it${withQemu === undefined ? '' : `: ${withQemu}`}`,
    () => {
      const url = (of: number): string => `iscsi://${server.portal}/${OPEN_TARGET}/${of}`;

      test.each([
        ['thick', {}],
        ['thin', { params: 'thin_provisioning=1' }],
        ['of blocks of 4096 bytes', { blockSize: 4096 }],
      ])('both see the same bytes of a unit that is %s', async (_name, more) => {
        const { lun: own, file } = await unit(4 * MiB, more);
        const random = new Random(7);
        const bytes = Buffer.from(Uint8Array.from({ length: 300 * KiB }, () => random.uint32()));
        const node = await openNode(graph, at(server, { lun: own, discard: 'unmap' }));
        await node.io.write(1000, bytes);
        await node.io.writeZeroes(100_000, 50_000, { mayUnmap: true });
        await node.io.discard(128 * KiB, 64 * KiB);
        await node.io.flush();
        const copy = join(folder, 'copy.img');
        await run('qemu-img', 'convert', '-f', 'raw', '-O', 'raw', url(own), copy);
        const seen = Buffer.alloc(4 * MiB);
        await node.io.read(0, seen);
        expect(seen.equals(await readFile(copy))).toBe(true);
        expect(seen.equals(await readFile(file))).toBe(true);
        const commands = ['write -P 7 3000 100000', 'write -z -u 1M 1M', 'write -P 9 3M 300k'];
        await run('qemu-io', '-f', 'raw', ...commands.flatMap((command) => ['-c', command]), url(own));
        await node.io.read(0, seen);
        expect(seen.equals(await readFile(file))).toBe(true);
        expect([seen[3000], seen[102_999], seen[MiB], seen[3 * MiB]]).toEqual([7, 7, 0, 9]);
      });

      test('an image inside a unit', async () => {
        const { lun: own } = await unit(8 * MiB);
        await run('qemu-img', 'create', '-f', 'qcow2', url(own), '4M');
        const node = await openNode(graph, { driver: 'qcow2', file: at(server, { lun: own }) });
        await node.io.write(70_000, Buffer.alloc(200_000, 5));
        await graph.release(node);
        await run('qemu-img', 'check', url(own));
        await run('qemu-io', '-c', 'read -P 5 70000 200000', '-c', 'read -P 0 0 70000', url(own));
      });
    },
  );
});
