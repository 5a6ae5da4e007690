/** The driver http on servers that answer as the tests want it. */
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Node } from '../../graph/node.ts';
import { createObject } from '../../objects/create-object.ts';
import {
  type Answer,
  fileAnswer,
  listening,
  type ScriptedHttpServer,
  scriptedHttpServer,
} from '../../testing/scripted-file-servers.ts';
import { bytesAt, checkBytes, sectors, type UrlNodes, urlNodes } from '../../testing/url-fixture.ts';

const KiB = 1024;
const content = sectors(2048 * KiB);
const honest = fileAnswer(content);
const check = (node: Node, offset: number, length: number): Promise<void> =>
  checkBytes(node, content, offset, length);
const twice = <T>(each: T): T[] => [each, each];
const failure = { name: 'IoError', code: 'EIO' };
const never: Answer = () => {};

let nodes: UrlNodes;
let server: ScriptedHttpServer;
let url: string;
beforeEach(async () => {
  nodes = await urlNodes();
  server = await scriptedHttpServer(honest);
  url = `http://127.0.0.1:${server.port}/disk.img`;
});
afterEach(async () => {
  await nodes.end();
  // What is closed has let go of its connections.
  await server.deserted();
  await server.stop();
  vi.unstubAllEnvs();
});

/** Resolves with the requests when there are so many. */
async function requests(count: number): Promise<readonly string[]> {
  await vi.waitUntil(() => server.asked.length >= count);
  return server.asked;
}

describe('reads', () => {
  test('what was fetched is asked for once, also by those who come while it is on its way', async () => {
    const node = await nodes.open(url, { readahead: 64 * KiB });
    let go = (): void => {};
    server.answer = (request, response) => {
      go = () => honest(request, response);
    };
    const reads = [0, 4096, 60 * KiB].map((offset) => bytesAt(node, offset, 4096));
    expect(await requests(2)).toEqual(['HEAD /disk.img', 'GET /disk.img bytes=0-69631']);
    go();
    expect(Buffer.concat(await Promise.all(reads))).toEqual(
      Buffer.concat([0, 4096, 60 * KiB].map((offset) => content.subarray(offset, offset + 4096))),
    );
    expect(server.asked).toHaveLength(2);
  });

  test('eight ranges are fetched at once, over connections that are kept, and the rest waits', async () => {
    const node = await nodes.open(url, { readahead: 0 });
    const held: (() => void)[] = [];
    server.answer = (request, response) => held.push(() => honest(request, response));
    const offsets = Array.from({ length: 40 }, (_, i) => i * 16 * KiB);
    const reads = offsets.map((offset) => bytesAt(node, offset, 512));
    await requests(9);
    for (let done = 0; done < offsets.length; done += 1) {
      await vi.waitUntil(() => held.length > 0);
      expect(held.length).toBeLessThanOrEqual(8);
      held.shift()!();
    }
    const got = await Promise.all(reads);
    for (const [i, offset] of offsets.entries())
      expect(got[i]!.equals(content.subarray(offset, offset + 512))).toBe(true);
    // That of the first question may not be free yet.
    expect(server.connections()).toBeLessThanOrEqual(9);
  });

  test('many wait for the same ranges without being forgotten', async () => {
    const node = await nodes.open(url, { readahead: 64 * KiB });
    const offsets = Array.from({ length: 400 }, (_, i) => ((i * 7919) % 4000) * 512);
    const got = await Promise.all(offsets.map((offset) => bytesAt(node, offset, 512)));
    for (const [i, offset] of offsets.entries())
      expect(got[i]!.equals(content.subarray(offset, offset + 512))).toBe(true);
  });

  test('a read is answered as soon as its bytes are there, and fails if they do not come', async () => {
    const node = await nodes.open(url, { readahead: 256 * KiB });
    server.answer = (_request, response) => {
      response.writeHead(206, { 'Content-Length': 260 * KiB }).write(content.subarray(0, 8 * KiB));
    };
    await check(node, 0, 4096);
    const late = bytesAt(node, 128 * KiB, 4096);
    for (const socket of server.sockets) socket.destroy();
    await expect(late).rejects.toMatchObject(failure);
    server.answer = honest;
    await check(node, 0, 4096);
  });

  test('a file that ends inside a sector reads as zeroes behind its end', async () => {
    server.answer = fileAnswer(content.subarray(0, 1000));
    const node = await nodes.open(url);
    expect(node.io.length()).toBe(1024);
    const expected = Buffer.concat([content.subarray(512, 1000), Buffer.alloc(24)]);
    expect(await bytesAt(node, 512, 512)).toEqual(expected);
    expect(server.asked.at(-1)).toBe('GET /disk.img bytes=512-999');
  });

  test('a readahead that is longer than the file costs no more than that', async () => {
    const node = await nodes.open(url, { readahead: 2 ** 40 });
    await check(node, 4096, 512);
    expect(server.asked.at(-1)).toBe(`GET /disk.img bytes=4096-${content.length - 1}`);
  });
});

