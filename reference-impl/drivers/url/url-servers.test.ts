/** The drivers http, https, ftp and ftps on servers that other people wrote. */
import type { ChildProcess } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createObject } from '../../objects/create-object.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { run, stopServer, whyMissing } from '../../testing/external-programs.ts';
import { type FileServer, serverCertificate, startNginx, startVsftpd } from '../../testing/file-servers.ts';
import { listening } from '../../testing/scripted-file-servers.ts';
import { bytesAt, checkBytes, sectors, type UrlNodes, urlNodes } from '../../testing/url-fixture.ts';

const KiB = 1024;
const content = sectors(3000 * KiB);

const servers: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(stopServer));
});

async function keep(starting: Promise<FileServer>): Promise<number> {
  const { process, port } = await starting;
  servers.push(process);
  return port;
}

const nginx = (...how: Parameters<typeof startNginx>): Promise<number> => keep(startNginx(...how));
const vsftpd = (...how: Parameters<typeof startVsftpd>): Promise<number> => keep(startVsftpd(...how));

const withoutNginx = whyMissing(['nginx', 'openssl'], 'servers');
const withoutVsftpd = whyMissing(['vsftpd', 'openssl'], 'servers');
const withoutQemu = whyMissing(['qemu-img', 'qemu-io'], 'qemu');

for (const [scheme, missing, start] of [
  ['http', withoutNginx, nginx],
  ['ftp', withoutVsftpd, vsftpd],
] as const)
  if (missing === undefined)
    driverContract({
      name: `${scheme} on a server`,
      make: async (folder, size) => {
        await writeFile(join(folder, 'disk.img'), '');
        await truncate(join(folder, 'disk.img'), size);
        const url = `${scheme}://127.0.0.1:${await start(folder)}/disk.img`;
        return { driver: scheme, url, 'read-only': true };
      },
      keepsData: false,
      resizes: false,
      grows: false,
      onlyReads: true,
    });
  else test.skip(`${scheme} on a server: ${missing}`);

let nodes: UrlNodes;
let disk: string;
beforeEach(async () => {
  nodes = await urlNodes();
  disk = join(nodes.folder, 'disk.img');
  await writeFile(disk, content);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await nodes.end();
});

/** Reads all of it, in pieces of all sizes and many at once. */
async function checkAll(url: string, options = {}): Promise<void> {
  const node = await nodes.open(url, options);
  expect(node.io.length()).toBe(content.length);
  await checkBytes(node, content, 0, content.length);
  const places = Array.from(
    { length: 60 },
    (_, i) => [(i * 49_999) % (2900 * KiB), 1 + ((i * 977) % 70_000)] as const,
  );
  await Promise.all(places.map(([offset, length]) => checkBytes(node, content, offset, length)));
}

