/** A monitor in readline mode, as a client that types sees it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ReferenceEndpoint } from '../../reference-endpoint.ts';
import { startReference } from '../../start-reference.ts';
import { ManualClock } from '../../testing/test-services.ts';
import { memoryPeer } from '../memory-peer.ts';
import { HumanMonitor } from './human-monitor.ts';

const HELLO = "QEMU 2.11.50 monitor - type 'help' for more information\r\n(qemu) ";

let endpoint: ReferenceEndpoint;
let monitor: HumanMonitor;

beforeEach(() => {
  endpoint = new ReferenceEndpoint({ cwd: '/', clock: new ManualClock() });
  endpoint.begin();
  monitor = new HumanMonitor(endpoint);
});

afterEach(async () => {
  endpoint.shutdown();
  await endpoint.exited;
});

function client() {
  let received: Uint8Array[] = [];
  const pipe = memoryPeer(monitor, {
    data: (bytes) => void received.push(bytes),
    end: () => void received.push(Buffer.from('<end>')),
  });
  return {
    pipe,
    async type(...texts: readonly string[]): Promise<string> {
      for (const text of texts) pipe.write(Buffer.from(text));
      await endpoint.hostWork.idle();
      await endpoint.hostWork.idle();
      const got = Buffer.concat(received).toString();
      received = [];
      return got;
    },
  };
}

test('greets, echoes, answers, and asks for more', async () => {
  const one = client();
  expect(await one.type()).toBe(HELLO);
  expect(await one.type('info st')).toBe('info st');
  expect(await one.type('atus\n')).toBe('atus\r\nVM status: paused (prelaunch)\r\n(qemu) ');
  expect(await one.type('\n')).toBe('\r\n(qemu) ');
});

test.each(['\n', '\r'])('lines that end with %j run one after another', async (end) => {
  const one = client();
  await one.type();
  expect(await one.type(`info status${end}cont${end}info status${end}`)).toBe(
    'info status\r\nVM status: paused (prelaunch)\r\n(qemu) cont\r\n(qemu) info status\r\nVM status: running\r\n(qemu) ',
  );
});

test('what is typed can be taken back', async () => {
  const one = client();
  await one.type();
  const erased = '\b \b';
  expect(await one.type('infx\x7f\x08fo status\r')).toBe(
    `infx${erased}${erased}fo status\r\nVM status: paused (prelaunch)\r\n(qemu) `,
  );
  expect(await one.type('ab\x7f\x7f\x7f\x7f\n')).toBe(`ab${erased}${erased}\r\n(qemu) `);
});

test('a return and a line feed end a line each, other keys without a character do nothing', async () => {
  const one = client();
  await one.type();
  expect(await one.type('info version\r\n')).toBe('info version\r\n2.11.50\r\n(qemu) \r\n(qemu) ');
  expect(await one.type('\x03\x15\x00\n')).toBe('\r\n(qemu) ');
});

test('names that are no ASCII are what they are', async () => {
  const one = client();
  await one.type();
  expect(await one.type('drive_del é\n')).toBe("drive_del é\r\nDevice 'é' not found\r\n(qemu) ");
});

test('a second client waits until the first has left', async () => {
  const [one, two] = [client(), client()];
  expect(await two.type('info version\n')).toBe('');
  expect(await one.type()).toBe(HELLO);
  one.pipe.end();
  expect(await two.type()).toBe(`${HELLO}info version\r\n2.11.50\r\n(qemu) `);
});

test('quit ends the endpoint', async () => {
  const one = client();
  await one.type('quit\n');
  expect(await endpoint.exited).toBe(0);
});

test('a client that is gone hears nothing, and its line is not run', async () => {
  const [one, two] = [client(), client()];
  await one.type('cont');
  monitor.close();
  expect(await one.type('\n')).toBe('<end>');
  expect(await two.type()).toBe('<end>');
  expect(endpoint.run.describe()).toMatchObject({ status: 'prelaunch' });
});

test.each([
  [
    '-mon with mode=readline',
    (path: string) => [
      '-chardev',
      `socket,id=m,path=${path},server,nowait`,
      '-mon',
      'chardev=m,mode=readline',
    ],
  ],
  [
    '-mon without a mode',
    (path: string) => ['-chardev', `socket,id=m,path=${path},server,nowait`, '-mon', 'm'],
  ],
  ['-monitor', (path: string) => ['-monitor', `unix:${path},server,nowait`]],
])('%s serves people on a character device', async (_, argv) => {
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-human-'));
  const path = join(folder, 'm');
  const reference = await startReference({ argv: ['-S', ...argv(path)], cwd: folder });
  try {
    const socket = connect(path);
    let received = '';
    const ended = once(socket, 'end');
    socket.on('data', (bytes: Buffer) => {
      if (received === '') socket.write('info status\nquit\n');
      received += bytes.toString();
    });
    expect(await reference.exited).toBe(0);
    await ended;
    socket.end();
    expect(received).toBe(`${HELLO}info status\r\nVM status: paused (prelaunch)\r\n(qemu) quit\r\n(qemu) `);
  } finally {
    await reference.stop();
    rmSync(folder, { recursive: true });
  }
});
