/** NBD over TLS: our client and server with each other, and each with other people's. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { createObject } from '../../objects/create-object.ts';
import { run, startServer, stopServer, whyMissing } from '../../testing/external-programs.ts';
import { type Fixture, nbdFixture } from '../../testing/nbd-export-fixture.ts';

const reason = whyMissing(['openssl'], 'nbd');
const withNbdinfo = whyMissing(['nbdinfo'], 'nbd');
const withNbdkit = whyMissing(['nbdkit'], 'nbd');

describe.skipIf(reason !== undefined)(`NBD over TLS${reason === undefined ? '' : ` (${reason})`}`, () => {
  let fixture: Fixture;
  let pki: string;
  beforeEach(async () => {
    fixture = await nbdFixture();
    pki = await authority('pki');
    const disk = await fixture.open({ driver: 'null-co', 'node-name': 'disk', size: 1 << 20 });
    await fixture.server.stop();
    credentials('server', pki, 'server');
    credentials('client', pki, 'client');
    await fixture.server.start({ type: 'unix', path: fixture.socket }, 'server');
    fixture.server.add(disk, 'x', true);
  });
  afterEach(() => fixture.end());

  /** A folder with an authority's certificate, and a server's and a client's that it has signed. */
  async function authority(name: string): Promise<string> {
    const dir = join(fixture.folder, name);
    await mkdir(dir);
    const at = (file: string): string => join(dir, file);
    const key = (file: string) => [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-noenc',
      '-keyout',
      at(file),
    ];
    await run(
      'openssl',
      'req',
      '-x509',

      ...key('ca-key.pem'),
      '-subj',
      '/CN=authority',
      '-out',
      at('ca-cert.pem'),
    );
    for (const side of ['server', 'client']) {
      const signed = [
        '-CA',
        at('ca-cert.pem'),
        '-CAkey',
        at('ca-key.pem'),
        '-addext',
        'subjectAltName=DNS:localhost',
      ];
      const subject = ['-subj', `/CN=${side}`, '-out', at(`${side}-cert.pem`)];
      await run('openssl', 'req', '-x509', ...key(`${side}-key.pem`), ...signed, ...subject);
    }
    return dir;
  }

  function credentials(id: string, dir: string, endpoint: string, verifyPeer = true): void {
    const props = { dir, endpoint, 'verify-peer': verifyPeer };
    createObject(fixture.services, 'tls-creds-x509', id, props);
  }

  const open = (more: JsonObject) => {
    const server = { type: 'unix', path: fixture.socket };
    return fixture.open({ driver: 'nbd', 'node-name': 'client', server, export: 'x', ...more });
  };

  test('our client on our server', async () => {
    const node = await open({ 'tls-creds': 'client' });
    const data = Buffer.alloc(300_000, 1);
    await Promise.all([node.io.write(0, data), node.io.write(400_000, data)]);
    await node.io.read(0, data);
    expect(await node.io.blockStatus(0, 4096)).toMatchObject({ length: 4096 });
  });

  test('a client without TLS is told to use it', async () => {
    await expect(open({})).rejects.toThrow('TLS negotiation required before option 8 (structured reply)');
  });

  test('a client of another authority is refused', async () => {
    credentials('stranger', await authority('other'), 'client', false);
    await expect(open({ 'tls-creds': 'stranger' })).rejects.toMatchObject({ name: 'CommandError' });
  });

  test('a server of another authority is refused', async () => {
    credentials('wary', await authority('other'), 'client');
    await expect(open({ 'tls-creds': 'wary' })).rejects.toThrow('TLS handshake failed');
  });

  test('credentials of the wrong side, or of no such id', async () => {
    await expect(open({ 'tls-creds': 'server' })).rejects.toThrow(
      'Expected TLS credentials for a client endpoint',
    );
    await expect(open({ 'tls-creds': 'none' })).rejects.toThrow("No TLS credentials with id 'none'");
  });

  test('certificates that are not there', () => {
    expect(() => credentials('none', join(fixture.folder, 'nowhere'), 'client')).toThrow(
      `Unable to access credentials ${fixture.folder}/nowhere/ca-cert.pem: No such file or directory`,
    );
    expect(() => createObject(fixture.services, 'tls-creds-x509', 'x', {})).toThrow(
      "Missing 'dir' property value",
    );
  });

  test('a server that has no TLS is not talked to', async () => {
    await fixture.server.stop();
    await fixture.server.start({ type: 'unix', path: fixture.socket }, undefined);
    await expect(open({ 'tls-creds': 'client' })).rejects.toThrow('Denied by server for option 5 (starttls)');
  });

  test('nbdinfo on our server', async ({ skip }) => {
    skip(withNbdinfo !== undefined, withNbdinfo);
    const uri = `nbds+unix:///x?socket=${fixture.socket}&tls-certificates=${pki}`;
    const said = JSON.parse(await run('nbdinfo', '--json', uri)) as JsonObject;
    expect(said).toMatchObject({ TLS: true, exports: [{ 'export-size': 1 << 20 }] });
  });

  test('our client on nbdkit', async ({ skip }) => {
    skip(withNbdkit !== undefined, withNbdkit);
    const path = join(fixture.folder, 'nbdkit.sock');
    const tls = ['--tls=require', `--tls-certificates=${pki}`, '--tls-verify-peer'];
    const child = await startServer(path, 'nbdkit', '-f', ...tls, '--unix', path, 'memory', '1M');
    try {
      const node = await open({ server: { type: 'unix', path }, export: '', 'tls-creds': 'client' });
      await node.io.write(1000, Buffer.alloc(5000, 8));
      const buffer = Buffer.alloc(5000);
      await node.io.read(1000, buffer);
      expect(buffer.every((byte) => byte === 8)).toBe(true);
      await fixture.graph.release(node);
    } finally {
      await stopServer(child);
    }
  });
});
