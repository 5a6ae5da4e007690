/** A monitor on standard streams. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ReferenceEndpoint } from '../reference-endpoint.ts';
import { HumanMonitor } from './hmp/human-monitor.ts';
import { openChardev } from './open-chardev.ts';

let endpoint: ReferenceEndpoint;
let stdin: PassThrough;
let stdout: PassThrough;
let orphaned: Promise<void>;

beforeEach(async () => {
  endpoint = new ReferenceEndpoint({ cwd: '/' });
  endpoint.begin();
  stdin = new PassThrough();
  stdout = new PassThrough();
  orphaned = new Promise((resolve) => {
    const connected = openChardev(
      endpoint.monitor(0),
      { backend: 'stdio', signal: true },
      { cwd: '/', orphaned: resolve, print: () => {}, stdio: { stdin, stdout } },
    );
    endpoint.onEnd(async () => (await connected)());
  });
  await endpoint.hostWork.idle();
});
afterEach(async () => {
  endpoint.shutdown();
  await endpoint.exited;
});

const said = () => String(stdout.read() ?? '');

async function ask(text: string): Promise<string> {
  stdin.write(text);
  await new Promise<void>((resolve) => stdout.once('readable', resolve));
  await endpoint.hostWork.idle();
  return said();
}

test('greets, answers, and ends with quit', async () => {
  expect(said()).toContain('"QMP"');
  expect(await ask('{"execute": "qmp_capabilities"}')).toBe('{"return": {}}\r\n');
  expect(await ask('{"execute": "quit"}')).toContain('SHUTDOWN');
  expect(await endpoint.exited).toBe(0);
  expect(stdin.destroyed).toBe(true);
});

test('tells when its input has ended', async () => {
  stdin.end('{"execute": "qmp_capabilities"}');
  await orphaned;
  expect(said()).toContain('{"return": {}}');
});

test('a terminal on which a human monitor is hands on each key, and Ctrl-C still interrupts', async () => {
  const modes: boolean[] = [];
  const keys = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => modes.push(on) });
  let onInterrupt = (): void => {};
  const interrupted = new Promise<void>((resolve) => {
    onInterrupt = resolve;
  });
  process.on('SIGINT', onInterrupt);
  try {
    const monitor = new HumanMonitor(endpoint);
    const close = await openChardev(
      monitor,
      { backend: 'stdio', signal: true },
      { cwd: '/', orphaned: () => {}, print: () => {}, stdio: { stdin: keys, stdout: new PassThrough() } },
    );
    expect(modes).toEqual([true]);
    keys.write('\x03');
    await interrupted;
    monitor.close();
    await close();
    expect(modes).toEqual([true, false]);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
});
