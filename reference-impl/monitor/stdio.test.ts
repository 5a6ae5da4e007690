/** A monitor on standard streams. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Machine } from '../reference-endpoint.ts';
import { connectMonitor } from './monitor-server.ts';

let machine: Machine;
let stdin: PassThrough;
let stdout: PassThrough;
let orphaned: Promise<void>;

beforeEach(async () => {
  machine = new Machine({ cwd: '/' });
  stdin = new PassThrough();
  stdout = new PassThrough();
  orphaned = new Promise((resolve) => {
    const connected = connectMonitor(machine.monitor(0), { backend: 'stdio' }, resolve, { stdin, stdout });
    machine.onEnd(async () => (await connected)());
  });
  await machine.inFlight.idle();
});
afterEach(async () => {
  machine.shutdown();
  await machine.exited;
});

const said = () => String(stdout.read() ?? '');

async function ask(text: string): Promise<string> {
  stdin.write(text);
  await new Promise<void>((resolve) => stdout.once('readable', resolve));
  await machine.inFlight.idle();
  return said();
}

test('greets, answers, and ends with quit', async () => {
  expect(said()).toContain('"QMP"');
  expect(await ask('{"execute": "qmp_capabilities"}')).toBe('{"return": {}}\r\n');
  expect(await ask('{"execute": "quit"}')).toContain('SHUTDOWN');
  expect(await machine.exited).toBe(0);
  expect(stdin.destroyed).toBe(true);
});

test('tells when its input has ended', async () => {
  stdin.end('{"execute": "qmp_capabilities"}');
  await orphaned;
  expect(said()).toContain('{"return": {}}');
});
