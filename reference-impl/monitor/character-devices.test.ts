/** Monitors on character devices that are no plain sockets. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseJson } from '../../spec/json.ts';
import type { Reference } from '../endpoint.ts';
import { startReference } from '../start-reference.ts';
import { TelnetInput } from './telnet.ts';

const CAPABILITIES = '{"execute": "qmp_capabilities"}';

let folder: string;
let reference: Reference | undefined;
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-chardev-'));
  printed = [];
});
afterEach(async () => {
  await reference?.stop();
  reference = undefined;
  rmSync(folder, { recursive: true });
});

async function start(...argv: string[]): Promise<void> {
  reference = await startReference({
    argv: ['-M', 'none', ...argv],
    cwd: folder,
    print: (line) => printed.push(line),
  });
}

/** Reads a descriptor that does not wait until `end` is in what came. */
async function readUntil(fd: number, end: string): Promise<string> {
  let text = '';
  const buffer = Buffer.alloc(4096);
  while (!text.includes(end)) {
    try {
      text += buffer.toString('utf8', 0, readSync(fd, buffer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(1);
    }
  }
  return text;
}

/** What arrives on a socket, until `end` is in it. */
async function receive(socket: Socket, end: string): Promise<string> {
  let text = '';
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    text += (bytes as Buffer).toString('latin1');
    if (text.includes(end)) break;
  }
  return text;
}

const { O_RDWR, O_NONBLOCK, O_NOCTTY } = constants;

test('a pair of pipes', async () => {
  for (const name of ['p.in', 'p.out']) execFileSync('mkfifo', [join(folder, name)]);
  await start('-chardev', 'pipe,id=c,path=p', '-mon', 'c,mode=control');
  const [to, from] = ['p.in', 'p.out'].map((name) => openSync(join(folder, name), O_RDWR | O_NONBLOCK));
  expect(await readUntil(from!, '\r\n')).toContain('"QMP"');
  writeSync(to!, CAPABILITIES);
  expect(await readUntil(from!, '\r\n')).toBe('{"return": {}}\r\n');
  writeSync(to!, '{"execute": "quit"}');
  expect(await reference!.exited).toBe(0);
  closeSync(to!);
  closeSync(from!);
});

test('a pipe that is not there', async () => {
  await expect(start('-qmp', 'pipe:p')).rejects.toThrow('-qmp pipe:p: Failed to open chardev pipe');
});

test('a terminal, whose name is printed', async ({ skip }) => {
  const here = await import('node-pty').then(
    () => true,
    () => false,
  );
  if (!here) skip('node-pty is not installed');
  await start('-qmp', 'pty');
  const path = /^char device redirected to (\S+)/.exec(printed[0]!)![1]!;
  const fd = openSync(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
  expect(await readUntil(fd, '\r\n')).toContain('"QMP"');
  // Longer than a line of a terminal may be that is not raw.
  writeSync(fd, `{"execute": "qmp_capabilities", "id": "${'x'.repeat(2000)}"}\n`);
  expect(await readUntil(fd, '\r\n')).toContain('"return": {}');
  closeSync(fd);
});

test('a file is written to, and nobody answers', async () => {
  await start(
    '-qmp',
    'file:f',
    '-chardev',
    'null,id=n',
    '-mon',
    'n,mode=control',
    '-qmp',
    'null',
    '-qmp',
    'none',
  );
  await reference!.idle();
  await reference!.stop();
  expect(readFileSync(join(folder, 'f'), 'latin1')).toContain('"QMP"');
});

test('a log gets a copy of what is said; JSON is indented if wanted', async () => {
  const socketWithLog = ['-chardev', 'socket,id=c,path=s,server=on,wait=off,logfile=log'];
  await start(...socketWithLog, '-mon', 'chardev=c,mode=control,pretty=on');
  const socket = connect(join(folder, 's'));
  const greeting = await receive(socket, '\r\n}\r\n');
  expect(greeting).toMatch(/^\{\r\n {4}"QMP": \{\r\n {8}"version": \{\r\n {12}"qemu": \{\r\n {16}"m/);
  expect(parseJson(greeting)).toMatchObject({ QMP: { version: { qemu: { major: 2 } } } });
  socket.write(CAPABILITIES);
  expect(await receive(socket, '\r\n}\r\n')).toBe('{\r\n    "return": {\r\n    }\r\n}\r\n');
  expect(readFileSync(join(folder, 'log'), 'latin1')).toContain('"return"');
  socket.destroy();
  await reference!.stop();
});

test('a log that cannot be made is refused', async () => {
  await expect(start('-chardev', 'null,id=c,logfile=no/log', '-mon', 'c,mode=control')).rejects.toThrow(
    `Could not create '${join(folder, 'no/log')}': No such file or directory`,
  );
});

test('a telnet client is greeted as one, and what it negotiates is no input', async () => {
  await start('-chardev', 'socket,id=c,path=s,server=on,wait=off,telnet=on', '-mon', 'c,mode=control');
  const socket = connect(join(folder, 's'));
  const greeting = await receive(socket, '\r\n');
  expect(greeting.startsWith('\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00{"QMP"')).toBe(true);
  socket.write(Buffer.from(`\xff\xfd\x01\xff\xfa\x18\x00xterm\xff\xf0${CAPABILITIES}`, 'latin1'));
  expect(await receive(socket, '\r\n')).toBe('{"return": {}}\r\n');
  socket.destroy();
});

test('telnet words that come in pieces', () => {
  const input = new TelnetInput();
  const text = [...'a\xff\xff\xff\xfa\x18\xff\x01\xff\xf0b\xff\xf1c\xff\xfe\x01\x00d'].map((one) =>
    Buffer.from(input.push(Buffer.from(one, 'latin1'))).toString('latin1'),
  );
  expect(text.join('')).toBe('a\xffbcd');
});

test('a connection that is made again when it has ended', async () => {
  let listener: Server | undefined = createServer();
  const next = () => new Promise<Socket>((resolve) => listener!.once('connection', resolve));
  const first = next();
  await new Promise<void>((resolve) => listener!.listen(join(folder, 'l'), resolve));
  await start('-chardev', 'socket,id=c,path=l,reconnect=1', '-mon', 'c,mode=control');
  const socket = await first;
  expect(await receive(socket, '\r\n')).toContain('"QMP"');
  const second = next();
  socket.destroy();
  const again = await second;
  expect(await receive(again, '\r\n')).toContain('"QMP"');
  again.destroy();
  await reference!.stop();
  await new Promise((resolve) => listener!.close(resolve));
  listener = undefined;
});

test('one that is made again may fail at first', async () => {
  await start('-chardev', 'socket,id=c,path=l,reconnect=1', '-mon', 'c,mode=control');
  await reference!.stop();
});