describe('servers that lie', () => {
  const part = (status: number, headers: Record<string, string | number>, body: Buffer): Answer => {
    return (_request, response) => response.writeHead(status, headers).end(body);
  };

  test.each<[string, Answer]>([
    ['the whole file for a part', part(200, {}, content)],
    ['another range', part(206, { 'Content-Range': 'bytes 0-5119/999999' }, content.subarray(0, 5120))],
    ['a range without numbers', part(206, { 'Content-Range': 'lots' }, content.subarray(0, 5120))],
    ['less than was asked for', part(206, { 'Content-Range': 'bytes 4096-4099/9' }, content.subarray(0, 4))],
    ['nothing', part(206, {}, Buffer.alloc(0))],
    ['a status without a body', part(204, {}, Buffer.alloc(0))],
    ['garbage', (request) => request.socket.end('garbage\r\n\r\n')],
    [
      'half an answer',
      (request) => request.socket.end('HTTP/1.1 206 Partial\r\nContent-Length: 5120\r\n\r\nx'),
    ],
    ['no answer', (request) => request.socket.destroy()],
    ['a refusal with an endless reason', (_request, response) => void response.writeHead(500).write(content)],
  ])('%s is an error of the read, and the node goes on', async (_what, answer) => {
    const node = await nodes.open(url, { readahead: 1024 });
    server.answer = answer;
    await expect(bytesAt(node, 4096, 4096)).rejects.toMatchObject(failure);
    server.answer = honest;
    await check(node, 4096, 4096);
  });

  test('of more than was asked for nothing is taken but that', async () => {
    const node = await nodes.open(url, { readahead: 512 });
    server.answer = part(206, {}, content.subarray(4096));
    await check(node, 4096, 512);
    server.answer = honest;
    await check(node, 8192, 512);
  });

  test('a length that nobody can have costs no memory', async () => {
    server.answer = (_request, response) =>
      response.writeHead(200, { 'Accept-Ranges': 'bytes', 'Content-Length': '9007199254740480' }).end();
    const node = await nodes.open(url, { readahead: 2 ** 50 });
    server.answer = (_request, response) => {
      response.writeHead(206, { 'Content-Length': '900719925474048' }).write(content.subarray(0, 4096));
    };
    const before = process.memoryUsage().arrayBuffers;
    await check(node, 0, 512);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
  });
});

