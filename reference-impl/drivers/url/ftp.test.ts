/** The driver ftp on servers that answer as the tests want it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Node } from '../../graph/node.ts';
import {
  type FtpAnswer,
  ftpAnswer,
  type ScriptedFtpServer,
  scriptedFtpServer,
  sendsFile,
} from '../../testing/scripted-file-servers.ts';
import { bytesAt, checkBytes, sectors, type UrlNodes, urlNodes } from '../../testing/url-fixture.ts';

const KiB = 1024;
const content = sectors(512 * KiB);
const honest = ftpAnswer(content.length);
const check = (node: Node, offset: number, length: number): Promise<void> =>
  checkBytes(node, content, offset, length);
const failure = { name: 'IoError', code: 'EIO' };
const LOGIN = ['USER anonymous', 'PASS ftp@example.com', 'TYPE I'];

let nodes: UrlNodes;
let server: ScriptedFtpServer;
let url: string;
beforeEach(async () => {
  nodes = await urlNodes();
  server = await scriptedFtpServer(honest, sendsFile(content));
  url = `ftp://127.0.0.1:${server.port}/disk.img`;
});
afterEach(async () => {
  await nodes.end();
  await server.deserted();
  await server.stop();
});

const except = (verb: string, said: string | undefined): FtpAnswer => {
  return (other, argument) => (other === verb ? said : honest(other, argument));
};

describe('transfers', () => {
  test('one that comes to the end of the file leaves its connection to the next', async () => {
    const node = await nodes.open(url);
    expect(server.asked).toEqual([...LOGIN, 'SIZE disk.img', 'REST 0']);
    for (const offset of [508 * KiB, 500 * KiB]) {
      await check(node, offset, 4096);
      expect(server.asked.splice(0).slice(-3)).toEqual(['EPSV', `REST ${offset}`, 'RETR disk.img']);
      // Data arrive before the word that they have.
      await nodes.services.hostWork.idle();
    }
    expect(server.connections()).toBe(1);
  });

  test('one that is long enough is broken off, and its connection with it', async () => {
    const node = await nodes.open(url, { readahead: 512 });
    await check(node, 4096, 512);
    await server.deserted();
    await check(node, 8192, 512);
    expect(server.connections()).toBe(2);
  });

  test.each<[string, Partial<ScriptedFtpServer>]>([
    ['ends early', { transfer: sendsFile(content.subarray(0, 4100)) }],
    ['is never begun', { answer: except('RETR', '550 gone') }],
    ['begins in the wrong place', { answer: except('REST', '502 not here') }],
    ['is broken off', { transfer: (data) => data.resetAndDestroy() }],
    [
      'ends with the connection',
      {
        transfer: () => {
          for (const socket of server.sockets) socket.destroy();
        },
      },
    ],
    ['is told of without a number', { answer: except('RETR', 'hello') }],
  ])('one that %s is an error of the read, and the node goes on', async (_what, spoilt) => {
    const node = await nodes.open(url, { readahead: 512 });
    Object.assign(server, spoilt);
    const read = bytesAt(node, 4096, 4096);
    read.catch(() => {});
    if (spoilt.answer?.('RETR', '') === 'hello') {
      await vi.waitUntil(() => server.asked.at(-1)?.startsWith('RETR'));
      nodes.clock.advance(5_000_000_000n);
    }
    await expect(read).rejects.toMatchObject(failure);
    Object.assign(server, { answer: honest, transfer: sendsFile(content) });
    await check(node, 4096, 4096);
  });

  test('a node that is closed while bytes come hangs up', async () => {
    const node = await nodes.open(url);
    server.transfer = (data) => data.write(content.subarray(0, 4096));
    await check(node, 0, 512);
    await nodes.graph.release(node);
    await server.deserted();
  });
});

describe('opening', () => {
  const refused = 'CURL: Error opening file: ';

  test.each<[string, FtpAnswer, string]>([
    ['no such file', except('SIZE', '550 gone'), `${refused}The file does not exist`],
    ['no sizes', except('SIZE', '502 what?'), `${refused}Server didn't report file size.`],
    ['a size in words', except('SIZE', '213 many'), `${refused}Server didn't report file size.`],
    ['a size below zero', except('SIZE', '213 -7'), `${refused}Server didn't report file size.`],
    ['a login that is not known', except('PASS', '530 no'), `${refused}Access denied: 530`],
  ])('%s is refused', async (_what, answer, message) => {
    server.answer = answer;
    await expect(nodes.open(url)).rejects.toThrow(message);
    expect(nodes.graph.nodes).toEqual([]);
    await server.deserted();
  });

  test('names are decoded, and cannot be commands', async () => {
    server.answer = (verb, argument) => (verb === 'CWD' ? '250 there' : honest(verb, argument));
    const place = `ftp://joe:p%40ss@127.0.0.1:${server.port}`;
    await nodes.open(`${place}/a%20b//c/%2fd.img;type=i`);
    expect(server.asked).toEqual([
      'USER joe',
      'PASS p@ss',
      'CWD a b',
      'CWD c',
      'TYPE I',
      'SIZE /d.img',
      'REST 0',
    ]);
    await expect(nodes.open(`${place}/a%0d%0aDELE%20x`)).rejects.toThrow('bad/illegal format');
    await expect(nodes.open(`${place}/folder/`)).rejects.toThrow("Server didn't report file size.");
  });

  test('a server that says nothing is given up', async () => {
    server.answer = except('USER', undefined);
    const opening = nodes.open(url, { timeout: 2 });
    await vi.waitUntil(() => server.asked.length > 0);
    nodes.clock.advance(2_000_000_000n);
    await expect(opening).rejects.toThrow('Operation timed out after 2000 milliseconds');
  });

  test('nobody there', async () => {
    await server.stop();
    const message = new RegExp(
      `Failed to connect to 127.0.0.1 port ${server.port} after \\d+ ms: Couldn't connect`,
    );
    await expect(nodes.open(url)).rejects.toThrow(message);
  });
});
