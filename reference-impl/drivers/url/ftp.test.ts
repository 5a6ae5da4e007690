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
  test('one that is long enough is broken off, and its connection with it', async () => {
    const node = await nodes.open(url, { readahead: 512 });
    expect(server.asked.slice(0, 2)).toEqual(['OPTS UTF8 ON', 'USER anonymous']);
    expect(server.asked.at(-1)).toBe('SIZE disk.img');
    for (const offset of [4096, 8192]) {
      await check(node, offset, 512);
      expect(server.asked.slice(-3)).toEqual(['EPSV', `REST ${offset}`, 'RETR disk.img']);
      await server.deserted();
    }
    expect(server.connections()).toBe(3);
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
    ['no such file', except('SIZE', '550 gone'), `${refused}550 gone`],
    ['no sizes', except('SIZE', '502 what?'), `${refused}502 what?`],
    ['a size in words', except('SIZE', '213 many'), `${refused}Server didn't report file size.`],
    ['a size below zero', except('SIZE', '213 -7'), `${refused}Server didn't report file size.`],
    ['a login that is not known', except('PASS', '530 no'), `${refused}530 no`],
  ])('%s is refused', async (_what, answer, message) => {
    server.answer = answer;
    await expect(nodes.open(url)).rejects.toThrow(message);
    expect(nodes.graph.nodes).toEqual([]);
    await server.deserted();
  });

  test('names are decoded, and cannot be commands', async () => {
    const place = `ftp://joe:p%40ss@127.0.0.1:${server.port}`;
    await nodes.open(`${place}/a%20b//c/%2fd.img;type=i`);
    expect(server.asked).toContain('PASS p@ss');
    expect(server.asked.at(-1)).toBe('SIZE a b//c//d.img');
    await expect(nodes.open(`${place}/a%0d%0aDELE%20x`)).rejects.toThrow('bad/illegal format');
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
    const message = new RegExp(`Failed to connect to 127.0.0.1 port ${server.port}: Couldn't connect`);
    await expect(nodes.open(url)).rejects.toThrow(message);
  });
});
