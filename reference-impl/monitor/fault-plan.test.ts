/** Each fault on demand, as a client meets it. */
import { afterEach, expect, test } from 'vitest';
import { parseJson } from '../../spec/json.ts';
import type { Reference } from '../endpoint.ts';
import { startReference } from '../start-reference.ts';
import { ManualClock } from '../testing/test-services.ts';
import type { Fault } from './fault-plan.ts';

let reference: Reference;
let clock: ManualClock;
let killed: number;

/** A client of one of its monitors: what it was sent, and whether it still is connected. */
class Client {
  text = '';
  ended = false;
  readonly #pipe: ReturnType<Reference['connect']>;

  constructor(monitor = 0) {
    this.#pipe = reference.connect(monitor, {
      data: (bytes) => {
        this.text += Buffer.from(bytes).toString();
      },
      end: () => {
        this.ended = true;
      },
    });
  }

  /** Sends a command; what came of it until the endpoint was idle, without the time of events. */
  async ask(execute: string, args?: object): Promise<unknown[]> {
    this.#pipe.write(Buffer.from(JSON.stringify({ execute, arguments: args })));
    await reference.idle();
    const lines = this.text.split('\r\n');
    this.text = lines.pop()!;
    return lines.map((line) => {
      const { timestamp: _, ...message } = parseJson(line) as Record<string, unknown>;
      return message;
    });
  }
}

async function start(...plan: Fault[]): Promise<Client> {
  killed = 0;
  clock = new ManualClock();
  const kill = () => {
    killed += 1;
  };
  reference = await startReference({
    argv: [
      '-M',
      'none',
      '-blockdev',
      'null-co,node-name=n,size=1048576',
      '-blockdev',
      'null-co,node-name=m,size=1048576',
    ],
    cwd: '/',
    clock,
    faults: { plan, kill },
  });
  const client = new Client();
  await client.ask('qmp_capabilities');
  return client;
}

afterEach(() => reference.stop());

test('fail: the second of its kind is not carried out', async () => {
  const client = await start({
    on: { command: 'blockdev-del' },
    nth: 2,
    action: { kind: 'fail', class: 'DeviceNotFound', desc: 'no luck' },
  });
  expect(await client.ask('blockdev-del', { 'node-name': 'x' })).toMatchObject([{ error: {} }]);
  expect(await client.ask('blockdev-del', { 'node-name': 'n' })).toEqual([
    { error: { class: 'DeviceNotFound', desc: 'no luck' } },
  ]);
  expect(await client.ask('blockdev-del', { 'node-name': 'n' })).toEqual([{ return: {} }]);
});

test.each(['before', 'after'] as const)('drop %s the command is carried out', async (when) => {
  const client = await start({ on: { command: 'blockdev-del' }, nth: 1, action: { kind: 'drop', when } });
  const other = new Client(1);
  await other.ask('qmp_capabilities');
  expect(await client.ask('blockdev-del', { 'node-name': 'n' })).toEqual([]);
  expect([client.ended, other.ended]).toEqual([true, true]);
  const next = new Client();
  await next.ask('qmp_capabilities');
  const [nodes] = await next.ask('query-named-block-nodes');
  expect((nodes as { return: unknown[] }).return).toHaveLength(when === 'before' ? 2 : 1);
});

test('cut: some bytes of the reply, then nothing', async () => {
  const client = await start({ on: { command: 'query-version' }, nth: 1, action: { kind: 'cut', bytes: 7 } });
  await client.ask('query-version');
  expect(client.text).toBe('{"retur');
  expect(client.ended).toBe(true);
});

test('delay: the reply comes when the time has passed, and no other before it', async () => {
  const client = await start({
    on: { command: 'query-version' },
    nth: 1,
    action: { kind: 'delay', milliseconds: 20 },
  });
  expect(await client.ask('query-version')).toEqual([]);
  clock.advance(19_999_999n);
  expect(await client.ask('query-status')).toEqual([]);
  clock.advance(1n);
  expect(await client.ask('stop')).toMatchObject([
    { return: { qemu: {} } },
    { return: { running: true } },
    { event: 'STOP' },
    { return: {} },
  ]);
});

test.each(['before', 'after'] as const)('kill %s: the process ends and nobody is told', async (when) => {
  const client = await start({ on: { command: 'stop' }, nth: 1, action: { kind: 'kill', when } });
  const came = await client.ask('stop');
  expect(came).toMatchObject(when === 'before' ? [] : [{ event: 'STOP' }]);
  expect(killed).toBe(1);
});

test('hold: an event comes behind a later one', async () => {
  const client = await start({
    on: { event: 'STOP' },
    nth: 1,
    action: { kind: 'hold', until: 'RESUME' },
  });
  expect(await client.ask('stop')).toEqual([{ return: {} }]);
  expect(await client.ask('cont')).toEqual([{ event: 'RESUME' }, { event: 'STOP' }, { return: {} }]);
  expect(await client.ask('stop')).toEqual([{ event: 'STOP' }, { return: {} }]);
});

test('lose, delay, drop: events', async () => {
  const client = await start(
    { on: { event: 'STOP' }, nth: 1, action: { kind: 'lose' } },
    { on: { event: 'RESUME' }, nth: 1, action: { kind: 'delay', milliseconds: 5 } },
    { on: { event: 'STOP' }, nth: 2, action: { kind: 'drop', when: 'after' } },
  );
  expect(await client.ask('stop')).toEqual([{ return: {} }]);
  expect(await client.ask('cont')).toEqual([{ return: {} }]);
  clock.advance(5_000_000n);
  expect(await client.ask('query-status')).toMatchObject([{ return: {} }, { event: 'RESUME' }]);
  expect(await client.ask('stop')).toEqual([{ event: 'STOP' }]);
  expect(client.ended).toBe(true);
});

test('a job is left in the middle', async () => {
  const client = await start({
    on: { job: 'backup', offset: 131072 },
    nth: 1,
    action: { kind: 'kill', when: 'before' },
  });
  await client.ask('blockdev-backup', {
    device: 'n',
    target: 'm',
    sync: 'full',
    'job-id': 'j',
    speed: 65536,
  });
  for (const _ of Array.from({ length: 8 })) {
    if (killed > 0) break;
    clock.advance(1_000_000_000n);
    await reference.idle();
  }
  expect(killed).toBe(1);
  expect(await client.ask('query-block-jobs')).toMatchObject([{ return: [{ device: 'j', offset: 131072 }] }]);
});
