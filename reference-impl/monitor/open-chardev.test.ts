/** Monitors on real sockets and on the standard streams of a child. */
import { existsSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Reference } from '../endpoint.ts';
import { startReference } from '../start-reference.ts';

let folder: string;
let reference: Reference | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-server-'));
});
afterEach(async () => {
  await reference?.stop();
  reference = undefined;
  rmSync(folder, { recursive: true });
});

async function start(...argv: string[]): Promise<Reference> {
  reference = await startReference({ argv, cwd: folder });
  return reference;
}

/** A client that reads lines. */
class Client {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #text = '';
  #arrived: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString();
      this.#arrived();
    });
  }

  async line(): Promise<string> {
    while (!this.#text.includes('\r\n')) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    const end = this.#text.indexOf('\r\n');
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    return line;
  }

  async ask(text: string): Promise<string> {
    this.socket.write(text);
    return this.line();
  }
}

const CAPABILITIES = '{"execute": "qmp_capabilities"}';
const VERSION = '{"execute": "query-version"}';

/** A free port: one that was just given up. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function converse(client: Client): Promise<void> {
  expect(await client.line()).toContain('"QMP"');
  expect(await client.ask(CAPABILITIES)).toBe('{"return": {}}');
  expect(await client.ask(VERSION)).toContain('"micro": 50');
}

describe('listening', () => {
  test.each([
    ['-qmp', 'unix:s,server,nowait'],
    ['-qmp', 'unix:s,server=on,wait=off'],
  ])('%s %s', async (...argv) => {
    await start(...argv);
    const client = new Client(connect(join(folder, 's')));
    await converse(client);
    client.socket.write('{"execute": "quit"}');
    expect(await client.line()).toContain('SHUTDOWN');
    expect(await client.line()).toBe('{"return": {}}');
    await client.closed;
    expect(await reference!.exited).toBe(0);
    expect(existsSync(join(folder, 's'))).toBe(false);
  });

  test('-chardev with -mon, several of them', async () => {
    await start(
      '-chardev',
      'socket,id=a,path=a,server=on,wait=off',
      '-mon',
      'chardev=a,mode=control',
      '-chardev',
      'socket,id=b,path=b,server,nowait',
      '-mon',
      'b,mode=control',
    );
    await converse(new Client(connect(join(folder, 'a'))));
    await converse(new Client(connect(join(folder, 'b'))));
  });

  test('tcp', async () => {
    const port = await freePort();
    await start('-qmp', `tcp:127.0.0.1:${port},server,nowait`);
    await converse(new Client(connect(port, '127.0.0.1')));
  });

  test('a second client is greeted when the first has left', async () => {
    await start('-qmp', 'unix:s,server,nowait');
    const first = new Client(connect(join(folder, 's')));
    await converse(first);
    const second = new Client(connect(join(folder, 's')));
    await new Promise((resolve) => second.socket.once('connect', resolve));
    second.socket.write(CAPABILITIES);
    expect(await first.ask(VERSION)).toContain('"micro": 50');
    expect(second.socket.bytesRead).toBe(0);
    first.socket.destroy();
    expect(await second.line()).toContain('"QMP"');
    expect(await second.line()).toBe('{"return": {}}');
  });

  test('who closes only the sending half still gets the replies', async () => {
    await start('-qmp', 'unix:s,server,nowait');
    const client = new Client(connect({ path: join(folder, 's'), allowHalfOpen: true }));
    client.socket.end(CAPABILITIES + VERSION);
    expect(await client.line()).toContain('"QMP"');
    expect(await client.line()).toBe('{"return": {}}');
    expect(await client.line()).toContain('"micro": 50');
    await client.closed;
  });

  test('who sends no more is answered all the same, although it takes time, and then the next is served', async () => {
    writeFileSync(join(folder, 'disk'), new Uint8Array(1 << 20));
    await start('-M', 'none', '-qmp', 'unix:s,server,nowait');
    const add =
      '{"execute": "blockdev-add", "arguments": {"driver": "file", "node-name": "n", "filename": "disk"}}';
    const [client, next] = [1, 2].map(
      () => new Client(connect({ path: join(folder, 's'), allowHalfOpen: true })),
    );
    client!.socket.end(CAPABILITIES + add + VERSION);
    next!.socket.end(CAPABILITIES);
    expect(await client!.line()).toContain('"QMP"');
    expect(await client!.line()).toBe('{"return": {}}');
    expect(await client!.line()).toBe('{"return": {}}');
    expect(await client!.line()).toContain('"micro": 50');
    await client!.closed;
    expect(await next!.line()).toContain('"QMP"');
    expect(await next!.line()).toBe('{"return": {}}');
    await next!.closed;
  });

  test('so is who types to a human monitor', async () => {
    writeFileSync(join(folder, 'disk'), new Uint8Array(1 << 20));
    const drive = 'if=none,id=d0,format=raw,file=disk';
    await start('-M', 'none', '-drive', drive, '-monitor', 'unix:s,server,nowait');
    const client = new Client(connect({ path: join(folder, 's'), allowHalfOpen: true }));
    client.socket.end('qemu-io d0 "write 0 64k"\ninfo block\n');
    const said: string[] = [];
    while (!said.join().includes('disk (raw)')) said.push(await client.line());
    expect(said[0]).toContain('monitor - type');
    await client.closed;
  });

  test('a client that does not read is not read from either', async () => {
    await start('-qmp', 'unix:s,server,nowait', '-qmp', 'unix:t,server,nowait');
    const client = new Client(connect(join(folder, 's')));
    await converse(client);
    const other = new Client(connect(join(folder, 't')));
    await converse(other);
    client.socket.pause();
    // Replies of 300 MB, if all were made.
    client.socket.write('{"execute": "query-qmp-schema"}'.repeat(20_000));
    const before = process.memoryUsage.rss();
    for (let round = 0; round < 200; round += 1) await other.ask(VERSION);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
    client.socket.destroy();
  });

  test('a socket left behind is replaced, anything else is not', async () => {
    await start('-qmp', 'unix:s,server,nowait');
    await (await startReference({ argv: ['-qmp', 'unix:s,server,nowait'], cwd: folder })).stop();
    writeFileSync(join(folder, 'file'), 'precious');
    await expect(startReference({ argv: ['-qmp', 'unix:file,server'], cwd: folder })).rejects.toThrow(
      `-qmp unix:file,server: Failed to bind socket to ${join(folder, 'file')}: Address already in use`,
    );
  });

  test('a socket has its name only when somebody listens, and gives it back', async () => {
    const seen: string[] = [];
    const watcher = watch(folder, (_event, name) => seen.push(name!));
    reference = await startReference({ argv: ['-qmp', 'unix:s,server,nowait'], cwd: folder });
    await expect.poll(() => seen).toContain('s');
    watcher.close();
    expect(seen[0]).toBe(`s.${process.pid}`);
    expect(readdirSync(folder)).toEqual(['s']);
    await reference.stop();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a folder that is not there', async () => {
    await expect(start('-qmp', 'unix:no/s,server,nowait')).rejects.toThrow('No such file or directory');
  });
});

describe('connecting out', () => {
  let listener: Server;

  afterEach(() => listener.close());

  test('to a unix socket', async () => {
    listener = createServer();
    const accepted = new Promise<Client>((resolve) =>
      listener.once('connection', (socket) => resolve(new Client(socket))),
    );
    await new Promise<void>((resolve) => listener.listen(join(folder, 'l'), resolve));
    await start('-qmp', 'unix:l');
    await converse(await accepted);
  });

  test('where nobody listens', async () => {
    listener = createServer();
    await expect(start('-qmp', 'unix:l')).rejects.toThrow('Failed to connect socket');
    await expect(start('-qmp', `tcp:127.0.0.1:${await freePort()}`)).rejects.toThrow('Connection refused');
  });
});
