/**
 * The transports with QEMU at the other side. A request of 20 kB crosses each, above a terminal's line limit. Over
 * TLS and WebSockets only the greeting: QEMU 7.2 stops reading there after the first bytes, whoever the client is.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { QmpClient } from '../qmp/client.ts';
import { enginesUnavailable, ptyUnavailable, requireOrSkip } from '../testing/engines.ts';
import { type Listener, parseAddress } from './address.ts';
import { spawnPty } from './pty.ts';
import { stdioTransport } from './stdio.ts';
import type { Transport } from './transport.ts';

const DAEMON = 'qemu-storage-daemon';
const CERTIFICATE = fileURLToPath(new URL('testdata/cert.pem', import.meta.url));
const KEY = fileURLToPath(new URL('testdata/key.pem', import.meta.url));

let folder: string;
let children: ChildProcess[];

beforeEach(async (test) => {
  requireOrSkip(test, 'qemu', enginesUnavailable(DAEMON));
  children = [];
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-live-'));
});

afterEach(async () => {
  for (const child of children) {
    const exited = once(child, 'exit');
    if (child.kill('SIGKILL')) await exited;
  }
  await rm(folder, { recursive: true });
});

function daemon(chardev: string, ...more: readonly string[]): ChildProcess & { stdout: Readable } {
  const child = spawn(
    'stdbuf',
    ['-o0', DAEMON, ...more, '--chardev', `${chardev},id=mon`, '--monitor', 'chardev=mon'],
    {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  return child as ChildProcess & { stdout: Readable };
}

async function converse(transport: Transport): Promise<void> {
  const client = await QmpClient.connect(transport);
  const id = 'x'.repeat(20_000);
  expect(await client.request({ execute: 'query-block-jobs', id })).toEqual({ return: [], id });
  expect(await client.raw('{"execute": "quit"}')).toMatchObject({ closed: true });
  await client.close();
}

async function greet(transport: Transport): Promise<void> {
  const client = await QmpClient.connect(transport, { negotiate: false });
  expect(client.greeting).toHaveProperty('QMP.version.qemu.major');
  await client.close();
}

async function accept(listener: Listener): Promise<Transport> {
  const transport = await listener.accept();
  await listener.close();
  return transport;
}

const portOf = (listener: Listener) => listener.address.split(':').at(-1)!.replace(/\/.*/, '');

it('listen:unix', async () => {
  const listener = (await parseAddress(`listen:unix:${folder}/monitor`).listen())!;
  daemon('socket,path=monitor');
  await converse(await accept(listener));
});

it('listen:tcp', async () => {
  const listener = (await parseAddress('listen:tcp:127.0.0.1:0').listen())!;
  daemon(`socket,host=127.0.0.1,port=${portOf(listener)}`);
  await converse(await accept(listener));
});

it('listen:tls', async () => {
  await copyFile(CERTIFICATE, join(folder, 'ca-cert.pem'));
  const tls = { cert: CERTIFICATE, key: KEY };
  const listener = (await parseAddress('listen:tls:127.0.0.1:0', { tls }).listen())!;
  const credentials = `tls-creds-x509,id=tls,endpoint=client,dir=${folder}`;
  daemon(`socket,host=127.0.0.1,port=${portOf(listener)},tls-creds=tls`, '--object', credentials);
  await greet(await accept(listener));
});

it.each([
  ['tcp:127.0.0.1:@', '', converse],
  ['ws://127.0.0.1:@/', ',websocket=on', greet],
] as const)('%s', async (place, options, talk) => {
  const probe = (await parseAddress('listen:tcp:127.0.0.1:0').listen())!;
  const port = portOf(probe);
  await probe.close();
  const child = daemon(`socket,host=127.0.0.1,port=${port},server=on,wait=on${options}`);
  await talk(await whenUp(child, () => parseAddress(place.replace('@', port)).open()));
});

it('stdio', async () => {
  const child = daemon('stdio');
  await converse(stdioTransport('stdio', { stdin: child.stdin!, stdout: child.stdout }));
});

it('pipe', async () => {
  execFileSync('mkfifo', [`${folder}/monitor.in`, `${folder}/monitor.out`]);
  daemon('pipe,path=monitor');
  await converse(await parseAddress(`pipe:${folder}/monitor`).open());
});

it('pty', async (test) => {
  requireOrSkip(test, 'pty', ptyUnavailable());
  const command = [DAEMON, '--chardev', 'stdio,id=mon', '--monitor', 'chardev=mon'];
  const { transport, exited } = await spawnPty({ name: 'pty:daemon', command, cwd: folder });
  await converse(transport);
  expect(await exited).toEqual({ code: 0, signal: null });
});

/** Tries until the daemon listens. */
async function whenUp(child: ChildProcess, open: () => Promise<Transport>): Promise<Transport> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
