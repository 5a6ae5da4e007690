/** The client on a well-behaved peer: ids, order, events, raw exchanges, limits, what an observer sees. */
import { afterEach, describe, expect, it } from 'vitest';
import { type JsonObject, parseJson } from '../../spec/json.ts';
import { GREETING, type Peer, peer } from '../testing/hostile-peer.ts';
import type { ChannelObserver } from './channel.ts';
import { type ClientOptions, QmpClient } from './client.ts';
import { TimeoutError } from './errors.ts';
import { leavesOpen } from './raw-exchange.ts';

const clients: QmpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

async function connected(options: ClientOptions = {}) {
  const server = peer();
  server.say(GREETING);
  const client = await QmpClient.connect(server.transport, { negotiate: false, ...options });
  clients.push(client);
  return { server, client };
}

const heard = async (server: Peer) => JSON.parse(await server.hear()) as JsonObject;

/** Answers each line that is JSON with `return`, others with an error without id, as QEMU does. */
async function answerLines(server: Peer): Promise<void> {
  for (;;) {
    const line = await server.hear().catch(() => null);
    if (line === null) return;
    try {
      const { id } = JSON.parse(line) as JsonObject;
      server.say(`${JSON.stringify({ return: {}, id })}\r\n`);
    } catch {
      if (line !== '') server.say('{"error": {"class": "GenericError", "desc": "JSON parse error"}}\r\n');
    }
  }
}

describe('negotiation', () => {
  it.each([
    [undefined, undefined, false],
    [true, { enable: ['oob'] }, true],
  ])('out of band asked for: %s', async (oob, args, expected) => {
    const server = peer();
    server.say(GREETING);
    const connecting = QmpClient.connect(server.transport, { ...(oob && { oob }) });
    const request = await heard(server);
    expect(request).toMatchObject({ execute: 'qmp_capabilities' });
    expect(request.arguments).toEqual(args);
    server.say(`{"return": {}, "id": ${request.id as number}}\n`);
    const client = await connecting;
    clients.push(client);
    expect(client.oob).toBe(expected);
    expect(client.greeting).toEqual(JSON.parse(GREETING));
  });

  it('does not ask for out of band where it is not offered', async () => {
    const server = peer();
    server.say('{"QMP": {"version": {}}}\n');
    const connecting = QmpClient.connect(server.transport, { oob: true });
    const request = await heard(server);
    expect(request).not.toHaveProperty('arguments');
    server.say(`{"return": {}, "id": ${request.id as number}}\n`);
    const client = await connecting;
    clients.push(client);
    expect(client.oob).toBe(false);
  });
});

describe('requests', () => {
  it('pairs replies by id, in whatever order they come', async () => {
    const { server, client } = await connected();
    const replies = ['a', 'b', 'c'].map((command) => client.execute(command));
    const ids = [await heard(server), await heard(server), await heard(server)].map(({ id }) => id);
    for (const id of ids.toReversed())
      server.say(`{"return": "for ${id as number}", "id": ${id as number}}\n`);
    expect(await Promise.all(replies)).toEqual(ids.map((id) => `for ${id as number}`));
  });

  it.each([
    ['null', 'null'],
    ['18446744073709551615', '18446744073709551615'],
    ['"1"', '"1"'],
    ['{"a": 1, "b": [2, null]}', '{"b": [2, null], "a": 1}'],
  ])('takes %s as an id', async (id, echoed) => {
    const { server, client } = await connected();
    const reply = client.request({ execute: 'x', id: parseJson(id) });
    const other = client.request({ execute: 'y', id: 1 });
    server.say(`{"return": 1, "id": 1}\n{"return": 2, "id": ${echoed}}\n`);
    expect(await reply).toMatchObject({ return: 2 });
    expect(await other).toMatchObject({ return: 1 });
  });

  it('sends requests without an id one after another', async () => {
    const { server, client } = await connected();
    const replies = [client.request({ execute: 'a' }), client.request({ execute: 'b' })];
    expect(await heard(server)).toEqual({ execute: 'a' });
    server.say('{"return": 1}\n');
    expect(await heard(server)).toEqual({ execute: 'b' });
    server.say('{"error": {"class": "GenericError", "desc": "?"}}\n');
    expect(await Promise.all(replies)).toEqual([
      { return: 1 },
      { error: { class: 'GenericError', desc: '?' } },
    ]);
  });

  it('keeps integers exact both ways', async () => {
    const { server, client } = await connected();
    const result = client.execute('x', { size: 9223372036854775807n });
    expect(await server.hear()).toContain('9223372036854775807');
    server.say('{"return": -9223372036854775808, "id": 1}\n');
    expect(await result).toBe(-9223372036854775808n);
  });

  it('executes out of band', async () => {
    const { server, client } = await connected();
    const result = client.execute('migrate-pause', undefined, { oob: true });
    expect(await heard(server)).toEqual({ 'exec-oob': 'migrate-pause', id: 1 });
    server.say('{"return": {}, "id": 1}\n');
    await result;
  });

  it('gives up at an abort, and drops the reply', async () => {
    const { server, client } = await connected();
    const abort = new AbortController();
    const result = client.execute('x', {}, { signal: abort.signal });
    const reason = new Error('changed my mind');
    abort.abort(reason);
    await expect(result).rejects.toBe(reason);
    await expect(client.execute('x', {}, { signal: abort.signal })).rejects.toBe(reason);
    server.say('{"return": {}, "id": 1}\n{"return": 5, "id": "next"}\n');
    expect(await client.request({ execute: 'y', id: 'next' })).toMatchObject({ return: 5 });
  });

  it('gives a request time for its size', async () => {
    const { client } = await connected({ timeout: 1 });
    const result = client.execute('x', { text: 'x'.repeat(1000) });
    const error = (await result.catch((reason: unknown) => reason)) as TimeoutError;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.milliseconds).toBeGreaterThan(20);
  });
});

