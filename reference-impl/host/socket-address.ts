/**
 * Sockets by the addresses of the schema (`SocketAddress`): connecting out, and listening. Addresses between host and guest
 * and descriptors that the endpoint was given do not exist here.
 */
import { lookup } from 'node:dns/promises';
import { access, lstat, rm } from 'node:fs/promises';
import net from 'node:net';
import { dirname, resolve } from 'node:path';
import type { SocketAddress } from '../../spec/generated/qmp.ts';
import { CommandError } from '../qapi/command-error.ts';
import { errnoText, reasonOf } from './errno.ts';
import { unlessEnded } from './patience.ts';

type InetAddress = Extract<SocketAddress, { type: 'inet' }>;

/** What a local socket's name may take in the kernel's structure; the longest has no final NUL. */
export const UNIX_PATH_MAX = 108;

/** A connection, with nothing read from it yet, which the signal ends at any time. Throws `CommandError`. */
export async function connectSocket(
  address: SocketAddress,
  cwd: string,
  signal: AbortSignal,
): Promise<net.Socket> {
  if (address.type === 'unix') {
    if (address.path === '')
      throw new CommandError(`Failed to connect socket : ${errnoText('ECONNREFUSED')}`);
    const where = { path: unixPath(address.path, cwd) };
    return connected(where, `Failed to connect socket ${address.path}`, signal);
  }
  if (address.type !== 'inet') return refuse(address);
  const failure = 'Failed to connect socket';
  const port = portNumber(address);
  const hosts = await unlessEnded(signal, resolveHost(address));
  for (const host of hosts.slice(0, -1)) {
    const socket = await connected({ host, port }, failure, signal).catch(() => undefined);
    if (socket !== undefined) return socket;
  }
  return connected({ host: hosts.at(-1)!, port }, failure, signal);
}

/** Listens; removes the socket that an earlier listener left at the path. Throws `CommandError`. */
export async function listenSocket(
  address: SocketAddress,
  cwd: string,
  serve: (socket: net.Socket) => void,
): Promise<net.Server> {
  if (address.type === 'unix') {
    const path = unixPath(address.path, cwd);
    const failure = `Failed to bind socket to ${address.path}`;
    await makeRoom(path, failure);
    return listening({ path }, serve, failure);
  }
  if (address.type !== 'inet') return refuse(address);
  const first = portNumber(address);
  const last = address.to ?? first;
  if (last < first) throw new CommandError(`Failed to create a socket: ${errnoText('EADDRINUSE')}`);
  const [host] = address.host === '' ? [undefined] : await resolveHost(address);
  const where = host === undefined ? anyHost(address) : { host };
  for (let port = first; port < last; port += 1) {
    const server = await listening({ ...where, port }, serve, '').catch(() => undefined);
    if (server !== undefined) return server;
  }
  return listening({ ...where, port: last }, serve, 'Failed to bind socket');
}

/** Removes the socket that an earlier listener left. Throws `CommandError` where `failure` is what cannot be done. */
export async function makeRoom(path: string, failure: string): Promise<void> {
  try {
    // A folder that is missing is told here: binding tells it wrong.
    await access(dirname(path));
    const found = await lstat(path).catch(() => undefined);
    if (found?.isSocket()) await rm(path);
  } catch (error) {
    throw refusal(failure, error);
  }
}

function anyHost({ ipv4, ipv6 }: InetAddress): net.ListenOptions {
  if (ipv6 === false || (ipv4 && ipv6 === undefined)) return { host: '0.0.0.0' };
  return { host: '::', ipv6Only: ipv4 === false || (ipv6 === true && ipv4 === undefined) };
}

function unixPath(path: string, cwd: string): string {
  if (Buffer.byteLength(path) > UNIX_PATH_MAX)
    throw new CommandError(`UNIX socket path '${path}' is too long`);
  if (path === '') throw new CommandError("UNIX socket path '' names no file");
  return resolve(cwd, path);
}

function refuse(address: Extract<SocketAddress, { type: 'vsock' | 'fd' }>): never {
  if (address.type === 'fd')
    throw new CommandError(`File descriptor named '${address.str}' has not been found`);
  throw new CommandError('socket family AF_VSOCK unsupported');
}

function portNumber(address: InetAddress): number {
  if (!/^\d*$/.test(address.port)) {
    const reason = address.numeric ? 'Name or service not known' : 'Servname not supported for ai_socktype';
    throw unresolved(address, reason);
  }
  return Number(address.port) % 2 ** 16;
}

/** The addresses of a host, of the kinds that are wanted; at least one. */
async function resolveHost(address: InetAddress): Promise<readonly string[]> {
  const { host, ipv4, ipv6, numeric } = address;
  if (ipv4 === false && ipv6 === false) throw new CommandError('Cannot disable IPv4 and IPv6 at same time');
  if (numeric && !net.isIP(host)) throw unresolved(address, 'Name or service not known');
  const only4 = ipv6 === false || (ipv4 && ipv6 === undefined);
  const only6 = ipv4 === false || (ipv6 && ipv4 === undefined);
  const family = only4 ? 4 : only6 ? 6 : 0;
  if (family !== 0 && net.isIP(host) !== 0 && net.isIP(host) !== family)
    throw unresolved(address, 'Address family for hostname not supported');
  const found = host === '' ? [] : await lookup(host, { all: true, family }).catch(() => []);
  if (found.length === 0) throw unresolved(address, 'Name or service not known');
  return found.map((entry) => entry.address);
}

function unresolved({ host, port }: InetAddress, reason: string): CommandError {
  return new CommandError(`address resolution failed for ${host}:${port}: ${reason}`);
}

function connected(where: net.NetConnectOpts, failure: string, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((done, fail) => {
    const socket = net.connect(where);
    const end = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', end);
    socket.once('close', () => signal.removeEventListener('abort', end));
    if (signal.aborted) end();
    const refused = (error: Error): void => fail(refusal(failure, error));
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      socket.setNoDelay(true);
      done(socket);
    });
  });
}

function listening(
  where: net.ListenOptions,
  serve: (socket: net.Socket) => void,
  failure: string,
): Promise<net.Server> {
  return new Promise((done, fail) => {
    const server = net.createServer({ noDelay: true }, serve);
    const refused = (error: Error): void => fail(refusal(failure, error));
    server.once('error', refused);
    server.listen(where, () => {
      server.off('error', refused);
      done(server);
    });
  });
}

function refusal(failure: string, error: unknown): CommandError {
  return new CommandError(`${failure}: ${reasonOf(error)}`);
}
