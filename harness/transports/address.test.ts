/** Addresses: what is well-formed, what is wrong with the rest, and connections that do not come about. */

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { AddressError, ConnectError, isAddress, parseAddress } from './address.ts';

const CERTIFICATE = fileURLToPath(new URL('testdata/cert.pem', import.meta.url));
const KEY = fileURLToPath(new URL('testdata/key.pem', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-address-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A TCP address where nobody listens any more. */
async function deadPort(): Promise<string> {
  const listener = (await parseAddress('listen:tcp:127.0.0.1:0').listen())!;
  await listener.close();
  return listener.address;
}

describe('parsing', () => {
  it.each([
    'unix:/run/qmp.sock',
    'unix:relative/path:with:colons',
    'tcp:localhost:4444',
    'tcp:[::1]:4444',
    'tls:10.0.0.1:65535',
    'ws://localhost:8080/qmp',
    'wss://[::1]:8443',
    'pts:/dev/pts/3',
    'pipe:/tmp/monitor',
    'listen:unix:/run/qmp.sock',
    'listen:tcp:127.0.0.1:0',
    'listen:wss://0.0.0.0:1',
  ])('takes %s', (text) => {
    expect(isAddress(text)).toBe(true);
    expect(parseAddress(text)).toMatchObject({ text, listening: text.startsWith('listen:') });
  });

  it.each([
    ['telnet:localhost:23', 'no address begins with telnet'],
    ['', 'no address begins with nothing'],
    ['qemu-system', 'no address begins with qemu-system'],
    ['unix:', 'the path is missing'],
    ['tcp:4444', 'is not HOST:PORT'],
    ['tcp::4444', 'the host is missing'],
    ['tcp:::1:4444', 'an IPv6 address needs brackets'],
    ['tcp:localhost:http', 'http is not a port'],
    ['tcp:localhost:65536', '65536 is not a port'],
    ['tls:localhost:', 'nothing is not a port'],
    ['ws:localhost:80', 'is not a URL'],
    ['ws:///path', 'is not a URL'],
    ['ws://host:99999/', 'is not a URL'],
    ['ws://host/#part', 'a fragment'],
    ['pts:3', '3 is no path like /dev/pts/N'],
    ['pipe:', 'the path is missing'],
    ['listen:pts:/dev/pts/3', 'an endpoint cannot call on pts'],
    ['listen:pipe:/tmp/x', 'an endpoint cannot call on pipe'],
    ['listen:listen:tcp:a:1', 'no address begins with listen'],
  ])('refuses %s', (text, why) => {
    expect(() => parseAddress(text)).toThrow(AddressError);
    expect(() => parseAddress(text)).toThrow(why);
    expect(() => parseAddress(text)).toThrow(`${text}: `);
  });
});

describe('connections that do not come about', () => {
  const refused = async (address: string, code?: string) => {
    const error = await parseAddress(address, { tls: { ca: CERTIFICATE } })
      .open()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as ConnectError).address).toBe(address);
    expect((error as ConnectError).message).toContain(address);
    if (code !== undefined) expect((error as ConnectError).code).toBe(code);
  };

  it('unix', () => refused(`unix:${folder}/none`, 'ENOENT'));
  it('tcp', async () => refused(await deadPort(), 'ECONNREFUSED'));
  it('tls', async () => refused((await deadPort()).replace('tcp', 'tls'), 'ECONNREFUSED'));
  it('ws', async () => refused(`${(await deadPort()).replace('tcp:', 'ws://')}/`, 'ECONNREFUSED'));
  it('wss', async () => refused(`${(await deadPort()).replace('tcp:', 'wss://')}/`, 'ECONNREFUSED'));
  it('pts', () => refused(`pts:${folder}/none`, 'ENOENT'));
  it('pipe', () => refused(`pipe:${folder}/none`, 'ENOENT'));

  it('pts: no terminal', async () => {
    await writeFile(join(folder, 'file'), '');
    await refused(`pts:${folder}/file`);
  });

  it('pipe: no named pipe', async () => {
    await writeFile(join(folder, 'file.in'), '');
    await writeFile(join(folder, 'file.out'), '');
    await refused(`pipe:${folder}/file`);
  });

  it('a place to listen that is taken', async () => {
    const listener = (await parseAddress('listen:tcp:127.0.0.1:0').listen())!;
    await expect(parseAddress(`listen:${listener.address}`).open()).rejects.toMatchObject({
      name: 'ConnectError',
      code: 'EADDRINUSE',
    });
    await listener.close();
  });

  it('a listener without a certificate', async () => {
    await expect(parseAddress('listen:tls:127.0.0.1:0').open()).rejects.toThrow(ConnectError);
    await expect(
      parseAddress('listen:wss://127.0.0.1:0', { tls: { cert: 'none', key: 'none' } }).open(),
    ).rejects.toThrow('cannot read a TLS file');
  });

  it.each(['tls:127.0.0.1:0', 'wss://127.0.0.1:0/'])(
    'a certificate that is not trusted: %s',
    async (address) => {
      const listener = (await parseAddress(`listen:${address}`, {
        tls: { cert: CERTIFICATE, key: KEY },
      }).listen())!;
      await expect(parseAddress(listener.address).open()).rejects.toThrow(/certificate/);
      const insecure = await parseAddress(listener.address, { tls: { insecure: true } }).open();
      await insecure.close();
      await listener.close();
    },
  );

  it.each(['unix:@/socket', 'tcp:127.0.0.1:0'])('a call that does not come: %s', async (place) => {
    const abort = new AbortController();
    const called = parseAddress(`listen:${place.replace('@', folder)}`).open({ signal: abort.signal });
    abort.abort(new Error('waited long enough'));
    await expect(called).rejects.toThrow('nobody called: waited long enough');
  });

  it('a call that was too late', async () => {
    const listener = (await parseAddress('listen:tcp:127.0.0.1:0').listen())!;
    const called = listener.accept();
    await listener.close();
    await listener.close();
    await expect(called).rejects.toThrow('the listener was closed');
    await expect(listener.accept()).rejects.toThrow('the listener was closed');
  });
});

describe('pipes', () => {
  it('stop waiting for the other side when asked to', async () => {
    execFileSync('mkfifo', [join(folder, 'monitor.in'), join(folder, 'monitor.out')]);
    const abort = new AbortController();
    const opened = parseAddress(`pipe:${folder}/monitor`).open({ signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(opened).rejects.toThrow('enough');
  });
});

describe('websocket endpoints', () => {
  it.each([true, false])('text frames, subprotocol known: %s', async (known) => {
    const http = createServer().listen(0, '127.0.0.1');
    const server = new WebSocketServer({ server: http, handleProtocols: () => (known ? 'binary' : false) });
    server.on('connection', (socket) => socket.send('{"QMP": {}}\r\n'));
    await new Promise((resolve) => http.once('listening', resolve));
    const { port } = http.address() as AddressInfo;
    const transport = await parseAddress(`ws://127.0.0.1:${port}/`).open();
    const greeting = await new Promise<Uint8Array>((resolve) =>
      transport.open({ data: resolve, closed: () => {} }),
    );
    expect(Buffer.from(greeting).toString()).toBe('{"QMP": {}}\r\n');
    await transport.close();
    await new Promise((resolve) => http.close(resolve));
  });
});