describe('events', () => {
  const say = (server: Peer, ...events: JsonObject[]) =>
    server.say(events.map((event) => `${JSON.stringify(event)}\r\n`).join(''));

  it('waits for what comes, and finds what came', async () => {
    const { server, client } = await connected();
    const ready = client.waitEvent({ event: 'JOB', data: { job: { id: 'b' } } });
    say(
      server,
      { event: 'JOB', data: { job: { id: 'a', n: 1 } } },
      { event: 'JOB', data: { job: { id: 'b', n: 2 } } },
      { event: 'STOP' },
    );
    expect((await ready).data).toEqual({ job: { id: 'b', n: 2 } });
    expect((await client.waitEvent((event) => event.event.startsWith('ST'))).event).toBe('STOP');
    expect(client.events.pending()).toEqual([{ event: 'JOB', data: { job: { id: 'a', n: 1 } } }]);
    expect((await client.waitEvent()).event).toBe('JOB');
    expect(client.events.pending()).toEqual([]);
  });

  it('streams until the connection ends', async () => {
    const { server, client } = await connected();
    say(server, { event: 'A', data: { n: 1 } }, { event: 'B' }, { event: 'A', data: { n: 2 } });
    server.hangUp();
    const got: unknown[] = [];
    for await (const event of client.events.stream('A')) got.push(event.data);
    expect(got).toEqual([{ n: 1 }, { n: 2 }]);
    expect(client.events.drain()).toEqual([{ event: 'B' }]);
  });

  it('stops waiting at an abort and after its time', async () => {
    const { client } = await connected();
    const abort = new AbortController();
    const waiting = client.waitEvent('A', { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(client.waitEvent('A', { signal: abort.signal })).rejects.toThrow('enough');
    await expect(client.waitEvent('A', { timeout: 5 })).rejects.toThrow('event A');
    const stream = client.events.stream('A', { timeout: 5 });
    await expect(stream.next()).rejects.toThrow(TimeoutError);
  });
});

describe('raw', () => {
  it('gives what comes before the reply to its sync', async () => {
    const { server, client } = await connected();
    const exchange = client.raw(']]\n{"execute": "x"}\n');
    void answerLines(server);
    expect(await exchange).toEqual({
      messages: [{ error: { class: 'GenericError', desc: 'JSON parse error' } }, { return: {} }],
      unparsable: [],
      closed: false,
      unfinished: false,
    });
  });

  it('leaves out the error that its own reset brings', async () => {
    const { server, client } = await connected();
    const exchange = client.raw('{"execute": ');
    void answerLines(server);
    expect(await exchange).toMatchObject({ messages: [], unfinished: true });
  });

  it('resets the parser when the sync was swallowed', async () => {
    const { server, client } = await connected();
    const exchange = client.raw('foreseen as complete', { patience: 5 });
    expect(await server.hear()).toBe('foreseen as complete');
    expect(await server.hear()).toContain('qmpcheck-sync');
    void answerLines(server);
    expect(await exchange).toMatchObject({ messages: [], closed: false });
  });

  it('resets the parser at once when the endpoint says that nothing more comes', async () => {
    const { server, client } = await connected();
    let rest = (): void => undefined;
    const idle = new Promise<void>((resolve) => {
      rest = resolve;
    });
    const exchange = client.raw('foreseen as complete', { patience: 60_000, idle: () => idle });
    expect(await server.hear()).toBe('foreseen as complete');
    expect(await server.hear()).toContain('qmpcheck-sync');
    rest();
    void answerLines(server);
    expect(await exchange).toMatchObject({ messages: [], closed: false });
  });

  it('waits for the last sync when the first was only slow', async () => {
    const { server, client } = await connected();
    const exchange = client.raw('[]', { patience: 5 });
    const lines = [await server.hear(), await server.hear(), await server.hear(), await server.hear()];
    const ids = lines.flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as JsonObject).id] : []));
    expect(ids.every((id) => typeof id === 'string' && id.startsWith('qmpcheck-sync-'))).toBe(true);
    server.say('{"error": {"class": "GenericError", "desc": "of []"}}\n');
    server.say(`{"return": {}, "id": "${ids[0] as string}"}\n`);
    server.say('{"error": {"class": "GenericError", "desc": "of the reset"}}\n');
    server.say(`{"return": {}, "id": "${ids[1] as string}"}\n`);
    expect((await exchange).messages).toEqual([{ error: { class: 'GenericError', desc: 'of []' } }]);
  });

  it('collects texts that are no messages, and leaves events and other replies to whom they belong', async () => {
    const { server, client } = await connected();
    const command = client.execute('slow');
    const exchange = client.raw('x\n');
    await server.hear();
    await server.hear();
    await server.hear();
    const sync = await heard(server);
    server.say('oops\n{"event": "E"}\n{"return": 7, "id": 1}\n');
    server.say(`{"return": {}, "id": "${sync.id as string}"}\n`);
    expect(await exchange).toMatchObject({ messages: [], unparsable: ['oops'] });
    expect(await command).toBe(7);
    expect(client.events.pending()).toEqual([{ event: 'E' }]);
  });

  it('writes the pieces of a list one by one, and exchanges one after another', async () => {
    const sent: string[] = [];
    const observer: ChannelObserver = { sent: (data) => sent.push(Buffer.from(data).toString('latin1')) };
    const { server, client } = await connected({ observer });
    void answerLines(server);
    await Promise.all([client.raw(['{"exe', 'cute": ', '"x"}']), client.raw(Uint8Array.of(0xff))]);
    expect(sent.map((text) => text.trim().replace(/\{.*sync.*\}/, 'SYNC'))).toEqual([
      '{"exe',
      'cute":',
      '"x"}',
      'SYNC',
      '\xff',
      'SYNC',
    ]);
  });

  it.each([
    ['', false],
    ['{}', false],
    ['{', true],
    ['"', true],
    ["'", true],
    [`'"'`, false],
    ['"\\"', true],
    ['"["', false],
    ['}{', true],
    ['[}', false],
  ])('%s leaves something open: %s', (text, open) => {
    expect(leavesOpen(Buffer.from(text))).toBe(open);
  });
});

it('shows an observer all that crosses, in order', async () => {
  const seen: string[] = [];
  const { server, client } = await connected({
    observer: {
      sent: (text, value) => seen.push(`> ${text as string} ${value === undefined ? 'raw' : 'value'}`),
      received: ({ text }) => seen.push(`< ${text}`),
      closed: (reason) => seen.push(reason.name),
    },
  });
  const result = client.execute('x');
  server.say('{"event":  "E"}\r\n{"return": {},  "id": 1}\r\n');
  await result;
  server.say('half');
  server.hangUp();
  await expect(client.waitEvent('F')).rejects.toThrow('half');
  expect(seen).toEqual([
    `< ${GREETING.trim()}`,
    '> {"execute":"x","id":1} value',
    '< {"event":  "E"}',
    '< {"return": {},  "id": 1}',
    'ProtocolError',
  ]);
});
