/** `nfs` over a true server in memory: its laws as a driver, names, options, what it asks and what it makes of answers. */
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { createImage } from '../../graph/create-image.ts';
import { createNamedImage } from '../../graph/named-image.ts';
import type { Node } from '../../graph/node.ts';
import { openNode } from '../../graph/open.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import {
  failed,
  isNfs,
  makeFile,
  makeFolder,
  makeLink,
  NfsServer,
  Status,
  whyNoNfs,
} from '../../testing/nfs-server.ts';
import { testGraph, testServices } from '../../testing/test-services.ts';
import { nfs } from './index.ts';
import { parseFilename, plainFilename } from './nfs-filename.ts';
import { NfsCall } from './nfs-protocol.ts';
import { uint32 } from './xdr.ts';

const KIB = 1024;
const SIZE = 1000 * KIB;
const cannotServe = await whyNoNfs();

const servers: NfsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(files: Parameters<typeof makeFolder>[0]): Promise<NfsServer> {
  const server = new NfsServer(makeFolder({ export: makeFolder(files) }));
  servers.push(server);
  await server.start();
  return server;
}

const at = (server: NfsServer, name: string, options: JsonObject = {}): JsonObject => ({
  driver: 'nfs',
  'node-name': 'n',
  server: { type: 'inet', host: server.host },
  path: `/export/${name}`,
  ...options,
});

const caches: readonly (readonly [name: string, options: JsonObject])[] = [
  ['nfs', {}],
  ['nfs with pages', { 'page-cache-size': 4, 'readahead-size': 16 * KIB }],
];

if (cannotServe === undefined)
  for (const [name, options] of caches)
    driverContract({
      name,
      make: async (_folder, size) =>
        at(await serve({ disk: makeFile(Buffer.alloc(size)) }), 'disk', { 'node-name': 'disk', ...options }),
      keepsData: true,
      resizes: true,
      grows: true,
    });

/** Contents in which each page is another. */
function pages(size = SIZE): Buffer {
  const bytes = Buffer.alloc(size);
  for (let page = 0; page * 4096 < size; page += 1) bytes.fill(1 + (page % 251), page * 4096);
  return bytes;
}

