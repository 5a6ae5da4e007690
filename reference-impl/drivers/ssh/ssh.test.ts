/** The driver on OpenSSH's server. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { createImage } from '../../graph/create-image.ts';
import { createNamedImage } from '../../graph/named-image.ts';
import type { Node } from '../../graph/node.ts';
import type { NodeGraph } from '../../graph/node-graph.ts';
import { openNode } from '../../graph/open.ts';
import { setReadOnly } from '../../graph/reopen.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { JobFixture } from '../../testing/job-fixture.ts';
import { type SshServer, startSshServer, whyNoSshServer } from '../../testing/ssh-server.ts';
import { testGraph, testServices } from '../../testing/test-services.ts';
import { ssh } from './index.ts';

const MiB = 1 << 20;
/** However busy the machine is. */
const SOON = { timeout: 20_000 };
const withQemu = whyMissing(['qemu-img'], 'qemu');
const REFUSED = (message: string | RegExp) => ({
  name: 'CommandError',
  message: typeof message === 'string' ? message : expect.stringMatching(message),
});

describe.skipIf(whyNoSshServer !== undefined)(`ssh on OpenSSH's server (${whyNoSshServer ?? 'here'})`, () => {
  let server: SshServer;
  let graph: NodeGraph;
  let home: string;
  let told: string[];
  const homeBefore = process.env.HOME;
  beforeAll(async () => {
    server = await startSshServer();
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'qmpcheck-ssh-home-'));
    process.env.HOME = home;
    told = [];
    graph = testGraph({ ...testServices('/'), log: (line) => told.push(line) });
  });
  afterEach(async () => {
    for (const node of graph.nodes.slice()) await graph.release(node);
    process.env.HOME = homeBefore;
    await rm(home, { recursive: true });
    await server.configure();
  });

  const place = (name: string): string => join(server.folder, name);
  async function fileWith(data: Uint8Array, name = 'disk'): Promise<string> {
    await rm(place(name), { force: true });
    await writeFile(place(name), data);
    return name;
  }
  const open = (definition: JsonObject): Promise<Node> =>
    openNode(graph, { 'node-name': 'n', ...definition });
  const make = (name: string, size: number): Promise<void> => {
    const { driver: _, ...location } = server.file(name);
    return createImage(graph, graph.drivers.get('ssh'), { location, size });
  };

  driverContract({
    name: 'ssh',
    make: async (_folder, size) => {
      await fileWith(new Uint8Array(0), 'contract');
      await truncate(place('contract'), size);
      return server.file('contract');
    },
    keepsData: true,
    resizes: 'grows',
    grows: true,
    runs: 5,
  });

  test('reads and writes in any size, many at a time', async () => {
    const content = randomBytes(5 * MiB);
    const node = await open(server.file(await fileWith(content)));
    const parts = Array.from({ length: 40 }, (_, i) => ({ at: i * 131_072 + i * 7, size: 100_000 + i }));
    const read = await Promise.all(
      parts.map(async ({ at, size }) => {
        const buffer = Buffer.alloc(size);
        await node.io.read(at, buffer);
        return buffer;
      }),
    );
    for (const [i, { at, size }] of parts.entries())
      expect(read[i]!.equals(content.subarray(at, at + size))).toBe(true);
    await Promise.all(parts.map(({ at }, i) => node.io.write(at, Buffer.alloc(50_000, i))));
    for (const [i, { at }] of parts.entries()) content.fill(i, at, at + 50_000);
    await node.io.flush();
    expect((await readFile(place('disk'))).equals(content)).toBe(true);
    expect(told).toEqual([]);
  });

  test('a file that ends within a sector is longer than it is, by zeroes', async () => {
    const node = await open(server.file(await fileWith(Buffer.alloc(999, 5))));
    expect(node.io.length()).toBe(1024);
    const buffer = Buffer.alloc(1024, 1);
    await node.io.read(0, buffer);
    expect(buffer.equals(Buffer.concat([Buffer.alloc(999, 5), Buffer.alloc(25)]))).toBe(true);
    await node.io.write(512, Buffer.alloc(512, 6));
    expect((await stat(place('disk'))).size).toBe(1024);
  });

  test('a file beyond 4 GiB with holes', async () => {
    const name = await fileWith(new Uint8Array(0), 'sparse');
    await truncate(place(name), 2 ** 40);
    const node = await open(server.file(name));
    await node.io.write(2 ** 39 + 512, Buffer.alloc(512, 3));
    const buffer = Buffer.alloc(2048, 9);
    await node.io.read(2 ** 39, buffer);
    expect([...new Set(buffer)]).toEqual([0, 3]);
    expect(buffer.indexOf(3)).toBe(512);
    expect((await stat(place(name))).blocks).toBeLessThan(64);
  });

  describe('files', () => {
    test.each<[string, string | RegExp]>([
      ['gone', /^failed to open remote file '.*gone': No such file \(sftp error code: 2\)$/],
      ['gone/too', /^failed to open remote file '.*gone\/too': No such file/],
      ['folder', /^failed to open remote file '.*folder': Failure \(sftp error code: 4\)$/],
    ])('%s is refused, to be written at least', async (name, message) => {
      await mkdir(place('folder'), { recursive: true });
      await expect(open(server.file(name))).rejects.toMatchObject(REFUSED(message));
      expect(graph.nodes).toEqual([]);
    });

    test('what may not be written where the server lets nobody write', async () => {
      await server.configure('ForceCommand internal-sftp -R');
      const name = await fileWith(Buffer.alloc(512, 1));
      await expect(open(server.file(name))).rejects.toMatchObject(
        REFUSED(/^failed to open remote file '.*': Permission denied \(sftp error code: 3\)$/),
      );
      await expect(make('other', 512)).rejects.toMatchObject(REFUSED(/Permission denied/));
      await open({ ...server.file(name), 'read-only': true });
    });

    test('links are followed, and devices have no size', async () => {
      await fileWith(Buffer.alloc(1024, 1));
      await rm(place('link'), { force: true });
      await symlink('disk', place('link'));
      expect((await open(server.file('link'))).io.length()).toBe(1024);
      const device = { ...server.file(''), path: '/dev/zero', 'node-name': 'device' };
      expect((await open(device)).io.length()).toBe(0);
    });

    test('a node that is read-only cannot become writable, nor the other way', async () => {
      const node = await open({ ...server.file(await fileWith(Buffer.alloc(512))), 'read-only': true });
      const refused = REFUSED("Block format 'ssh' used by node 'n' does not support reopening files");
      await expect(setReadOnly(graph, node, false)).rejects.toMatchObject(refused);
      await graph.release(node);
      const other = await open(server.file('disk'));
      await expect(setReadOnly(graph, other, true)).rejects.toMatchObject(refused);
      await other.io.write(0, Buffer.alloc(512, 1));
    });

    test('grow by zeroes and do not shrink', async () => {
      const node = await open(server.file(await fileWith(Buffer.alloc(1000, 4))));
      await node.truncate(3000);
      expect(
        (await readFile(place('disk'))).equals(Buffer.concat([Buffer.alloc(1000, 4), Buffer.alloc(2000)])),
      ).toBe(true);
      expect(node.io.length()).toBe(3072);
      await node.truncate(3000);
      await expect(node.truncate(2999)).rejects.toMatchObject(
        REFUSED('ssh driver does not support shrinking files'),
      );
      await expect(node.truncate(2 ** 62)).rejects.toMatchObject(
        REFUSED(/^Failed to grow file: .*sftp error code/),
      );
      expect((await stat(place('disk'))).size).toBe(3000);
    });
  });

  describe('the key of the host', () => {
    const check = (options: JsonObject) => open(server.file('disk', options));
    const knownHosts = async (...lines: readonly string[]) => {
      await mkdir(join(home, '.ssh'), { recursive: true });
      await writeFile(join(home, '.ssh', 'known_hosts'), lines.join('\n'));
    };
    const unknown = REFUSED('no host key was found in known_hosts');
    const changed = REFUSED(/^host key \(\S+ key with fingerprint SHA256:\S{43}\) does not match the one in/);
    beforeEach(() => fileWith(Buffer.alloc(512)));

    test.each(['md5', 'sha1'] as const)('by its %s', async (type) => {
      const key = Buffer.from((await server.hostKey('ed25519')).split(' ')[1]!, 'base64');
      const digest = createHash(type).update(key).digest('hex');
      const pairs = digest.match(/../g)!;
      const by = (hash: string) => check({ 'host-key-check': { mode: 'hash', type, hash } });
      for (const hash of [digest, digest.toUpperCase(), pairs.join(':')]) await graph.release(await by(hash));
      for (const hash of [
        '',
        digest.slice(1),
        `${digest}00`,
        `:${digest}`,
        `${pairs[0]}::${pairs.slice(1).join('')}`,
      ])
        await expect(by(hash)).rejects.toMatchObject(
          REFUSED(
            `remote host ssh-ed25519 key fingerprint '${type}:${digest}' does not match host_key_check '${type}:${hash}'`,
          ),
        );
    });

    test('no file of known hosts, or none that can be read', async () => {
      await expect(check({})).rejects.toMatchObject(unknown);
      await mkdir(join(home, '.ssh', 'known_hosts'), { recursive: true });
      await expect(check({ 'host-key-check': { mode: 'known_hosts' } })).rejects.toMatchObject(unknown);
    });

    test.each(['ed25519', 'ecdsa', 'rsa'] as const)('known by one of %s', async (type) => {
      const key = await server.hostKey(type);
      await knownHosts('# hosts', `elsewhere,[127.0.0.1]:${server.port} ${key} me@here`);
      await check({});
    });

    test('known by its name without the port, which is another server', async () => {
      await knownHosts(`127.0.0.1 ${await server.hostKey('ed25519')}`);
      await expect(check({})).rejects.toMatchObject(unknown);
    });

    test('known by a hashed name', async () => {
      await knownHosts(`[127.0.0.1]:${server.port} ${await server.hostKey('ecdsa')}`, '');
      await run('ssh-keygen', '-q', '-H', '-f', join(home, '.ssh', 'known_hosts'));
      expect(await readFile(join(home, '.ssh', 'known_hosts'), 'utf8')).toMatch(/^\|1\|/);
      await check({});
    });

    test('known with another key', async () => {
      const other = (await readFile(place('identity.pub'), 'utf8')).trim();
      await knownHosts(`[127.0.0.1]:${server.port} ${other}`);
      await expect(check({})).rejects.toMatchObject(changed);
      await knownHosts(
        `[127.0.0.1]:${server.port} ${other}`,
        `[127.0.0.1]:${server.port} ${await server.hostKey('ed25519')}`,
      );
      await check({});
    });

    test('revoked', async () => {
      const name = `[127.0.0.1]:${server.port} ${await server.hostKey('rsa')}`;
      await knownHosts(name, `@revoked ${name}`);
      await expect(check({})).rejects.toMatchObject(unknown);
    });
  });

  describe('who comes in', () => {
    beforeEach(() => fileWith(Buffer.alloc(512)));
    const notLetIn = REFUSED(
      /^failed to authenticate using publickey authentication and the identities held by/,
    );
    const anybody = { 'host-key-check': { mode: 'none' } };

    test('whose key the agent holds, under a name that the server knows', async () => {
      await open(server.file('disk', { ...anybody, user: userInfo().username }));
      await expect(
        open({ ...server.file('disk', { ...anybody, user: 'no-such-user' }), 'node-name': 'm' }),
      ).rejects.toMatchObject(notLetIn);
    });

    test('nobody without an agent, or with one that is not there', async () => {
      const agent = process.env.SSH_AUTH_SOCK;
      try {
        for (const path of [undefined, join(home, 'none')]) {
          if (path === undefined) delete process.env.SSH_AUTH_SOCK;
          else process.env.SSH_AUTH_SOCK = path;
          await expect(open(server.file('disk'))).rejects.toMatchObject(notLetIn);
        }
      } finally {
        process.env.SSH_AUTH_SOCK = agent;
      }
    });

    test('nobody where keys do not count, or none that the agent holds', async () => {
      await server.configure('PubkeyAuthentication no');
      await expect(open(server.file('disk'))).rejects.toMatchObject(notLetIn);
      await server.configure('AuthorizedKeysFile none');
      await expect(open(server.file('disk'))).rejects.toMatchObject(notLetIn);
    });

    test('somebody who gets no files', async () => {
      await server.configure('ForceCommand false');
      await expect(open(server.file('disk'))).rejects.toMatchObject(
        REFUSED(/^failed to initialize sftp handle: /),
      );
      expect(graph.nodes).toEqual([]);
    });
  });

  describe('new images', () => {
    test('are all zeroes, whatever was there', async () => {
      await fileWith(Buffer.alloc(5000, 7), 'made');
      for (const size of [8192, 512, 1000, 0]) {
        await make('made', size);
        expect((await readFile(place('made'))).equals(Buffer.alloc(size))).toBe(true);
      }
      await rm(place('made'));
      await make('made', MiB);
      expect(await stat(place('made'))).toMatchObject({ size: MiB, mode: 0o100_644 });
    });

    test.each<[string, number, RegExp]>([
      ['gone/made', 512, /^failed to open remote file '.*': No such file/],
      ['folder', 512, /^failed to open remote file '.*': Failure/],
      ['made', 2 ** 62, /^Failed to grow file: /],
    ])('%s of %d bytes is refused', async (name, size, message) => {
      await mkdir(place('folder'), { recursive: true });
      await expect(make(name, size)).rejects.toMatchObject(REFUSED(message));
    });

    test.for(['raw', 'qcow2', 'vmdk'])('%s by a file name', async (format, { skip }) => {
      skip(withQemu !== undefined, withQemu);
      const filename = `ssh://127.0.0.1:${server.port}${place('made')}?host_key_check=no`;
      await rm(place('made'), { force: true });
      await createNamedImage(graph, { filename, format, size: 4 * MiB });
      const node = await open({ driver: format, file: server.file('made') });
      await node.io.write(MiB + 100, Buffer.alloc(70_000, 9));
      await graph.release(node);
      const copy = join(home, 'copy');
      await run('qemu-img', 'convert', '-f', format, '-O', 'raw', place('made'), copy);
      const bytes = await readFile(copy);
      expect([bytes.length, bytes.indexOf(9), bytes.lastIndexOf(9)]).toEqual([
        4 * MiB,
        MiB + 100,
        MiB + 70_099,
      ]);
    });
  });

  test('the server goes away: what is in flight fails, and what comes later', async () => {
    const node = await open(server.file(await fileWith(Buffer.alloc(32 * MiB, 1))));
    const failed = { name: 'IoError', code: 'EIO' };
    let done = 0;
    const readOn = async (): Promise<never> => {
      for (;;) {
        await node.io.read((done % 32) * MiB, Buffer.alloc(MiB));
        done += 1;
      }
    };
    const readers = Array.from({ length: 8 }, () => expect(readOn()).rejects.toMatchObject(failed));
    await expect.poll(() => done, SOON).toBeGreaterThan(8);
    await server.killClients();
    await Promise.all(readers);
    await expect(node.io.read(0, Buffer.alloc(512))).rejects.toMatchObject(failed);
    await expect(node.io.write(0, Buffer.alloc(512, 2))).rejects.toMatchObject(failed);
    await expect(node.io.flush()).rejects.toMatchObject(failed);
    await expect(node.truncate(64 * MiB)).rejects.toMatchObject(
      REFUSED(/^Failed to grow file: (Connection (closed|reset by peer)|Broken pipe)$/),
    );
    await graph.release(node);
    // Another one is served.
    await open(server.file('disk'));
  });

  test('a job whose source goes away ends with the error, and the endpoint goes on', async () => {
    const fixture = new JobFixture();
    await fixture.run('blockdev-add', {
      'node-name': 'source',
      ...server.file(await fileWith(Buffer.alloc(8 * MiB, 1))),
    });
    await fixture.run('blockdev-add', { driver: 'null-co', 'node-name': 'target', size: 8 * MiB });
    const job = { 'job-id': 'j', device: 'source', target: 'target', sync: 'full', speed: 65_536 };
    await fixture.run('blockdev-backup', job);
    await server.killClients();
    const advancing = setInterval(() => fixture.clock.advance(1_000_000_000n), 1);
    await expect.poll(() => fixture.told('BLOCK_JOB_COMPLETED').length, SOON).toBe(1);
    clearInterval(advancing);
    expect(fixture.told('BLOCK_JOB_COMPLETED')[0]!.data).toMatchObject({
      device: 'j',
      error: 'Input/output error',
    });
    expect(await fixture.run('query-block-jobs')).toEqual([]);
    expect(await fixture.deleteAll()).toEqual([]);
    await fixture.close();
  });

  test('nobody stays connected', async () => {
    const name = await fileWith(Buffer.alloc(MiB));
    const node = await open(server.file(name));
    expect(server.clients).toBe(1);
    const read = node.io.read(0, Buffer.alloc(MiB));
    await read;
    await graph.release(node);
    await expect(open(server.file('gone'))).rejects.toThrow();
    await expect.poll(() => server.clients, SOON).toBe(0);
  });
});

