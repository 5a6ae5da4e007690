/** The client against a server of a few lines: however the bytes come, and when they do not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { NbdClient, NbdClosed, NbdError } from './nbd-client.ts';

const GREETING = Buffer.from('NBDMAGICIHAVEOPT\0\u0003', 'latin1');
const OPTION = 21;
const REQUEST = 28;
const SIZE = 3 * 2 ** 20;

let folder: string;
let server: Server | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-nbd-'));
});
afterEach(() => new Promise<void>((done) => (server === undefined ? done() : server.close(() => done()))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Connects to one who sends the greeting, the export's description, and to the nth request what `answer` gives. */
async function connected(
  answer: (request: Buffer, send: (bytes: Buffer) => void, socket: Socket) => void,
  signal?: AbortSignal,
  flags = 1,
): Promise<NbdClient> {
  const path = join(folder, 'sock');
  server = createServer((socket) => {
    let [known, came] = [false, Buffer.alloc(0)];
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      came = Buffer.concat([came, bytes as Buffer]);
      if (!known && came.length >= OPTION) {
        known = true;
        came = came.subarray(OPTION);
        const described = Buffer.alloc(10);
        described.writeBigUInt64BE(BigInt(SIZE), 0);
        described.writeUInt16BE(flags, 8);
        socket.write(described);
      }
      if (known && came.length >= REQUEST) {
        const request = came;
        came = Buffer.alloc(0);
        answer(request, (out) => socket.write(out), socket);
      }
    });
    socket.write(GREETING);
  });
  await new Promise<void>((done) => server!.listen(path, done));
  return NbdClient.connect(path, 'x', signal);
}

function reply(code = 0): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(0x67446698, 0);
  head.writeUInt32BE(code, 4);
  return head;
}

test('reads what is longer than one request may be', async () => {
  const lengths: number[] = [];
  const client = await connected((request, send) => {
    const [offset, length] = [Number(request.readBigUInt64BE(16)), request.readUInt32BE(24)];
    lengths.push(length);
    send(Buffer.concat([reply(), Buffer.alloc(length, 1 + offset / 2 ** 20)]));
  });
  expect(client).toMatchObject({ size: SIZE, readOnly: false });
  const bytes = await client.read(0, 2.5 * 2 ** 20);
  client.close();
  expect(lengths).toEqual([2 ** 20, 2 ** 20, 2 ** 19]);
  expect([0, 2 ** 20, 2 ** 21, bytes.length - 1].map((at) => bytes[at])).toEqual([1, 2, 3, 3]);
  expect(bytes.length).toBe(2.5 * 2 ** 20);
});

test('reads what comes byte by byte', async () => {
  const client = await connected((request, send) => {
    const bytes = Buffer.concat([reply(), Buffer.from('abcdef').subarray(0, request.readUInt32BE(24))]);
    const step = (at: number): void => {
      if (at === bytes.length) return;
      send(bytes.subarray(at, at + 1));
      setImmediate(step, at + 1);
    };
    step(0);
  });
  expect((await client.read(0, 6)).toString()).toBe('abcdef');
  expect((await client.read(0, 3)).toString()).toBe('abc');
  client.close();
});

test('a request that fails is told with its number, and the next is answered', async () => {
  let code = 5;
  const client = await connected((_, send) => {
    send(reply(code));
    code = 0;
  });
  await expect(client.write(0, Buffer.alloc(512))).rejects.toEqual(new NbdError('write', 5));
  await client.write(0, Buffer.alloc(512));
  client.close();
});

test('an end in the middle of a reply, and one before a request, are told', async () => {
  const client = await connected((_, send, socket) => {
    send(Buffer.concat([reply(), Buffer.alloc(10)]));
    socket.end();
  });
  await expect(client.read(0, 512)).rejects.toThrow(NbdClosed);
  await expect(client.read(0, 512)).rejects.toThrow(NbdClosed);
});

test('a signal ends what waits', async () => {
  const limit = new AbortController();
  const client = await connected(() => limit.abort(), limit.signal);
  await expect(client.read(0, 512)).rejects.toThrow(NbdClosed);
});

test('nobody is there', async () => {
  await expect(NbdClient.connect(join(folder, 'none'), 'x')).rejects.toThrow('no NBD server is there');
});

test('requests carry their type, flags and range; one that the export does not take is not sent', async () => {
  const sent: number[][] = [];
  const answer = (request: Buffer, send: (bytes: Buffer) => void): void => {
    sent.push([
      request.readUInt16BE(4),
      request.readUInt16BE(6),
      Number(request.readBigUInt64BE(16)),
      request.readUInt32BE(24),
    ]);
    send(reply());
  };
  const client = await connected(answer, undefined, 1 + 4 + 64);
  await client.perform({ kind: 'flush' });
  await client.perform({ kind: 'write-zeroes', offset: 512, length: 2 ** 31 });
  await client.perform({ kind: 'write-zeroes', offset: 512, length: 1, unmap: true });
  const discard = client.perform({ kind: 'discard', offset: 0, length: 1 });
  await expect(discard).rejects.toMatchObject({ reason: 'ENOTSUP' });
  client.close();
  expect(sent).toEqual([
    [0, 3, 0, 0],
    [2, 6, 512, 2 ** 31],
    [0, 6, 512, 1],
  ]);
});