describe.skipIf(cannotServe !== undefined)(
  `nfs${cannotServe === undefined ? '' : `: ${cannotServe}`}`,
  () => {
    const logged: string[] = [];
    const services = { ...testServices('/'), log: (line: string) => logged.push(line) };
    const graph = testGraph(services);
    afterEach(async () => {
      for (;;) {
        const node = graph.nodes.find(({ parents }) => parents.length === 0);
        if (!node) break;
        await graph.release(node);
      }
      logged.length = 0;
    });
    const open = (definition: JsonObject): Promise<Node> => openNode(graph, definition);
    const read = async (node: Node, offset: number, length: number): Promise<Buffer> => {
      const buffer = Buffer.alloc(length, 0xee);
      await node.io.read(offset, buffer);
      return buffer;
    };

    test('a request is split by what the server takes, and its parts are in flight together', async () => {
      const data = pages();
      const server = await serve({ disk: makeFile(data) });
      const node = await open(at(server, 'disk'));
      const held: (() => void)[] = [];
      server.lies = async (call, truth) => {
        if (isNfs(call, NfsCall.read)) await new Promise<void>((go) => held.push(go));
        return truth();
      };
      const bytes = read(node, 512, 300 * KIB);
      await server.until(() => server.count(NfsCall.read) === 5);
      // The first that was asked is answered last.
      for (const go of held.toReversed()) go();
      expect((await bytes).equals(data.subarray(512, 512 + 300 * KIB))).toBe(true);
      server.lies = undefined;
      await node.io.write(100, Buffer.alloc(300 * KIB, 7));
      expect(server.count(NfsCall.write)).toBe(5);
    });

    test('what was written is stored by a flush, and written again if a restart of the server lost it', async () => {
      const file = makeFile(Buffer.alloc(SIZE));
      const server = await serve({ disk: file });
      const node = await open(at(server, 'disk'));
      await node.io.write(0, Buffer.alloc(100 * KIB, 1));
      await node.io.flush();
      const expected = Buffer.alloc(SIZE).fill(1, 0, 100 * KIB);
      expect(file.committed.equals(expected)).toBe(true);
      await node.io.write(50 * KIB, Buffer.alloc(100 * KIB, 2));
      server.loseWrites();
      expect(file.data.equals(expected)).toBe(true);
      await node.io.write(60 * KIB, Buffer.alloc(10 * KIB, 3));
      await node.io.flush();
      expected.fill(2, 50 * KIB, 150 * KIB).fill(3, 60 * KIB, 70 * KIB);
      expect(file.committed.equals(expected)).toBe(true);
      const { length } = server.calls;
      await node.io.write(0, Buffer.alloc(512, 4));
      await node.io.flush();
      expect(server.calls.slice(length).map(({ procedure }) => procedure)).toEqual([
        NfsCall.write,
        NfsCall.commit,
      ]);
    });

    test('what is not stored yet is kept up to a limit, and stored then', async () => {
      const server = await serve({ disk: makeFile(Buffer.alloc(0)) });
      const node = await open(at(server, 'disk'));
      for (let written = 0; written < 20; written += 1) await node.io.write(0, Buffer.alloc(1024 * KIB, 1));
      expect(server.count(NfsCall.commit)).toBe(2);
    });

    test('a server that writes less than it is told is told the rest', async () => {
      const file = makeFile(Buffer.alloc(4096));
      const server = await serve({ disk: file });
      const node = await open(at(server, 'disk'));
      server.lies = (call, truth) => {
        if (!isNfs(call, NfsCall.write)) return truth();
        const before = file.data;
        const results = truth();
        file.data = Buffer.from(file.data);
        const [offset, count] = [Number(call.body.readBigUInt64BE(12)), call.body.readUInt32BE(20)];
        const taken = Math.ceil(count / 2);
        before.copy(file.data, offset + taken, offset + taken);
        results.writeUInt32BE(taken, results.length - 16);
        return results;
      };
      await node.io.write(512, Buffer.from(pages(2048)).fill(9, 1000));
      expect(file.data.subarray(512, 2560).equals(Buffer.from(pages(2048)).fill(9, 1000))).toBe(true);
    });

    test('the end of the file inside the last sector: zeroes are behind it, and a write makes it longer', async () => {
      const file = makeFile(Buffer.alloc(1000, 5));
      const server = await serve({ disk: file });
      const node = await open(at(server, 'disk'));
      expect(node.io.length()).toBe(1024);
      expect(await read(node, 0, 1024)).toEqual(Buffer.concat([Buffer.alloc(1000, 5), Buffer.alloc(24)]));
      await node.io.write(4096, Buffer.alloc(512, 6));
      expect(file.data.length).toBe(4608);
      expect(await read(node, 512, 4096)).toEqual(
        Buffer.concat([Buffer.alloc(488, 5), Buffer.alloc(3096), Buffer.alloc(512, 6)]),
      );
    });

    test('the size on the host is what the server said last', async () => {
      const server = await serve({ disk: makeFile(Buffer.alloc(4096)) });
      const node = await open(at(server, 'disk'));
      expect(node.state.allocatedSize!()).toBe(4096);
      await node.io.write(0, Buffer.alloc(100 * KIB, 1));
      expect(node.state.allocatedSize!()).toBe(100 * KIB);
    });

    test('block_resize', async () => {
      const file = makeFile(pages(8192));
      const server = await serve({ disk: file });
      const node = await open(at(server, 'disk'));
      await node.truncate(4096);
      await node.truncate(1024 * KIB);
      expect(file.data.length).toBe(1024 * KIB);
      expect(file.data.subarray(4096).every((byte) => byte === 0)).toBe(true);
      server.lies = (call, truth) =>
        isNfs(call, NfsCall.setAttributes) ? failed(Status.noSpace, 2) : truth();
      await expect(node.truncate(2048 * KIB)).rejects.toMatchObject({
        name: 'CommandError',
        message: 'Failed to truncate file: No space left on device',
      });
      expect(node.io.length()).toBe(1024 * KIB);
    });

    test('it may become read-only, and not writable again', async () => {
      const server = await serve({ disk: makeFile(pages()) });
      const node = await open(at(server, 'disk'));
      await node.state.setReadOnly!(true);
      await expect(node.state.setReadOnly!(false)).rejects.toThrow(
        'Cannot open a read-only mount as read-write',
      );
    });

    test.each<[string, string, number]>([
      ['a link beside it', 'link', 1000],
      ['a link into a folder', 'deep', 2000],
      ['a link by its whole path', 'whole', 1000],
      ['a link to a link', 'twice', 1000],
      ['a file in a folder', 'sub/inner', 2000],
      ['a folder behind a link', 'folder/inner', 2000],
    ])('%s is found', async (_, name, size) => {
      const server = await serve({
        disk: makeFile(Buffer.alloc(1000)),
        sub: makeFolder({ inner: makeFile(Buffer.alloc(2000)) }),
        link: makeLink('./disk'),
        deep: makeLink('sub/../sub/inner'),
        whole: makeLink('/export/disk'),
        twice: makeLink('link'),
        folder: makeLink('sub'),
      });
      // Of these paths the last name alone is looked for by NFS: MOUNT finds the rest, but no links.
      const definition = name.startsWith('folder')
        ? { ...at(server, 'by-link'), path: '/export/by-link' }
        : at(server, name);
      if (name.startsWith('folder'))
        server.root.entries.get('export')!.entries.set('by-link', makeLink(name));
      const node = await open(definition);
      expect(node.state.length()).toBe(size);
    });

    test.each<[string, string, JsonObject, string]>([
      [
        'no such file',
        'none',
        {},
        'Failed to open file : open call failed with "NFS: Lookup of /none failed with NFS3ERR_NOENT(-2)"',
      ],
      [
        'no such folder',
        'none/disk',
        {},
        'Failed to mount nfs share: mount_cb: RPC error: Mount failed with error MNT3ERR_NOENT(2) Operation not permitted(1)',
      ],
      [
        'a file for reading only',
        'ro',
        {},
        'Failed to open file : open call failed with "NFS: ACCESS denied. Required access rw-. Allowed access r--"',
      ],
      [
        'a file for nobody',
        'shut',
        { 'read-only': true },
        'Failed to open file : open call failed with "NFS: ACCESS denied. Required access r--. Allowed access ---"',
      ],
      [
        'a loop of links',
        'loop',
        {},
        'Failed to open file : open call failed with "Too many levels of symbolic links"',
      ],
      [
        'a link out',
        'out',
        {},
        'Failed to open file : open call failed with "Symbolic link resolves to invalid path"',
      ],
      [
        'a link far out',
        'far',
        {},
        'Failed to open file : open call failed with "Symbolic link points outside export"',
      ],
      ['no folder', '', { path: 'disk' }, 'Invalid URL specified'],
      ['nothing', '', { path: '' }, 'Invalid URL specified'],
      [
        'read-ahead past the cache',
        'ro',
        { 'readahead-size': 4096, cache: { direct: true } },
        'Cannot enable NFS readahead if cache.direct = on',
      ],
      [
        'pages past the cache',
        'ro',
        { 'page-cache-size': 1, cache: { direct: true } },
        'Cannot enable NFS pagecache if cache.direct = on',
      ],
      [
        'an unknown host',
        'ro',
        { server: { type: 'inet', host: '' } },
        'Failed to mount nfs share: nfs_mount_async failed. Failed to start connection. Failed to start connection. Invalid address:. Can not resolv into IPv4/v6 structure.',
      ],
    ])('refused: %s', async (_, name, options, message) => {
      const server = await serve({
        ro: makeFile(Buffer.alloc(512), 0o444),
        shut: makeFile(Buffer.alloc(512), 0),
        loop: makeLink('loop'),
        out: makeLink('../elsewhere'),
        far: makeLink('/other/disk'),
      });
      await expect(open(at(server, name, options))).rejects.toMatchObject({ name: 'CommandError', message });
      await server.until(() => server.connections === 0);
    });

    test.each<[string, number, string]>([
      [
        'FSINFO',
        NfsCall.fsInfo,
        'Failed to mount nfs share: mount_cb: NFS: FSINFO of /export failed with NFS3ERR_IO(-5)',
      ],
      [
        'LOOKUP',
        NfsCall.lookup,
        'Failed to open file : open call failed with "NFS: Lookup of /disk failed with NFS3ERR_IO(-5)"',
      ],
      [
        'ACCESS',
        NfsCall.access,
        'Failed to open file : open call failed with "NFS: ACCESS of /disk failed with NFS3ERR_IO(-5)"',
      ],
    ])('refused: the server fails %s', async (_, procedure, message) => {
      const server = await serve({ disk: makeFile(Buffer.alloc(512)) });
      server.lies = (call, truth) => (isNfs(call, procedure) ? failed(Status.io, procedure) : truth());
      await expect(open(at(server, 'disk'))).rejects.toMatchObject({ name: 'CommandError', message });
      await server.until(() => server.connections === 0);
    });

    test.each<[string, number, (node: Node) => Promise<void>, string]>([
      ['a read', NfsCall.read, (node) => node.io.read(0, Buffer.alloc(512)), 'EFAULT'],
      ['a write', NfsCall.write, (node) => node.io.write(0, Buffer.alloc(512, 1)), 'EFAULT'],
      [
        'a flush',
        NfsCall.commit,
        async (node) => {
          await node.io.write(0, Buffer.alloc(512, 1));
          await node.io.flush();
        },
        'ENOSPC',
      ],
    ])('%s that the server fails; the next one goes on', async (_, procedure, ask, code) => {
      const server = await serve({ disk: makeFile(Buffer.alloc(512)) });
      const node = await open(at(server, 'disk'));
      server.lies = (call, truth) => (isNfs(call, procedure) ? failed(Status.noSpace, procedure) : truth());
      await expect(ask(node)).rejects.toMatchObject({ name: 'IoError', code });
      server.lies = undefined;
      await ask(node);
    });

    test('a handle that has become stale is an error, and stays one', async () => {
      const server = await serve({ disk: makeFile(Buffer.alloc(512)) });
      const node = await open(at(server, 'disk'));
      server.root.entries.get('export')!.entries.delete('disk');
      for (let again = 0; again < 2; again += 1)
        await expect(read(node, 0, 512)).rejects.toMatchObject({
          code: 'EFAULT',
          cause: { message: 'NFS: Read failed with NFS3ERR_STALE(-116)' },
        });
      await node.io.write(0, Buffer.alloc(512, 1)).catch(() => {});
      await expect(node.io.flush()).rejects.toMatchObject({ code: 'ESTALE' });
      // What is to be closed has nothing that it could store.
      node.state.flush = () => Promise.resolve();
    });

    test.each<[JsonObject, number, number]>([
      [{ user: 77, group: 88 }, 77, 88],
      [{ user: -1, group: 2 ** 32 + 5 }, 2 ** 32 - 1, 5],
      [{}, process.getuid!(), process.getgid!()],
    ])('comes as %o', async (options, user, group) => {
      const server = await serve({ disk: makeFile(Buffer.alloc(512)) });
      await open(at(server, 'disk', options));
      expect(new Set(server.calls.map((call) => `${call.user} ${call.group}`))).toEqual(
        new Set([`${user} ${group}`]),
      );
    });

    test('root comes from ports that are kept for root', async ({ skip }) => {
      skip(process.geteuid!() !== 0, 'needs root');
      const server = await serve({ disk: makeFile(Buffer.alloc(512)) });
      await open(at(server, 'disk'));
      expect(Math.max(...server.clientPorts)).toBeLessThan(1024);
      expect(new Set(server.clientPorts).size).toBe(4);
    });

    describe('pages', () => {
      const cached = async (options: JsonObject) => {
        const file = makeFile(pages());
        const server = await serve({ disk: file });
        const node = await open(at(server, 'disk', options));
        const reads = () =>
          server.calls
            .filter((call) => isNfs(call, NfsCall.read))
            .map((call) => [Number(call.body.readBigUInt64BE(12)), call.body.readUInt32BE(20)]);
        return { file, server, node, reads };
      };

      test('are kept, as many as are wanted', async () => {
        const { node, reads, file } = await cached({ 'page-cache-size': 2 });
        for (const page of [0, 1, 0, 2, 0, 0])
          expect(await read(node, page * 4096 + 100, 512)).toEqual(
            file.data.subarray(page * 4096 + 100, page * 4096 + 612),
          );
        expect(reads()).toEqual([0, 1, 2, 0].map((page) => [page * 4096, 4096]));
      });

      test('are read where one is missing, and before a write is seen and after it', async () => {
        const { node, reads, file } = await cached({ 'page-cache-size': 64 });
        await read(node, 8192, 4096);
        expect(await read(node, 0, 20_000)).toEqual(file.data.subarray(0, 20_000));
        expect(reads()).toEqual([
          [8192, 4096],
          [0, 20_480],
        ]);
        await node.io.write(10_000, Buffer.alloc(512, 0xaa));
        expect(await read(node, 0, 20_000)).toEqual(file.data.subarray(0, 20_000));
        await node.truncate(9000 - (9000 % 512));
        expect(await read(node, 8192, 512)).toEqual(file.data.subarray(8192, 8704));
      });

      test('are read ahead', async () => {
        const { node, reads, file } = await cached({ 'readahead-size': 60 * KIB });
        for (let offset = 0; offset < 256 * KIB; offset += 4096)
          expect((await read(node, offset, 4096)).equals(file.data.subarray(offset, offset + 4096))).toBe(
            true,
          );
        const length = 64 * KIB;
        expect(reads()).toEqual([0, 1, 2, 3].map((i) => [i * length, length]));
      });

      test('that were asked for before a write are not kept', async () => {
        const { node, server, file } = await cached({ 'readahead-size': 60 * KIB });
        let go: (() => void) | undefined;
        server.lies = (call, truth) => {
          if (!isNfs(call, NfsCall.read)) return truth();
          const old = truth();
          return new Promise((resolve) => {
            go = () => resolve(old);
          });
        };
        const first = read(node, 0, 512);
        await server.until(() => go !== undefined);
        // In what is read ahead, which nobody has asked for.
        await node.io.write(8192, Buffer.alloc(512, 0xbb));
        server.lies = undefined;
        go!();
        await first;
        expect(await read(node, 8192, 512)).toEqual(file.data.subarray(8192, 8704));
        expect(file.data[8192]).toBe(0xbb);
      });
    });

    describe('creation', () => {
      const create = (server: NfsServer, path: string, size: number) =>
        createImage(graph, nfs as never, {
          location: { server: { type: 'inet', host: server.host }, path },
          size,
        });

      test('a file of zeroes, its owner alone may touch', async () => {
        const server = await serve({});
        await create(server, '/export/new', 100_000);
        const made = server.root.entries.get('export')!.entries.get('new')!;
        expect(made.data.equals(Buffer.alloc(100_000))).toBe(true);
        expect(made.mode).toBe(0o600);
        await server.until(() => server.connections === 0);
      });

      test('one that is there loses what it held', async () => {
        const file = makeFile(pages());
        const server = await serve({ old: file });
        await create(server, '/export/old', 4096);
        expect(file.data.equals(Buffer.alloc(4096))).toBe(true);
      });

      test('a server that does not tell the handle of the new file is asked for it', async () => {
        const server = await serve({});
        server.lies = (call, truth) => {
          if (!isNfs(call, NfsCall.create)) return truth();
          truth();
          return Buffer.concat([uint32(0), uint32(0), uint32(0), uint32(0), uint32(0)]);
        };
        await create(server, '/export/new', 512);
        expect(server.root.entries.get('export')!.entries.get('new')!.data.length).toBe(512);
      });

      test.each<[string, number, string]>([
        [
          'CREATE',
          NfsCall.create,
          'Failed to create file: creat call failed with "NFS: CREATE of /new failed with NFS3ERR_NOSPC(-28)"',
        ],
        ['SETATTR', NfsCall.setAttributes, 'Could not create image: No space left on device'],
      ])('refused: the server fails %s', async (_, procedure, message) => {
        const server = await serve({});
        server.lies = (call, truth) => (isNfs(call, procedure) ? failed(Status.noSpace, procedure) : truth());
        await expect(create(server, '/export/new', 512)).rejects.toMatchObject({
          name: 'CommandError',
          message,
        });
        await server.until(() => server.connections === 0);
      });

      test.each(['raw', 'qcow2', 'vmdk', 'nfs'])('an image of format %s by its name', async (format) => {
        const server = await serve({});
        const filename = `nfs://${server.host}/export/new.img?uid=5`;
        await createNamedImage(graph, { filename, format, size: 1024 * KIB });
        const node = await open(
          format === 'nfs'
            ? at(server, 'new.img')
            : { driver: format, 'node-name': 'n', file: at(server, 'new.img', { 'node-name': 'f' }) },
        );
        await node.io.write(100, Buffer.alloc(512, 3));
        expect(await read(node, 0, 1024)).toEqual(Buffer.alloc(1024).fill(3, 100, 612));
        expect(server.calls.find((call) => isNfs(call, NfsCall.create))!.user).toBe(5);
        expect(node.io.length()).toBe(1024 * KIB);
      });
    });
  },
);

