/** The reference as a process of its own: QEMU's options, under the names of QEMU's programs too. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseJson } from '../../spec/json.ts';

const bin = (name: string) => fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));
const [QMPCHECK, QEMU, DAEMON] = ['qmpcheck', 'qmpcheck-qemu', 'qmpcheck-storage-daemon'].map(bin) as [
  string,
  string,
  string,
];

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-serve-'));
  writeFileSync(join(folder, 'd'), new Uint8Array(1 << 20));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true });
});

function call(program: string, words: string, input = '') {
  const { status, stdout, stderr } = spawnSync(program, words.split(' '), {
    cwd: folder,
    encoding: 'utf8',
    input,
  });
  return { status, stdout, stderr };
}

/** Sends commands on a socket once somebody listens there; the values that they return. */
async function converse(path: string, ...commands: object[]): Promise<unknown[]> {
  for (;;) {
    const socket = connect(join(folder, path));
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (isThere) return ask(socket, ...commands);
    await sleep(5);
  }
}

async function ask(socket: Socket, ...commands: object[]): Promise<unknown[]> {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async () => parseJson((await lines.next()).value as string) as Record<string, unknown>;
  await next();
  const replies: unknown[] = [];
  for (const command of [{ execute: 'qmp_capabilities' }, ...commands]) {
    socket.write(JSON.stringify(command));
    let reply = await next();
    while (reply.event !== undefined) reply = await next();
    replies.push(reply.return ?? reply.error);
  }
  socket.destroy();
  return replies.slice(1);
}

/** Of an image without a format, as QEMU warns too. */
const AS_RAW = /^[\w-]+: an image was taken for raw .*\n/gm;

const QUIT = { execute: 'quit' };
const NODES = { execute: 'query-named-block-nodes' };

test('goes wrong as the file of --fault says, and tells what is wrong with that', () => {
  const refused = { class: 'GenericError', desc: 'not today' };
  const plan = { faults: [{ command: 'query-status', fail: refused }] };
  writeFileSync(join(folder, 'faults'), JSON.stringify(plan));
  const commands = ['qmp_capabilities', 'query-status', 'quit'].map((execute) => JSON.stringify({ execute }));
  const input = commands.join('\n');
  const { status, stdout } = call(QMPCHECK, 'serve --fault faults -nodefaults -qmp stdio', input);
  expect(status).toBe(0);
  expect(stdout).toContain('not today');
  expect(call(QMPCHECK, 'serve --fault nothing -qmp stdio')).toEqual({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('nothing: no such file'),
  });
});

