/** The endpoint in memory: sessions, their order, events, and its end. */
import { afterEach, describe, expect, test } from 'vitest';
import { parseJson } from '../spec/json.ts';
import type { MonitorPipe, Reference, ReferenceOptions } from './endpoint.ts';
import { startReference } from './start-reference.ts';
import { ManualClock } from './testing/test-services.ts';

const started: Reference[] = [];

afterEach(async () => {
  for (const reference of started.splice(0)) await reference.stop();
});

async function start(options: Partial<ReferenceOptions> = {}): Promise<Reference> {
  const reference = await startReference({ argv: [], cwd: '/', clock: new ManualClock(), ...options });
  started.push(reference);
  return reference;
}

interface Client {
  readonly pipe: MonitorPipe;
  /** Sends texts, and takes what came until the endpoint was idle. */
  talk(...texts: readonly string[]): Promise<unknown[]>;
  ended: boolean;
}

function client(reference: Reference, monitor = 0): Client {
  let received = '';
  const self: Client = {
    pipe: reference.connect(monitor, {
      data(bytes) {
        received += Buffer.from(bytes).toString();
      },
      end() {
        self.ended = true;
      },
    }),
    async talk(...texts) {
      for (const text of texts) self.pipe.write(Buffer.from(text));
      await reference.idle();
      const lines = received.split('\r\n').slice(0, -1);
      received = '';
      return lines.map(parseJson);
    },
    ended: false,
  };
  return self;
}

const execute = (command: string) => `{"execute": "${command}"}`;
const GREETING = expect.objectContaining({ QMP: expect.objectContaining({ capabilities: [] }) });
const SHUTDOWN = expect.objectContaining({ event: 'SHUTDOWN', data: { guest: false } });

async function negotiated(reference: Reference, monitor = 0): Promise<Client> {
  const connected = client(reference, monitor);
  expect(await connected.talk(execute('qmp_capabilities'))).toEqual([GREETING, { return: {} }]);
  return connected;
}

describe('sessions', () => {
  test('a second client of a monitor waits until the first has left', async () => {
    const reference = await start();
    const first = await negotiated(reference);
    const second = client(reference);
    expect(await second.talk(execute('qmp_capabilities'))).toEqual([]);
    first.pipe.end();
    expect(first.ended).toBe(true);
    expect(await second.talk()).toEqual([GREETING, { return: {} }]);
  });

  test('a client that leaves while it waits is passed over', async () => {
    const reference = await start();
    const [first, second, third] = [await negotiated(reference), client(reference), client(reference)];
    second.pipe.end();
    first.pipe.end();
    expect(await third.talk()).toEqual([GREETING]);
    expect(await second.talk()).toEqual([]);
  });

  test('a new client negotiates anew', async () => {
    const reference = await start();
    (await negotiated(reference)).pipe.end();
    const refused = { error: expect.objectContaining({ class: 'CommandNotFound' }) };
    expect(await client(reference).talk(execute('query-version'))).toEqual([GREETING, refused]);
  });

  test('what a client had sent when it left is not executed afterwards', async () => {
    const reference = await start();
    const first = await negotiated(reference);
    const add = (name: string) =>
      `{"execute": "blockdev-add", "arguments": {"driver": "null-co", "node-name": "${name}"}}`;
    first.pipe.write(Buffer.from(add('a') + add('b')));
    first.pipe.end();
    await reference.idle();
    const second = await negotiated(reference);
    const [nodes] = await second.talk(execute('query-named-block-nodes'));
    expect(nodes).toEqual({ return: [expect.objectContaining({ 'node-name': 'a' })] });
  });
});