describe('opening', () => {
  const opens = (headers: Record<string, string>): Answer => {
    return (_request, response) => response.writeHead(200, headers).end();
  };
  const refused = 'CURL: Error opening file: ';

  test.each<[string, Answer, string]>([
    ['no length', opens({ 'Accept-Ranges': 'bytes' }), `${refused}Server didn't report file size.`],
    [
      'no ranges',
      opens({ 'Content-Length': '5' }),
      `${refused}Server does not support 'range' (byte ranges).`,
    ],
    [
      'ranges of something else',
      opens({ 'Content-Length': '5', 'Accept-Ranges': 'none' }),
      `${refused}Server does not support 'range' (byte ranges).`,
    ],
    [
      'a length that no node can have',
      opens({ 'Content-Length': '9223372036854775800', 'Accept-Ranges': 'bytes' }),
      'Could not refresh total sector count: File too large',
    ],
    [
      'a length below zero',
      (request) => request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n'),
      `${refused}Invalid character in Content-Length`,
    ],
    ['no HTTP', (request) => request.socket.end('hello\r\n\r\n'), `${refused}Expected HTTP`],
    ['no answer', (request) => request.socket.end(), `${refused}socket hang up`],
    [
      'a redirection in a circle',
      (_request, response) => response.writeHead(302, { Location: '/disk.img' }).end(),
      `${refused}Maximum (50) redirects followed`,
    ],
    [
      'a redirection to a file of the host',
      (_request, response) => response.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
      `${refused}Protocol "file" not supported or disabled in libcurl`,
    ],
    [
      'a redirection to nowhere',
      (_request, response) => response.writeHead(302, { Location: 'http://:x/' }).end(),
      `${refused}The redirect target URL could not be parsed`,
    ],
    [
      'a status',
      (_request, response) => response.writeHead(418).end(),
      `${refused}The requested URL returned error: 418`,
    ],
  ])('%s is refused', async (_what, answer, message) => {
    server.answer = answer;
    await expect(nodes.open(url)).rejects.toThrow(message);
    expect(nodes.graph.nodes).toEqual([]);
    await server.deserted();
  });

  test.each([
    'http://',
    'http://127.0.0.1:99999/x',
    'http://local host/x',
    'http://127.0.0.1/a b',
    'http://127.0.0.1/a\n',
  ])('%j is no URL', async (bad) => {
    await expect(nodes.open(bad)).rejects.toThrow('URL using bad/illegal format or missing URL');
  });

  test('nobody there, and no such host', async () => {
    await server.stop();
    const message = new RegExp(`Failed to connect to 127.0.0.1 port ${server.port}: Couldn't connect`);
    await expect(nodes.open(url)).rejects.toThrow(message);
    await expect(nodes.open('http://nobody.invalid/x')).rejects.toThrow('getaddrinfo');
  });

  test('a server without TLS', async () => {
    const secure = nodes.open(url.replace('http:', 'https:'), { sslverify: false });
    await expect(secure).rejects.toThrow(/^CURL: Error opening file: [a-z ]+$/);
  });

  test('cookies that would be headers of their own are refused', async () => {
    await expect(nodes.open(url, { cookie: 'a=1\r\nX: y' })).rejects.toThrow('CURL: Error opening file: ');
    expect(server.asked).toEqual([]);
  });

  test('a URL keeps its query and its login, and loses its fragment', async () => {
    const told: unknown[] = [];
    server.answer = (request, response) => {
      told.push(request.url, request.headers.authorization);
      honest(request, response);
    };
    await nodes.open(`http://joe:p%40ss@127.0.0.1:${server.port}/a%20b/../c?d=e#f`);
    expect(told).toEqual(['/c?d=e', `Basic ${Buffer.from('joe:p@ss').toString('base64')}`]);
  });
});

describe('who is told what', () => {
  test('a redirection to another server is not told the login, and one to another host no cookies', async () => {
    const other = await scriptedHttpServer(honest);
    const told: unknown[] = [];
    other.answer = (request, response) => {
      told.push([request.headers.host?.split(':')[0], request.headers.authorization, request.headers.cookie]);
      honest(request, response);
    };
    for (const host of ['127.0.0.1', 'localhost']) {
      server.answer = (_request, response) =>
        response.writeHead(307, { Location: `http://${host}:${other.port}/` }).end();
      const node = await nodes.open(url, { username: 'joe', cookie: 'a=1' });
      await check(node, 0, 512);
    }
    expect(told.slice(0, 2)).toEqual(twice(['127.0.0.1', undefined, 'a=1']));
    expect(told.slice(2)).toEqual(twice(['localhost', undefined, undefined]));
    await nodes.end();
    await other.stop();
    nodes = await urlNodes();
  });

  test('a proxy is asked for whole names, with its own login', async () => {
    createObject(nodes.services, 'secret', 'pw', { data: 'sesame' });
    vi.stubEnv('http_proxy', `127.0.0.1:${server.port}`);
    vi.stubEnv('no_proxy', 'elsewhere.invalid');
    const told: unknown[] = [];
    server.answer = (request, response) => {
      told.push([request.url, request.headers.host, request.headers['proxy-authorization']]);
      honest(request, response);
    };
    const login = { 'proxy-username': 'joe', 'proxy-password-secret': 'pw' };
    const node = await nodes.open('http://disks.invalid/disk.img?x', login);
    await check(node, 4096, 512);
    const basic = `Basic ${Buffer.from('joe:sesame').toString('base64')}`;
    expect(told).toEqual(twice(['http://disks.invalid/disk.img?x', 'disks.invalid', basic]));
    await expect(nodes.open('http://elsewhere.invalid/x')).rejects.toThrow('getaddrinfo');
  });
});

