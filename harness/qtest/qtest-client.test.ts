import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { QtestClient } from './qtest-client.ts';

let folder: string;
let server: Server;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-qtest-'));
  path = join(folder, 'sock');
});
afterEach(async () => {
  await new Promise<void>((done) => server.close(() => done()));
  rmSync(folder, { recursive: true });
});

async function answering(...pieces: string[]): Promise<QtestClient> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      for (const piece of pieces) socket.write(piece);
      if (pieces.length === 0) socket.end();
    });
  });
  await new Promise<void>((done) => server.listen(path, done));
  return QtestClient.connect(path);
}

test('one answer a line; interrupts are told apart, once', async () => {
  const client = await answering('OK\nIRQ raise 14\nOK 0x5', '0\n');
  expect(await client.send(['outb 0x1f7 0xec', 'inb 0x1f7'])).toEqual(['OK', 'OK 0x50']);
  expect(client.takeInterrupts()).toEqual(['raise 14']);
  expect(client.takeInterrupts()).toEqual([]);
  client.close();
});

test('an end before the answers is told, then and later', async () => {
  const client = await answering();
  await expect(client.send(['inb 0x1f7'])).rejects.toThrow('closed');
  await expect(client.send(['inb 0x1f7'])).rejects.toThrow('closed');
});
