import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BareLoop, IN_FLIGHT, inFlight } from './bare-loop.ts';

const GREETING = '{"QMP": {}}\n';
const ANSWER = '{"return": {}}\n';

let folder: string;
let server: Server;
let loop: BareLoop;
let peer: Socket;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-bare-'));
  const path = join(folder, 'socket');
  server = createServer((socket) => {
    peer = socket;
    socket.write(GREETING);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  loop = await BareLoop.open(path);
});
afterEach(() => {
  loop.close();
  server.close();
  rmSync(folder, { recursive: true });
});

/** The next bytes that the loop sends. */
const sent = (): Promise<string> => new Promise((resolve) => peer.once('data', (data) => resolve(`${data}`)));
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('the bare loop', () => {
  test('waits for as many answers as a piece has lines', async () => {
    let done = false;
    const answered = loop.send('{"execute":"a"}\n{"execute":"b"}\n').then(() => {
      done = true;
    });
    expect(await sent()).toBe('{"execute":"a"}\n{"execute":"b"}\n');
    peer.write(ANSWER);
    await turn();
    expect(done).toBe(false);
    peer.write(ANSWER);
    await answered;
  });

  test('takes answers that come together, and in parts', async () => {
    const both = loop.send('1\n2\n');
    await sent();
    peer.write(ANSWER + ANSWER);
    await both;
    const one = loop.send('3\n');
    await sent();
    peer.write(ANSWER.slice(0, 5));
    await turn();
    peer.write(ANSWER.slice(5));
    await one;
  });

  test('fails for a line too many', async () => {
    const failed = expect(loop.send('1\n')).rejects.toThrow('more lines');
    await sent();
    peer.write(ANSWER + ANSWER);
    await failed;
  });

  test('fails when the connection ends', async () => {
    const failed = expect(loop.send('1\n')).rejects.toThrow('closed the connection');
    await sent();
    peer.end();
    await failed;
  });
});

test('commands in flight go out in groups, in order, the rest last', () => {
  const commands = Array.from({ length: 2 * IN_FLIGHT + 1 }, (_, index) => index);
  const groups = inFlight(commands);
  expect(groups.map(({ length }) => length)).toEqual([IN_FLIGHT, IN_FLIGHT, 1]);
  expect(groups.flat()).toEqual(commands);
});