describe('several monitors', () => {
  test('commands run one after another, in the order in which they came', async () => {
    const reference = await start();
    const [one, two] = [await negotiated(reference, 0), await negotiated(reference, 1)];
    one.pipe.write(
      Buffer.from('{"execute": "blockdev-add", "arguments": {"driver": "null-co", "node-name": "n"}}'),
    );
    const [nodes] = await two.talk(execute('query-named-block-nodes'));
    expect(nodes).toEqual({ return: [expect.objectContaining({ 'node-name': 'n' })] });
    expect(await one.talk()).toEqual([{ return: {} }]);
  });

  test('events go to each that has negotiated, in front of the reply', async () => {
    const reference = await start();
    const [one, two] = [await negotiated(reference, 0), await negotiated(reference, 1)];
    const three = client(reference, 2);
    expect(await three.talk()).toEqual([GREETING]);
    expect(await one.talk(execute('quit'))).toEqual([SHUTDOWN, { return: {} }]);
    expect(await reference.exited).toBe(0);
    expect(await two.talk()).toEqual([SHUTDOWN]);
    expect(await three.talk()).toEqual([]);
    expect([one.ended, two.ended, three.ended]).toEqual([true, true, true]);
  });
});

test('events carry the time of the clock', async () => {
  const clock = new ManualClock();
  clock.advance(1_500_000_000n);
  const reference = await start({ clock });
  const connected = await negotiated(reference);
  const [event] = await connected.talk(execute('quit'));
  expect(event).toMatchObject({ timestamp: { seconds: 1, microseconds: 500_000 } });
});

test('stop ends it like a signal', async () => {
  const reference = await start();
  const connected = await negotiated(reference);
  await reference.stop();
  expect(await connected.talk()).toEqual([SHUTDOWN]);
  expect(await reference.exited).toBe(0);
});

describe('start options', () => {
  test('the guest runs from the start, unless it is to wait; jobs have no part in it', async () => {
    const states = async (argv: readonly string[]) => {
      const connected = await negotiated(await start({ argv }));
      const commands = ['query-status', 'stop', 'query-status', 'cont', 'cont', 'query-status'];
      return connected.talk(...commands.map((name) => execute(name)));
    };
    const told = (event: string) => expect.objectContaining({ event });
    const state = (status: string) => ({
      return: { status, singlestep: false, running: status === 'running' },
    });
    const done = { return: {} };
    const resumed = [told('RESUME'), done, done, state('running')];
    expect(await states([])).toEqual([state('running'), told('STOP'), done, state('paused'), ...resumed]);
    expect(await states(['-S'])).toEqual([state('prelaunch'), done, state('prelaunch'), ...resumed]);
  });

  test('nodes are there from the start', async () => {
    const reference = await start({
      argv: [
        '-S',
        '-machine',
        'none',
        '-blockdev',
        'driver=null-co,node-name=a,size=1048576,read-only=on',
        '-blockdev',
        '{"driver": "raw", "node-name": "b", "file": "a", "read-only": true}',
      ],
    });
    const connected = await negotiated(reference);
    const [nodes] = await connected.talk(execute('query-named-block-nodes'));
    expect(nodes).toEqual({
      return: expect.arrayContaining([
        expect.objectContaining({ 'node-name': 'a', ro: true }),
        expect.objectContaining({ 'node-name': 'b', drv: 'raw' }),
      ]),
    });
  });

  test.each([
    [['-blockdev', 'driver=nope,node-name=a'], "-blockdev driver=nope,node-name=a: Invalid parameter 'nope'"],
    [
      ['-blockdev', 'driver=null-co'],
      "-blockdev driver=null-co: 'node-name' must be specified for the root node",
    ],
    [['-blockdev', '{"driver"'], '-blockdev {"driver": JSON parse error, premature EOI'],
    [['-object', 'nope,id=x'], '-object nope,id=x: invalid object type: nope'],
    [['-device', 'driver=isa-cd'], "-device driver=isa-cd: 'isa-cd' is not a valid device model name"],
    [['-mon', 'chardev=c'], '-mon chardev=c: chardev "c" not found'],
    [['-mon', 'mode=control'], "-mon mode=control: Parameter 'chardev' is missing"],
    [['-nonsense'], '-nonsense: invalid option'],
    [['image.raw'], "image.raw: Could not open 'image.raw': No such file or directory"],
    [['-blockdev'], '-blockdev: requires an argument'],
  ])('%j is refused', async (argv, message) => {
    await expect(start({ argv })).rejects.toMatchObject({ name: 'OptionError', message });
  });
});