describe('nfs: file names', () => {
  const server = { type: 'inet', host: 'host' } as const;
  test.each([
    ['nfs://host/a/b.img', { path: '/a/b.img' }],
    ['nfs://host/a/b%20c%3f.img', { path: '/a/b c?.img' }],
    ['nfs://host/a?uid=5', { path: '/a', user: 5 }],
    ['nfs://host/a?uid=+5&=6', { path: '/a', user: 5 }],
    ['nfs://host/a?uid=0x10&gid=010', { path: '/a', user: 16, group: 8 }],
    ['nfs://host/a?uid=5;gid=6', { path: '/a', user: 5, group: 6 }],
    [
      'nfs://host/a?tcp-syncnt=3&readahead=4096&pagecache=4&debug=1',
      { path: '/a', 'tcp-syn-count': 3, 'readahead-size': 4096, 'page-cache-size': 4, debug: 1 },
    ],
    ['nfs://user@host:111/a#part', { path: '/a' }],
    ['nfs://host/', { path: '/' }],
  ])('%s', (name, options) => {
    expect(parseFilename(name)).toEqual({ server, ...options });
  });

  test.each([
    ['nfs://host', 'missing file path in URI'],
    ['nfs:///a/b', 'missing hostname in URI'],
    ['nfs:host/a', 'missing hostname in URI'],
    ['nfs:', 'missing hostname in URI'],
    ['nfs://host/a b', 'Invalid URI specified'],
    ['nfs://host/a%2', 'Invalid URI specified'],
    ['nfs://host/a%ff', 'Invalid URI specified'],
    ['nfs://host:port/a', 'Invalid URI specified'],
    ['nfs://host/[a', 'Invalid URI specified'],
    ['nfs://host/a?uid', 'Value for NFS parameter expected: uid'],
    ['nfs://host/a?uid=', 'Illegal value for NFS parameter: uid'],
    ['nfs://host/a?uid=-1', 'Illegal value for NFS parameter: uid'],
    ['nfs://host/a?uid=09', 'Illegal value for NFS parameter: uid'],
    ['nfs://host/a?uid=99999999999999999999', 'Illegal value for NFS parameter: uid'],
    ['nfs://host/a?user=5', 'Unknown NFS parameter name: user'],
    ['nfs://host/a?toString=5', 'Unknown NFS parameter name: toString'],
  ])('%s is refused', (name, message) => {
    expect(() => parseFilename(name)).toThrow(new CommandError(message));
  });

  test.each([
    [{ path: '/a/b c' }, 'nfs://host/a/b c'],
    [{ path: '/a', user: 5 }, 'nfs://host/a?uid=5'],
    [{ path: '/a', user: 0, group: 0 }, 'nfs://host/a'],
    [{ path: '/a', user: 0, group: 6 }, 'nfs://host/a?gid=6'],
    [{ path: '/a', user: 5, group: 6, debug: 1 }, 'nfs://host/a?uid=5&gid=6'],
  ])('%o is shown', (options, name) => {
    expect(plainFilename({ server, ...options })).toBe(name);
  });
});
