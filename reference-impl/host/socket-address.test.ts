import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SocketAddress } from '../../spec/generated/qmp.ts';
import { CommandError } from '../qapi/command-error.ts';
import { connectSocket, listenSocket } from './socket-address.ts';

let folder: string;
const servers: net.Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-socket-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  await rm(folder, { recursive: true });
});

async function listen(address: SocketAddress): Promise<number> {
  const server = await listenSocket(address, folder, (socket) => socket.end('hello'));
  servers.push(server);
  return (server.address() as net.AddressInfo).port;
}

async function greeting(address: SocketAddress): Promise<string> {
  const socket = await connectSocket(address, folder, new AbortController().signal);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

const inet = (port: number | string, more: object = {}): SocketAddress => ({
  type: 'inet',
  host: '127.0.0.1',
  port: String(port),
  ...more,
});

test('over a local socket, by a relative path too', async () => {
  await listen({ type: 'unix', path: 's' });
  expect(await greeting({ type: 'unix', path: join(folder, 's') })).toBe('hello');
});

test('over TCP, by name too', async () => {
  const port = await listen(inet(0));
  expect(await greeting(inet(port))).toBe('hello');
  expect(await greeting({ type: 'inet', host: 'localhost', port: String(port), ipv4: true })).toBe('hello');
});

test('the first free port of a range', async () => {
  const taken = await listen(inet(0));
  const port = await listen(inet(taken, { to: Math.min(taken + 20, 65535) }));
  expect(port).toBeGreaterThan(taken);
});

test('a socket that was left behind makes room, a file does not', async () => {
  await writeFile(join(folder, 'file'), 'precious');
  await expect(listen({ type: 'unix', path: 'file' })).rejects.toThrow(
    'Failed to bind socket to file: Address already in use',
  );
  const left = net.createServer().listen(join(folder, 's'));
  await new Promise((resolve) => left.once('listening', resolve));
  servers.push(left);
  await listen({ type: 'unix', path: 's' });
  expect(await greeting({ type: 'unix', path: 's' })).toBe('hello');
});

describe('refused', () => {
  const none = { type: 'unix', path: 'none.sock' } as const;
  test.each<[string, SocketAddress]>([
    ['Failed to connect socket none.sock: No such file or directory', none],
    ['Failed to connect socket: Connection refused', inet(1)],
    ['address resolution failed for 127.0.0.1:nosvc: Servname not supported for ai_socktype', inet('nosvc')],
    [
      'address resolution failed for 127.0.0.1:1: Address family for hostname not supported',
      inet(1, { ipv6: true }),
    ],
    ['Cannot disable IPv4 and IPv6 at same time', inet(1, { ipv4: false, ipv6: false })],
    [`UNIX socket path '${'x'.repeat(109)}' is too long`, { type: 'unix', path: 'x'.repeat(109) }],
    ['socket family AF_VSOCK unsupported', { type: 'vsock', cid: '1', port: '2' }],
    ["File descriptor named 'fd0' has not been found", { type: 'fd', str: 'fd0' }],
  ])('%s', async (message, address) => {
    await expect(connectSocket(address, folder, new AbortController().signal)).rejects.toEqual(
      new CommandError(message),
    );
  });

  test('a port that is taken', async () => {
    const port = await listen(inet(0));
    await expect(listen(inet(port))).rejects.toThrow('Failed to bind socket: Address already in use');
  });
});
