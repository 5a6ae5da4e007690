/** An endpoint that is told to end while a command is being executed. */
import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Reference } from './endpoint.ts';
import { startReference } from './start-reference.ts';
import { ManualClock } from './testing/test-services.ts';

const derive = promisify(pbkdf2);

let folder: string;
let log: string[];
let clock: ManualClock;
let reference: Reference;
let pipe: ReturnType<Reference['connect']>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-end-'));
  log = [];
  clock = new ManualClock();
  reference = await startReference({
    argv: ['-monitor', `unix:${join(folder, 'hmp')},server=on,wait=off`],
    cwd: folder,
    clock,
    log: (text) => void log.push(text),
  });
  pipe = reference.connect(0, { data: () => {}, end: () => {} });
});

afterEach(() => rmSync(folder, { recursive: true }));

const send = (execute: string, args: object = {}): void =>
  pipe.write(Buffer.from(JSON.stringify({ execute, arguments: args })));

async function makeImage(): Promise<void> {
  for (const [execute, args] of [
    ['qmp_capabilities', {}],
    ['x-blockdev-create', { driver: 'file', filename: 'a.img', size: 0 }],
    ['blockdev-add', { driver: 'file', filename: 'a.img', 'node-name': 'a' }],
    ['x-blockdev-create', { driver: 'qcow2', file: 'a', size: 1 << 20 }],
    ['blockdev-del', { 'node-name': 'a' }],
  ] as const) {
    send(execute, args);
    await reference.idle();
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test.each(Array.from({ length: 30 }, (_, turns) => turns))(
  'what is being opened is opened and closed, %d turns of the loop later',
  async (turns) => {
    await makeImage();
    send('blockdev-add', { driver: 'qcow2', 'node-name': 'q', file: { driver: 'file', filename: 'a.img' } });
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    await reference.stop();
    expect(log).toEqual([]);
    expect(await reference.exited).toBe(0);
  },
);

test('it is waited for on a host that is slow', async () => {
  await makeImage();
  send('blockdev-add', { driver: 'qcow2', 'node-name': 'q', file: { driver: 'file', filename: 'a.img' } });
  // Files are read by the threads that this keeps busy.
  const busy = Array.from({ length: 12 }, () => derive('', '', 200_000, 64, 'sha512'));
  await reference.stop();
  expect(log).toEqual([]);
  await Promise.all(busy);
});

const ENDS: Readonly<Record<string, () => void>> = {
  'is stopped': () => void reference.stop(),
  'is told to quit behind the command': () => send('quit'),
  'is told to quit in the same breath': () => {},
  'is told to quit by another client': () => {
    const other = reference.connect(1, { data: () => {}, end: () => {} });
    other.write(Buffer.from('{"execute":"qmp_capabilities"}{"execute":"quit"}'));
  },
  'is told to quit by a person': () => {
    connect(join(folder, 'hmp')).write('quit\n');
  },
};

test.each(Object.entries(ENDS))(
  'a server that never answers is waited for a second when the endpoint %s',
  async (how, end) => {
    const server = createServer();
    server.listen(join(folder, 'socket'));
    await once(server, 'listening');
    send('qmp_capabilities');
    const add = {
      execute: 'blockdev-add',
      arguments: {
        driver: 'nbd',
        'node-name': 'n',
        server: { type: 'unix', path: join(folder, 'socket') },
      },
    };
    pipe.write(
      Buffer.from(JSON.stringify(add) + (how.endsWith('breath') ? JSON.stringify({ execute: 'quit' }) : '')),
    );
    const [socket] = (await once(server, 'connection')) as [Socket];
    const gone = once(socket, 'close');
    // What is wrong with an order to end makes nobody impatient.
    if (how.endsWith('command')) send('quit', { now: true });
    clock.advance(1_000_000_000n);
    end();
    const exited = reference.exited.then((status) => ({ status }));
    let ended: { status: number } | undefined;
    while (ended === undefined) {
      // As long as nobody has read that it is to end, more than a second is waited for, which does not pass here.
      const { untilNext } = clock;
      if (untilNext !== undefined && untilNext <= 1_000_000_000n) clock.advance(untilNext);
      ended = await Promise.race([exited, nextTurn().then(() => undefined)]);
    }
    expect(ended.status).toBe(0);
    expect(clock.now()).toBeLessThan(30_000_000_000n);
    await gone;
    server.close();
  },
);

test('a command that waits for what does not come is not waited for', async () => {
  send('qmp_capabilities', {});
  send('blockdev-add', { driver: 'blkdebug', 'node-name': 'b', image: { driver: 'null-co' } });
  send('human-monitor-command', { 'command-line': 'qemu-io b "sleep 1000"' });
  await reference.idle();
  await reference.stop();
  expect(await reference.exited).toBe(0);
});
