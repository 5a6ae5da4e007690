import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listExports } from './list-exports.ts';

const GREETING = Buffer.from('NBDMAGICIHAVEOPT\0\u0003', 'latin1');
const LIST = 3;
const TIME = 5_000;

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-nbd-'));
});
afterEach(async () => {
  await new Promise<void>((done) => (server === undefined ? done() : server.close(() => done())));
  rmSync(folder, { recursive: true });
});

function reply(type: number, body = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32BE(LIST, 8);
  head.writeUInt32BE(type, 12);
  head.writeUInt32BE(body.length, 16);
  return Buffer.concat([head, body]);
}

function named(name: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(name));
  return reply(2, Buffer.concat([length, Buffer.from(name)]));
}

/** Gives `answer` to whoever asks, and what it lists. */
async function listedBy(answer: Buffer): Promise<string[] | null> {
  const path = join(folder, 'sock');
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
    socket.write(GREETING);
  });
  await new Promise<void>((done) => server!.listen(path, done));
  return listExports(path, AbortSignal.timeout(TIME));
}

test('names of all exports', async () => {
  expect(await listedBy(Buffer.concat([named('a'), named(''), named('é'), reply(1)]))).toEqual([
    'a',
    '',
    'é',
  ]);
});

test('none, where nothing is exported', async () => {
  expect(await listedBy(reply(1))).toEqual([]);
});

test('null where nobody listens', async () => {
  expect(await listExports(join(folder, 'nobody'), AbortSignal.timeout(TIME))).toBeNull();
});

test('rejects for a server that does not tell, or says nothing', async () => {
  await expect(listedBy(reply(2 ** 31 + 2))).rejects.toThrow('does not list');
});
