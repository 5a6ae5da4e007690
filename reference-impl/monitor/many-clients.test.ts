/** Clients that are many, rude or slow: the others go on being answered, and nothing piles up. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseJson } from '../../spec/json.ts';
import type { Reference } from '../endpoint.ts';
import { startReference } from '../start-reference.ts';
import { ManualClock } from '../testing/test-services.ts';
import type { Chardev } from './chardev.ts';
import type { Frontend, Peer } from './frontend.ts';
import { openChardev } from './open-chardev.ts';

let folder: string;
let reference: Reference;
let clock: ManualClock;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-many-'));
});
afterEach(async () => {
  await reference.stop();
  rmSync(folder, { recursive: true });
});

async function start(monitors: number): Promise<void> {
  clock = new ManualClock();
  const options = Array.from({ length: monitors }, (_, index) => [
    '-qmp',
    `unix:m${index},server=on,wait=off`,
  ]);
  reference = await startReference({ argv: ['-M', 'none', ...options.flat()], cwd: folder, clock });
}

/** A client that reads line by line. */
class Client {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(monitor = 0) {
    this.socket = connect(join(folder, `m${monitor}`));
    this.#lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  async next(): Promise<Record<string, unknown>> {
    return parseJson((await this.#lines.next()).value as string) as Record<string, unknown>;
  }

  ask(text: string): Promise<Record<string, unknown>> {
    this.socket.write(text);
    return this.next();
  }

  async negotiate(): Promise<this> {
    expect(await this.next()).toHaveProperty('QMP');
    expect(await this.ask(CAPABILITIES)).toEqual({ return: {} });
    return this;
  }

  async leave(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    this.socket.destroy();
    await closed;
  }
}

const CAPABILITIES = '{"execute": "qmp_capabilities"}';
const VERSION = '{"execute": "query-version"}';
const openFiles = () => readdirSync('/proc/self/fd').length;

test('1,000 connects and disconnects, some with a command half said', async () => {
  await start(2);
  const other = await new Client(1).negotiate();
  const files = openFiles();
  const comeAndGo = async (index: number) => {
    const client = new Client();
    if (index % 3 > 0) await client.next();
    client.socket.write(index % 3 === 1 ? CAPABILITIES : '{"execute": "que');
    await client.leave();
  };
  for (let index = 0; index < 200; index += 1) await comeAndGo(index);
  const before = process.memoryUsage.rss();
  for (let index = 200; index < 1000; index += 1) {
    await comeAndGo(index);
    if (index % 100 === 0) expect(await other.ask(VERSION)).toHaveProperty('return');
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 << 20);
  // The last to come is served only when all before have left.
  const last = await new Client().negotiate();
  expect(openFiles() - files).toBeLessThanOrEqual(2);
  await Promise.all([last.leave(), other.leave()]);
});

test('200 monitors at once: each is answered, and each hears of events', async () => {
  await start(200);
  const clients = await Promise.all(Array.from({ length: 200 }, (_, index) => new Client(index).negotiate()));
  const replies = await Promise.all(
    clients.map((client, id) => client.ask(`{"execute": "query-status", "id": ${id}}`)),
  );
  expect(replies.map(({ id }) => id)).toEqual(clients.map((_, id) => id));
  clients[0]!.socket.write('{"execute": "stop"}');
  const events = await Promise.all(clients.map((client) => client.next()));
  expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['STOP']));
  await Promise.all(clients.map((client) => client.leave()));
});

test('one that never reads keeps nobody waiting, and is told no more than fits', async () => {
  await start(2);
  const deaf = await new Client(0).negotiate();
  const other = await new Client(1).negotiate();
  deaf.socket.pause();
  // Events are for it too, and 20,000 replies of which each is long.
  deaf.socket.write('{"execute": "query-qmp-schema"}'.repeat(20_000));
  const before = process.memoryUsage.rss();
  for (let round = 0; round < 200; round += 1) {
    other.socket.write(round % 2 === 0 ? '{"execute": "stop"}' : '{"execute": "cont"}');
    expect(await other.next()).toHaveProperty('event');
    expect(await other.next()).toEqual({ return: {} });
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
  await Promise.all([deaf.leave(), other.leave()]);
});

test('one that leaves more unread than can be kept is hung up on', async () => {
  await start(0);
  const path = join(folder, 's');
  const peers: Peer[] = [];
  const gone = new Promise<void>((resolve) => {
    const frontend: Frontend = {
      connect: (peer) => {
        peers.push(peer);
        return { receive: () => {} };
      },
      disconnect: () => resolve(),
    };
    const chardev: Chardev = {
      backend: 'socket',
      address: { path },
      server: true,
      telnet: false,
      reconnect: 0,
    };
    void openChardev(frontend, chardev, { cwd: folder, orphaned: () => {}, print: () => {} }).then(
      (close) => {
        void gone.then(close);
        socket = connect(path);
      },
    );
  });
  let socket: Socket | undefined;
  while (peers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  socket!.pause();
  const megabyte = 'x'.repeat(1 << 20);
  for (let sent = 0; sent < 16; sent += 1) peers[0]!.write(megabyte);
  expect(socket!.destroyed).toBe(false);
  for (let sent = 0; sent < 24; sent += 1) peers[0]!.write(megabyte);
  await gone;
  socket!.destroy();
});

test('one that sends a byte a second is answered in the end, and others meanwhile', async () => {
  await start(2);
  const slow = await new Client(0).negotiate();
  const other = await new Client(1).negotiate();
  const answer = slow.next();
  for (const byte of VERSION) {
    slow.socket.write(byte);
    clock.advance(1_000_000_000n);
    expect(await other.ask(VERSION)).toHaveProperty('return');
  }
  expect(await answer).toHaveProperty('return');
  await Promise.all([slow.leave(), other.leave()]);
});

test('one that leaves in the middle of a command: no reply of its reaches the next', async () => {
  await start(1);
  const accepted: Socket[] = [];
  // A server of NBD that says nothing: whoever connects to it waits.
  const server = createServer((socket) => accepted.push(socket)).listen(join(folder, 'nbd'));
  const waiting = new Promise<void>((resolve) => server.once('connection', () => resolve()));
  const first = await new Client().negotiate();
  first.socket.write(
    '{"execute": "blockdev-add", "id": "mine", "arguments": {"driver": "nbd", "node-name": "n", ' +
      `"server": {"type": "unix", "path": "nbd"}}}${VERSION}`,
  );
  await waiting;
  const second = new Client();
  await first.leave();
  second.socket.write(CAPABILITIES);
  for (const socket of accepted) socket.destroy();
  expect(await second.next()).toHaveProperty('QMP');
  expect(await second.next()).toEqual({ return: {} });
  expect(await second.ask('{"execute": "query-status", "id": "yours"}')).toMatchObject({ id: 'yours' });
  await second.leave();
  await new Promise((resolve) => server.close(resolve));
});