describe('one of its programs', () => {
  test.each([
    [QEMU, '-enable-kvm -version', 'QEMU emulator version 2.11.50'],
    [DAEMON, '-V', 'qemu-storage-daemon version 2.11.50'],
    [QMPCHECK, 'serve -help', '-blockdev       [driver=]driver'],
  ])('%s %s', (program, words, shown) => {
    expect(call(program, words)).toEqual({ status: 0, stdout: expect.stringContaining(shown), stderr: '' });
  });

  test.each([
    [QEMU, '-foo', 1, 'qmpcheck-qemu: -foo: invalid option\n'],
    [DAEMON, '--foo', 1, "qmpcheck-storage-daemon: unrecognized option '--foo'\n"],
    [QMPCHECK, 'serve -qmp stdio -foo', 2, 'qmpcheck: -foo: invalid option\n'],
  ])('%s %s is refused', (program, words, status, stderr) => {
    expect(call(program, words)).toEqual({ status, stdout: '', stderr });
  });

  test('-daemonize: goes into the background once it has started; its pid file goes with it', async () => {
    const words = '-nodefaults -daemonize -pidfile p -qmp unix:s,server=on,wait=off -hda d';
    expect(call(QEMU, words)).toEqual({
      status: 0,
      stdout: '',
      stderr: expect.stringContaining('taken for raw'),
    });
    const pid = Number(readFileSync(join(folder, 'p'), 'utf8'));
    expect(() => process.kill(pid, 0)).not.toThrow();
    const found = await converse('s', NODES, {
      execute: 'blockdev-add',
      arguments: { driver: 'file', 'node-name': 'x', filename: 'd' },
    });
    expect(found[0]).toHaveLength(2);
    // Its folder is the root now, as it is for QEMU.
    expect(found[1]).toMatchObject({ desc: "Could not open 'd': No such file or directory" });
    process.kill(pid, 'SIGTERM');
    while (existsSync(join(folder, 'p'))) await sleep(5);
    expect(existsSync(join(folder, 's'))).toBe(false);
  });

  test('-daemonize tells why it did not start', () => {
    expect(call(QEMU, '-daemonize -hda no')).toMatchObject({
      status: 1,
      stderr: "qmpcheck-qemu: -hda no: Could not open 'no': No such file or directory\n",
    });
  });

  test('the storage daemon: exports, and monitors', async () => {
    const child = spawn(
      DAEMON,
      [
        '--blockdev driver=file,node-name=f,filename=d --nbd-server=addr.type=unix,addr.path=nbd',
        '--export type=nbd,id=e,node-name=f,name=disk,writable=on',
        '--chardev socket,id=c,path=s,server=on,wait=off --monitor c',
      ].flatMap((words) => words.split(' ')),
      { cwd: folder, stdio: 'inherit' },
    );
    children.push(child);
    const [nodes] = await converse('s', NODES);
    expect(nodes).toMatchObject([{ 'node-name': 'f' }]);
    expect(existsSync(join(folder, 'nbd'))).toBe(true);
    await converse('s', QUIT);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('descriptors that it inherits', () => {
  test('a listening socket for a monitor', async () => {
    const server = createServer().listen(join(folder, 's'));
    await once(server, 'listening');
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const child = spawn(QEMU, ['-chardev', 'socket,id=c,fd=3,server=on,wait=off', '-mon', 'c,mode=control'], {
      stdio: ['ignore', 'inherit', 'inherit', fd],
    });
    children.push(child);
    // Closing ours would remove it.
    renameSync(join(folder, 's'), join(folder, 't'));
    server.close();
    expect(await ask(await connectedTo(join(folder, 't')), QUIT)).toEqual([{}]);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('images: the one of a set that can do what is wanted', async () => {
    const [both, reading] = [openSync(join(folder, 'd'), 'r+'), openSync(join(folder, 'd'), 'r')];
    rmSync(join(folder, 'd'));
    const child = spawn(
      QEMU,
      [
        '-nodefaults -qmp unix:s,server=on,wait=off -add-fd fd=3,set=1 -add-fd fd=4,set=2',
        '-drive if=none,id=a,format=raw,file=/dev/fdset/1',
      ].flatMap((words) => words.split(' ')),
      { cwd: folder, stdio: ['ignore', 'inherit', 'inherit', both, reading] },
    );
    children.push(child);
    closeSync(both);
    closeSync(reading);
    const add = (set: number, readOnly: boolean) => ({
      execute: 'blockdev-add',
      arguments: {
        driver: 'file',
        'node-name': `n${set}`,
        filename: `/dev/fdset/${set}`,
        'read-only': readOnly,
      },
    });
    const replies = await converse(
      's',
      { execute: 'query-block' },
      add(2, false),
      add(2, true),
      add(3, true),
    );
    expect(replies).toMatchObject([
      [{ inserted: { file: '/dev/fdset/1', image: { 'virtual-size': 1 << 20 } } }],
      { desc: "Could not open '/dev/fdset/2': Permission denied" },
      {},
      { desc: "Could not open '/dev/fdset/3': No such file or directory" },
    ]);
  });
});

async function connectedTo(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

test('a script may say all that concerns nothing here, and give images in any way', () => {
  for (const name of ['e', 'f', 'g', 'h']) writeFileSync(join(folder, name), new Uint8Array(1024));
  const words =
    'serve -qmp stdio -drive if=none,file=d,id=d0 -device virtio-blk-pci,drive=d0 -enable-kvm -cpu host -smp 2 ' +
    '-uuid 11111111-2222-3333-4444-555555555555 -pidfile p -boot c -rtc base=utc -no-shutdown -sandbox on -snapshot ' +
    '-hdb e -cdrom f g -drive file=h,if=virtio';
  const input = '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n';
  const { status, stdout, stderr } = call(QMPCHECK, words, input);
  expect({ status, stderr: stderr.replaceAll(AS_RAW, '') }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\r\n').filter((line) => line === '{"return": {}}')).toHaveLength(2);
});
