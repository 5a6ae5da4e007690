/** `qemu-io` of the human monitor on a node, as a client sees it: when it is answered, and what is refused. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MonitorPipe, Reference } from '../endpoint.ts';
import { startReference } from '../start-reference.ts';
import { ManualClock } from '../testing/test-services.ts';

const SECOND = 1_000_000_000n;

let clock: ManualClock;
let reference: Reference;
let pipe: MonitorPipe;
let received: string;

beforeEach(async () => {
  clock = new ManualClock();
  const nodes = [
    `driver=null-co,node-name=slow,latency-ns=${SECOND}`,
    'driver=null-co,node-name=ro,read-only=on',
  ];
  const drive = `if=none,id=d0,driver=null-co,size=64k,latency-ns=${SECOND}`;
  const argv = [...nodes.flatMap((node) => ['-blockdev', node]), '-drive', drive];
  reference = await startReference({ argv, cwd: '/', clock });
  pipe = reference.connect(0, {
    data: (bytes) => {
      received += Buffer.from(bytes).toString();
    },
    end: () => undefined,
  });
  await answer('qmp_capabilities');
});

afterEach(async () => {
  const stopped = reference.stop();
  await reference.idle();
  // The last flush takes its time too.
  clock.advance(SECOND);
  await stopped;
});

/** What the endpoint says until only time could bring more. */
async function answer(execute: string, args: object = {}): Promise<string> {
  received = '';
  pipe.write(Buffer.from(`${JSON.stringify({ execute, arguments: args })}\n`));
  await reference.idle();
  return received;
}

const qemuIo = (node: string, line: string): Promise<string> =>
  answer('human-monitor-command', { 'command-line': `qemu-io ${node} "${line}"` });

test.each(['read', 'write', 'aio_read', 'aio_write'])(
  '%s of a slow node is answered when it is done',
  async (word) => {
    expect(await qemuIo('slow', `${word} 0 64k`)).toBe('');
    clock.advance(SECOND);
    await reference.idle();
    expect(received).toBe('{"return": ""}\r\n');
  },
);

test.each(['write', 'aio_write'])('%s to a read-only node is refused', async (word) => {
  expect(await qemuIo('ro', `${word} 0 64k`)).toBe('{"return": "Block node is read-only\\r\\n"}\r\n');
});

test('aio_flush of a drive waits for what was begun before', async () => {
  expect(await qemuIo('d0', 'aio_write 0 64k')).toBe('{"return": ""}\r\n');
  expect(await qemuIo('d0', 'aio_flush')).toBe('');
  clock.advance(SECOND);
  await reference.idle();
  expect(received).toBe('{"return": ""}\r\n');
});

test('time passes also while one request waits for another', async () => {
  expect(await qemuIo('slow', 'write 0 64k')).toBe('');
  const other = reference.connect(1, { data: () => undefined, end: () => undefined });
  other.write(Buffer.from('{"execute": "qmp_capabilities"}{"execute": "query-version"}'));
  // It waits for its turn behind the command that waits for the clock: nothing is left to do but to move that.
  await reference.idle();
  clock.advance(SECOND);
  await reference.idle();
  expect(received).toBe('{"return": ""}\r\n');
});