describe.skipIf(withoutNginx !== undefined)(
  `nginx${withoutNginx === undefined ? '' : `: ${withoutNginx}`}`,
  () => {
    test('reads what is there', async () => {
      const port = await nginx(nodes.folder);
      for (const readahead of [0, 512, 262_144])
        await checkAll(`http://127.0.0.1:${port}/disk.img`, { readahead });
      await expect(nodes.open(`http://127.0.0.1:${port}/none.img`)).rejects.toThrow('returned error: 404');
    });

    test('logins, cookies, redirections', async () => {
      createObject(nodes.services, 'secret', 'pw', { data: 'sesame' });
      await writeFile(join(nodes.folder, 'users'), 'joe:{PLAIN}sesame\n');
      const port = await nginx(
        nodes.folder,
        `location /moved/ { rewrite ^/moved/(.*)$ /$1 redirect; }
       location / { auth_basic disks; auth_basic_user_file ${nodes.folder}/users;
         if ($http_cookie != "a=1; b=2") { return 403; } }`,
      );
      const url = `http://127.0.0.1:${port}/moved/disk.img`;
      const cookie = 'a=1; b=2';
      await expect(nodes.open(url, { cookie })).rejects.toThrow('returned error: 401');
      const login = { username: 'joe', 'password-secret': 'pw' };
      await expect(nodes.open(url, login)).rejects.toThrow('returned error: 403');
      await checkAll(url, { cookie, ...login });
    });

    test('a server without ranges is refused', async () => {
      const port = await nginx(nodes.folder, 'max_ranges 0;');
      const message = "CURL: Error opening file: Server does not support 'range' (byte ranges).";
      await expect(nodes.open(`http://127.0.0.1:${port}/disk.img`)).rejects.toThrow(message);
    });

    test('certificates are checked, by whom they are signed and for whom they are', async () => {
      const tls = await serverCertificate(nodes.folder);
      const port = await nginx(nodes.folder, '', tls);
      const url = `https://127.0.0.1:${port}/disk.img`;
      await expect(nodes.open(url)).rejects.toThrow('CURL: Error opening file: SSL certificate problem: ');
      await checkAll(url, { sslverify: false });
      vi.stubEnv('SSL_CERT_FILE', tls.authority);
      await checkAll(url);
      const misnamed = nodes.open(`https://localhost:${port}/disk.img`);
      await expect(misnamed).rejects.toThrow('SSL certificate problem: Host: localhost.');
      await nodes.open(`https://localhost:${port}/disk.img`, { sslverify: false });
      await expect(nodes.open(`http://127.0.0.1:${port}/disk.img`)).rejects.toThrow('returned error: 400');
    });

    test('a proxy is asked for a way through to a server over TLS', async () => {
      const tls = await serverCertificate(nodes.folder);
      const port = await nginx(nodes.folder, '', tls);
      vi.stubEnv('SSL_CERT_FILE', tls.authority);
      const asked: unknown[] = [];
      const proxy = createServer().on('connect', ({ url, headers }, client) => {
        asked.push(url, headers['proxy-authorization']);
        const server = connect({ host: '127.0.0.1', port }, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
        client
          .on('error', () => {})
          .pipe(server.on('error', () => {}))
          .pipe(client);
      });
      const way = await listening(proxy);
      vi.stubEnv('https_proxy', `http://joe:sesame@127.0.0.1:${way.port}`);
      await checkAll(`https://127.0.0.1:${port}/disk.img`);
      const login = `Basic ${Buffer.from('joe:sesame').toString('base64')}`;
      expect(asked.slice(0, 2)).toEqual([`127.0.0.1:${port}`, login]);
      const silence = new Promise((resolve) => {
        proxy.removeAllListeners('connect').on('connect', (_request, client) => {
          client.on('end', () => client.destroy()).resume();
          resolve(undefined);
        });
      });
      const opening = nodes.open(`https://127.0.0.1:${port}/disk.img`);
      await silence;
      nodes.clock.advance(5_000_000_000n);
      await expect(opening).rejects.toThrow('Operation timed out');
      await nodes.end();
      await way.deserted();
      await way.stop();
      nodes = await urlNodes();
    });

    test('a slow server is given up in the middle, one that was killed is missed', async () => {
      const port = await nginx(nodes.folder, 'limit_rate 2k;');
      const node = await nodes.open(`http://127.0.0.1:${port}/disk.img`, { readahead: 0 });
      const slow = bytesAt(node, 0, 512 * KiB);
      nodes.clock.advance(5_000_000_000n);
      await expect(slow).rejects.toMatchObject({ code: 'EIO' });
      await checkBytes(node, content, 4096, 512);
      const cut = bytesAt(node, 0, 512 * KiB);
      cut.catch(() => {});
      await checkBytes(node, content, 0, 512);
      await Promise.all(servers.splice(0).map(stopServer));
      await expect(cut).rejects.toMatchObject({ code: 'EIO' });
      await expect(bytesAt(node, 0, 512 * KiB)).rejects.toMatchObject({ code: 'EIO' });
    });

    test.skipIf(withoutQemu !== undefined)(
      'an image is probed, and shows through as a backing file',
      async () => {
        const port = await nginx(nodes.folder);
        const url = `http://127.0.0.1:${port}/base.qcow2`;
        const base = join(nodes.folder, 'base.qcow2');
        const top = join(nodes.folder, 'top.qcow2');
        await run('qemu-img', 'convert', '-c', '-O', 'qcow2', disk, base);
        await run(
          'qemu-img',
          'create',
          '-u',
          '-f',
          'qcow2',
          '-b',
          url,
          '-F',
          'qcow2',
          top,
          String(content.length),
        );
        const probed = await nodes.openNode({ file: { driver: 'http', url } });
        expect(probed.driverName).toBe('qcow2');
        await checkBytes(probed, content, 0, content.length);
        const overlay = await nodes.openNode({ driver: 'qcow2', file: { driver: 'file', filename: top } });
        await checkBytes(overlay, content, 12_345, 1000 * KiB);
        expect(overlay.filename.shown).toBe(top);
      },
    );
  },
);

describe.skipIf(withoutVsftpd !== undefined)(
  `vsftpd${withoutVsftpd === undefined ? '' : `: ${withoutVsftpd}`}`,
  () => {
    test('reads what is there', async () => {
      const port = await vsftpd(nodes.folder);
      for (const readahead of [0, 262_144]) await checkAll(`ftp://127.0.0.1:${port}/disk.img`, { readahead });
      await expect(nodes.open(`ftp://127.0.0.1:${port}/none.img`)).rejects.toThrow('550');
      const stranger = nodes.open(`ftp://127.0.0.1:${port}/disk.img`, { username: 'joe' });
      await expect(stranger).rejects.toThrow('530');
    });

    test('over TLS, with certificates that are checked', async () => {
      const tls = await serverCertificate(nodes.folder);
      const port = await vsftpd(nodes.folder, tls);
      const url = `ftps://127.0.0.1:${port}/disk.img`;
      await expect(nodes.open(url)).rejects.toThrow('CURL: Error opening file: SSL certificate problem: ');
      await checkAll(url, { sslverify: false });
      vi.stubEnv('SSL_CERT_FILE', tls.authority);
      await checkAll(url);
    });
  },
);
