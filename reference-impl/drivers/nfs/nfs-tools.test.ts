/** Our client and QEMU's on the same real server: nfs-ganesha. */
import { chmod, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { protocolOf } from '../../graph/definition.ts';
import { createNamedImage } from '../../graph/named-image.ts';
import type { Node } from '../../graph/node.ts';
import { openNode } from '../../graph/open.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { Ganesha, whyNoGanesha } from '../../testing/nfs-ganesha.ts';
import { ManualClock, testGraph, testServices } from '../../testing/test-services.ts';

const MIB = 1 << 20;
const cannotRun = await whyNoGanesha();
const withoutQemu = whyMissing(['qemu-img', 'qemu-io'], 'qemu');

/** Contents in which each sector is another. */
function sectors(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 512) bytes.fill(1 + ((at / 512) % 251), at, at + 512);
  return bytes;
}

describe.skipIf(cannotRun !== undefined)(
  `nfs-ganesha${cannotRun === undefined ? '' : `: ${cannotRun}`}`,
  () => {
    let folder: string;
    let server: Ganesha;
    const clock = new ManualClock();
    const graph = testGraph(testServices('/', clock));

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'qmpcheck-ganesha-'));
      server = await Ganesha.start(folder);
    });
    afterEach(async () => {
      for (;;) {
        const node = graph.nodes.find(({ parents }) => parents.length === 0);
        if (!node) break;
        await graph.release(node);
      }
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    });

    const at = (name: string, options: JsonObject = {}): JsonObject => ({
      driver: 'nfs',
      'node-name': 'n',
      server: { type: 'inet', host: server.host },
      path: `${server.path}/${name}`,
      ...options,
    });
    const open = (definition: JsonObject): Promise<Node> => openNode(graph, definition);
    const uri = (name: string): string => `nfs://${server.host}${server.path}/${name}`;
    const onHost = (name: string): string => join(server.path, name);
    const read = async (node: Node, offset: number, length: number): Promise<Buffer> => {
      const bytes = Buffer.alloc(length);
      await node.io.read(offset, bytes);
      return bytes;
    };

    driverContract({
      name: 'nfs on nfs-ganesha',
      make: async (_folder, size) => {
        await writeFile(onHost('contract'), '');
        await truncate(onHost('contract'), size);
        return at('contract', { 'node-name': 'disk' });
      },
      keepsData: true,
      resizes: true,
      grows: true,
    });

    test.skipIf(withoutQemu !== undefined)('what QEMU writes there is what we read there', async () => {
      await writeFile(join(folder, 'source'), sectors(5 * MIB + 512));
      await run('qemu-img', 'convert', '-f', 'raw', '-O', 'raw', join(folder, 'source'), uri('by-qemu'));
      const node = await open(at('by-qemu'));
      expect((await read(node, 0, 5 * MIB + 512)).equals(sectors(5 * MIB + 512))).toBe(true);
      expect(node.state.allocatedSize!()).toBe((await stat(onHost('by-qemu'))).blocks * 512);
    });

    test.skipIf(withoutQemu !== undefined).each(['raw', 'qcow2'])(
      'what we write there is what QEMU reads there: %s',
      async (format) => {
        const name = `by-us.${format}`;
        await createNamedImage(graph, { filename: uri(name), format, size: 4 * MIB });
        const node = await open({ driver: format, 'node-name': 'f', file: at(name) });
        await node.io.write(MIB + 100, sectors(MIB));
        await node.io.write(0, Buffer.alloc(512, 9));
        await node.io.flush();
        await graph.release(node);
        const expected = Buffer.alloc(4 * MIB).fill(9, 0, 512);
        sectors(MIB).copy(expected, MIB + 100);
        await run('qemu-img', 'convert', '-f', format, '-O', 'raw', uri(name), join(folder, 'read'));
        expect((await readFile(join(folder, 'read'))).equals(expected)).toBe(true);
        if (format === 'qcow2') await run('qemu-img', 'check', '-f', format, uri(name));
        else expect((await readFile(onHost(name))).equals(expected)).toBe(true);
        expect((await stat(onHost(name))).mode & 0o777).toBe(0o600);
      },
    );

    test('ids decide what may be opened, and links are followed', async () => {
      await writeFile(onHost('private'), sectors(4096), { mode: 0o600 });
      await writeFile(onHost('public'), sectors(4096));
      await chmod(onHost('public'), 0o644);
      await symlink('public', onHost('link'));
      await symlink(onHost('public'), onHost('whole'));
      for (const name of ['link', 'whole']) {
        const node = await open(at(name, { user: 1234, group: 1234, 'read-only': true }));
        expect((await read(node, 0, 4096)).equals(sectors(4096))).toBe(true);
        await graph.release(node);
      }
      for (const options of [{ 'read-only': true }, {}])
        await expect(open(at('private', { user: 1234, group: 1234, ...options }))).rejects.toThrow(
          'NFS: ACCESS denied.',
        );
      await expect(open(at('public', { user: 1234, group: 1234 }))).rejects.toThrow(
        'ACCESS denied. Required access rw-. Allowed access r--',
      );
    });

    test.skipIf(withoutQemu !== undefined)('what is refused is refused in the words of QEMU', async () => {
      await writeFile(onHost('shut'), sectors(4096), { mode: 0 });
      await symlink('endless', onHost('endless'));
      await symlink('/etc/hostname', onHost('outside'));
      for (const name of [
        'none',
        'none/disk',
        '../elsewhere',
        'shut?uid=1234',
        'endless',
        'outside',
        'disk?uid=x',
      ]) {
        const theirs = await run('qemu-img', 'info', uri(name)).catch(
          (error: { stderr: string }) => error.stderr,
        );
        const ours = await Promise.resolve(uri(name))
          .then((filename) => open({ ...protocolOf(graph.drivers, filename), 'read-only': true }))
          .catch((error: Error) => error.message);
        expect(theirs.trim()).toBe(`qemu-img: Could not open '${uri(name)}': ${String(ours)}`);
      }
    });

    test('a server that is killed in mid-transfer and comes back is gone on with', async () => {
      const data = sectors(48 * MIB);
      await writeFile(onHost('big'), Buffer.alloc(data.length));
      const node = await open(at('big'));
      await node.io.write(0, data.subarray(0, MIB));
      const writing = node.io.write(MIB, data.subarray(MIB));
      const advancing = setInterval(() => clock.advance(10_000_000n), 10);
      await expect
        .poll(async () => (await readFile(onHost('big'))).subarray(2 * MIB).some((byte) => byte !== 0))
        .toBe(true);
      await server.kill();
      await server.begin();
      await writing;
      await node.io.flush();
      clearInterval(advancing);
      expect((await readFile(onHost('big'))).equals(data)).toBe(true);
      expect((await read(node, 0, data.length)).equals(data)).toBe(true);
    });

    test('a file that is gone is an error', async () => {
      await writeFile(onHost('gone'), sectors(4096));
      const node = await open(at('gone', { 'read-only': true }));
      await rm(onHost('gone'));
      await expect(read(node, 0, 4096)).rejects.toMatchObject({
        code: 'EFAULT',
        cause: { message: 'NFS: Read failed with NFS3ERR_STALE(-116)' },
      });
    });
  },
);
