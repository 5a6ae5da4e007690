import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteStream, StreamEnded } from './byte-stream.ts';

test('bytes come in the counts that are asked for, however they arrived', async () => {
  const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      parts,
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      async (sent, sizes) => {
        const socket = new PassThrough();
        const stream = new ByteStream(socket);
        for (const part of sent) socket.write(part);
        const all = Buffer.concat(sent);
        let at = 0;
        for (const size of sizes) {
          if (at + size > all.length) break;
          expect((await stream.read(size)).equals(all.subarray(at, at + size))).toBe(true);
          at += size;
        }
      },
    ),
  );
});

test('skips', async () => {
  const socket = new PassThrough();
  const stream = new ByteStream(socket);
  socket.write('abcdef');
  await stream.skip(4);
  expect((await stream.read(2)).toString()).toBe('ef');
});

test('the end in the middle of what is waited for', async () => {
  const socket = new PassThrough();
  const stream = new ByteStream(socket);
  const read = stream.read(8);
  socket.end('half');
  await expect(read).rejects.toThrow(StreamEnded);
});

test('a failing connection says why', async () => {
  const socket = new PassThrough();
  const stream = new ByteStream(socket);
  const read = stream.read(1);
  socket.destroy(new Error('cable cut'));
  await expect(read).rejects.toThrow('Unable to read from socket: cable cut');
});

test('a peer that sends without end is not listened to without end', async () => {
  const socket = new PassThrough();
  const stream = new ByteStream(socket);
  await Promise.all([stream.read(1), new Promise((resolve) => socket.write('x', resolve))]);
  let taken = 0;
  const chunk = Buffer.alloc(1 << 16);
  while (taken < 64 << 20 && socket.write(chunk)) {
    taken += chunk.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(stream.received).toBeLessThan(2 << 20);
});