describe('names', () => {
  const at = { server: { host: 'there', port: '22' }, path: '/disk' };
  test.each<[string, JsonObject]>([
    ['ssh://there/disk', at],
    ['ssh://there:2222/a/di%73k', { server: { host: 'there', port: '2222' }, path: '/a/disk' }],
    ['ssh://j%6Fe@there/disk', { ...at, user: 'joe' }],
    // Then nobody finds the server.
    ['ssh://[::1]:7/disk', { server: { host: '[::1]', port: '7' }, path: '/disk' }],
    ['ssh://joe:sesame@there:0/disk', { ...at, user: 'joe' }],
    ['ssh://there/disk?more;host_key_check=no', { ...at, 'host-key-check': { mode: 'none' } }],
    ['ssh://there/disk#part', at],
    ['ssh://there/disk?more=1&host_key_check=no', { ...at, 'host-key-check': { mode: 'none' } }],
    [
      'ssh://there/disk?host_key_check=no&host_key_check=yes',
      { ...at, 'host-key-check': { mode: 'known_hosts' } },
    ],
    [
      'ssh://there/disk?host_key_check=md5:78:45',
      { ...at, 'host-key-check': { mode: 'hash', type: 'md5', hash: '78:45' } },
    ],
    // The driver then says that it lacks a server.
    ['ssh://there:port/disk', {}],
    ['ssh://there:65536/disk', {}],
    ['ssh://there/a b', {}],
    ['ssh://there/%', {}],
    ['ssh://a@b@there/disk', {}],
  ])('%s', (name, options) => {
    expect(ssh.parseFilename!(name)).toEqual(options);
  });

  test.each<[JsonObject, JsonObject]>([
    [
      { host: 'there', path: '/d' },
      { server: { host: 'there', port: '22' }, path: '/d' },
    ],
    [{ host: 'there', port: '7', server: { host: 'here' } }, { server: { host: 'there', port: '7' } }],
    [{ host_key_check: 'no' }, { 'host-key-check': { mode: 'none' } }],
  ])('%j as once', (options, today) => {
    expect(ssh.former!.renew(options)).toEqual(today);
  });

  test.each([
    ['ssh:there/disk', 'missing hostname in URI'],
    ['ssh:///disk', 'missing hostname in URI'],
    ['ssh://there', 'missing remote path in URI'],
    ['ssh://:7/disk', 'missing hostname in URI'],
    ['ssh://there/disk?host_key_check=sha1', 'unknown host_key_check setting (sha1)'],
    ['ssh://there/disk?host_key_check=', 'unknown host_key_check setting ()'],
  ])('%s: %s', (name, message) => {
    expect(() => ssh.parseFilename!(name)).toThrow(message);
  });

  test.each<[JsonObject, string | undefined]>([
    [{ ...at, user: 'joe' }, 'ssh://joe@there:22/disk'],
    [at, `ssh://${userInfo().username}@there:22/disk`],
    [
      { ...at, user: 'joe', 'host-key-check': { mode: 'hash', type: 'sha1', hash: '00' } },
      'ssh://joe@there:22/disk?host_key_check=sha1:00',
    ],
    [{ server: { host: '::1', port: '7' }, path: '/d', user: 'joe' }, 'ssh://joe@[::1]:7/d'],
    [{ ...at, path: '/100%' }, undefined],
    [{ ...at, path: 'disk' }, undefined],
    [{ ...at, server: { ...at.server, ipv4: true } }, undefined],
  ])('of %j is %s', (options, name) => {
    expect(
      (ssh.plainFilename as (options: JsonObject, children: object) => string | undefined)(options, {}),
    ).toBe(name);
  });
});