describe('time', () => {
  test('an open that takes too long is given up', async () => {
    server.answer = never;
    const opening = nodes.open(url, { timeout: 3 });
    await requests(1);
    nodes.clock.advance(2_999_000_000n);
    nodes.clock.advance(1_000_000n);
    await expect(opening).rejects.toThrow(
      'Operation timed out after 3000 milliseconds with 0 bytes received',
    );
  });

  test.each(['https', 'ftp', 'ftps'])(
    'a server that takes a connection of %s and says nothing is left',
    async (scheme) => {
      const silent = await listening(createServer());
      const opening = nodes.open(`${scheme}://127.0.0.1:${silent.port}/disk.img`, { sslverify: false });
      await vi.waitUntil(() => silent.sockets.size > 0);
      nodes.clock.advance(5_000_000_000n);
      await expect(opening).rejects.toThrow('Operation timed out after 5000 milliseconds');
      for (const socket of silent.sockets) socket.resume();
      await silent.deserted();
      await silent.stop();
    },
  );

  test('a read that takes too long fails, even if bytes trickle; the next one does not', async () => {
    const node = await nodes.open(url, { readahead: 0 });
    server.answer = (_request, response) => {
      response.writeHead(206, { 'Content-Length': 4096 }).write(content.subarray(0, 100));
    };
    const read = bytesAt(node, 0, 4096);
    await requests(2);
    nodes.clock.advance(5_000_000_000n);
    await expect(read).rejects.toMatchObject(failure);
    server.answer = honest;
    await check(node, 0, 4096);
  });

  test('0 is for ever', async () => {
    let go = (): void => {};
    server.answer = (request, response) => {
      go = () => honest(request, response);
    };
    const opening = nodes.open(url, { timeout: 0 });
    await requests(1);
    nodes.clock.advance(10n ** 15n);
    go();
    await opening;
  });
});

describe('connections', () => {
  test('one that the server has closed meanwhile is made again, and a request that it ended is sent again', async () => {
    const node = await nodes.open(url, { readahead: 0 });
    await bytesAt(node, 0, 512);
    for (const socket of server.sockets) socket.destroy();
    await server.deserted();
    await check(node, 4096, 512);
    // The connection is free again.
    await nodes.services.hostWork.idle();
    server.answer = (request) => {
      server.answer = honest;
      request.socket.destroy();
    };
    await check(node, 8192, 512);
  });

  test('a server that comes back is found again', async () => {
    const node = await nodes.open(url, { readahead: 0 });
    await server.stop();
    await expect(bytesAt(node, 0, 512)).rejects.toMatchObject(failure);
    server = await scriptedHttpServer(honest, server.port);
    await check(node, 0, 512);
  });

  test('a node that is closed while bytes come hangs up', async () => {
    const node = await nodes.open(url, { readahead: 1024 * KiB });
    server.answer = (_request, response) => {
      response.writeHead(206, { 'Content-Length': 1_049_088 }).write(content.subarray(0, 4096));
    };
    await bytesAt(node, 0, 512);
    await nodes.graph.release(node);
    await server.deserted();
  });
});
