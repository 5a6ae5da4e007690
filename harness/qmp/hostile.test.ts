/** Peers that break the protocol: each is answered with a clear error, and never with a hang. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GREETING, peer } from '../testing/hostile-peer.ts';
import { type ClientOptions, QmpClient } from './client.ts';
import { ClosedError, ProtocolError, QmpError, TimeoutError } from './errors.ts';

const clients: QmpClient[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const client of clients.splice(0)) await client.close();
});

async function connected(options: ClientOptions = {}) {
  const server = peer();
  server.say(GREETING);
  const client = await QmpClient.connect(server.transport, { negotiate: false, ...options });
  clients.push(client);
  return { server, client };
}

/** The faults that a client reports when its peer begins so. */
async function greetedWith(bytes: string | Uint8Array, options: ClientOptions = {}, then = 'stay') {
  const server = peer();
  server.say(bytes);
  if (then === 'leave') server.hangUp();
  return QmpClient.connect(server.transport, options).then(
    () => 'connected',
    (error: unknown) => error,
  );
}

describe('instead of a greeting', () => {
  it.each([
    ['garbage', 'login: \n', 'bad-json', 'login:'],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0x0a]), 'bad-utf8', ''],
    ['a list', '[1, 2]\n', 'not-an-object', '[1, 2]'],
    ['an event', '{"event": "STOP"}\n', 'bad-greeting', 'STOP'],
    ['a reply', '{"return": {}}\n', 'bad-greeting', 'return'],
  ])('%s', async (_name, bytes, kind, received) => {
    const error = await greetedWith(bytes);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ kind, message: expect.stringContaining(received) });
  });

  it('half a greeting, then the end', async () => {
    expect(await greetedWith('{"QMP": {"ver', {}, 'leave')).toMatchObject({
      kind: 'truncated',
      message: expect.stringContaining('{"QMP": {"ver'),
    });
  });

  it('the end', async () => {
    expect(await greetedWith('', {}, 'leave')).toBeInstanceOf(ClosedError);
  });

  it.each(['', 'password: '])('nothing more than %j, for ever', async (text) => {
    const error = await greetedWith(text, { greetingTimeout: 20 });
    expect(error).toMatchObject({ kind: 'greeting-timeout', message: expect.stringContaining(text) });
  });

  it('an abort', async () => {
    const reason = new Error('not now');
    expect(await greetedWith('', { signal: AbortSignal.abort(reason) })).toBe(reason);
    const abort = new AbortController();
    const result = greetedWith('', { signal: abort.signal });
    abort.abort(reason);
    expect(await result).toBe(reason);
  });

  it('a refusal to negotiate', async () => {
    const server = peer();
    server.say(GREETING);
    const result = QmpClient.connect(server.transport, { oob: true });
    expect(JSON.parse(await server.hear())).toMatchObject({ arguments: { enable: ['oob'] } });
    server.say('{"error": {"class": "GenericError", "desc": "busy"}, "id": 1}\n');
    await expect(result).rejects.toMatchObject({
      kind: 'negotiation-refused',
      message: expect.stringContaining('busy'),
    });
    await expect(server.hear()).rejects.toThrow('gone');
  });
});

describe('while a command is in flight', () => {
  it.each([
    ['garbage', 'segfault at 0x0\n', 'bad-json'],
    ['bytes that are no UTF-8', Buffer.from('{"\xff": 1}\n', 'latin1'), 'bad-utf8'],
    ['a list', '[]\n', 'not-an-object'],
    ['a reply with a wrong id', '{"return": {}, "id": "other"}\n', 'unexpected-reply'],
    ['an error without an id', '{"error": {"class": "GenericError", "desc": "?"}}\n', 'unexpected-reply'],
    ['a second greeting', GREETING, 'second-greeting'],
    ['neither reply nor event', '{"hello": 1}\n', 'bad-envelope'],
  ])('%s', async (_name, bytes, kind) => {
    const { server, client } = await connected();
    const result = client.execute('query-block');
    await server.hear();
    server.say(bytes);
    await expect(result).rejects.toMatchObject({ name: 'ProtocolError', kind });
    const next = client.execute('query-block');
    await server.hear();
    server.say('{"return": [], "id": 1}\r\n{"return": [1], "id": 2}\r\n');
    expect(await next).toEqual([1]);
  });

  it.each([
    ['without return and error', '{"id": 1}\n'],
    ['with an error without a class', '{"error": {"desc": "?"}, "id": 1}\n'],
    ['with an error that is text', '{"error": "?", "id": 1}\n'],
  ])('a reply %s', async (_name, bytes) => {
    const { server, client } = await connected();
    const result = client.execute('query-block');
    await server.hear();
    server.say(bytes);
    await expect(result).rejects.toMatchObject({ name: 'ProtocolError', kind: 'bad-envelope' });
  });

  it('half a reply, then the end', async () => {
    const { server, client } = await connected();
    const result = client.execute('query-block');
    await server.hear();
    server.say('{"return": [');
    server.hangUp();
    await expect(result).rejects.toMatchObject({ kind: 'truncated' });
    await expect(client.execute('query-block')).rejects.toMatchObject({ kind: 'truncated' });
  });

  it('the end: every wait says what it waited for', async () => {
    const { server, client } = await connected();
    const waits = [client.execute('query-block'), client.waitEvent('STOP'), client.raw('{}')];
    await server.hear();
    server.hangUp();
    await expect(waits[0]).rejects.toMatchObject({ name: 'ClosedError', waitingFor: 'query-block' });
    await expect(waits[1]).rejects.toThrow(ClosedError);
    expect(await waits[2]).toMatchObject({ closed: true, messages: [] });
    await expect(client.execute('stop')).rejects.toThrow('while stop was awaited');
    await expect(client.waitEvent('STOP')).rejects.toThrow('event STOP');
    await expect(client.raw('{}')).rejects.toThrow(ClosedError);
  });

  it('100 MB without a line end', async () => {
    const { server, client } = await connected();
    const result = client.execute('query-block');
    await server.hear();
    const chunk = Buffer.alloc(1_000_000, '[');
    for (let i = 0; i < 100; i++) server.say(chunk);
    await expect(result).rejects.toMatchObject({ kind: 'too-long' });
    await expect(server.hear()).rejects.toThrow('gone');
  });

  it('silence', async () => {
    const { client } = await connected({ timeout: 20 });
    await expect(client.execute('query-block')).rejects.toMatchObject({
      name: 'TimeoutError',
      waitingFor: 'query-block',
    });
    await expect(client.waitEvent('STOP')).rejects.toMatchObject({ waitingFor: 'event STOP' });
    await expect(client.raw('{')).rejects.toThrow(TimeoutError);
  });

  it('a late reply to a command that was given up', async () => {
    const { server, client } = await connected({ timeout: 20 });
    await expect(client.execute('query-block')).rejects.toThrow(TimeoutError);
    const next = client.execute('query-version');
    await server.hear();
    await server.hear();
    server.say('{"return": 1, "id": 1}\n{"return": 2, "id": 2}\n');
    expect(await next).toBe(2);
  });

  it('a flood of events, a packet each byte', async () => {
    const { server, client } = await connected();
    const result = client.execute('query-block');
    await server.hear();
    for (const byte of Buffer.from('{"event": "A"}\r\n{"event": "B"}{"return": 3, "id": 1}')) {
      server.say(Uint8Array.of(byte));
    }
    expect(await result).toBe(3);
    expect(client.events.drain().map(({ event }) => event)).toEqual(['A', 'B']);
  });
});

describe('while nothing is in flight', () => {
  it.each([
    ['a reply to nobody', '{"return": {}}\n', 'unexpected-reply'],
    ['a second greeting', GREETING, 'second-greeting'],
    ['garbage', '\0\n', 'bad-json'],
  ])('%s fails the next call, once', async (_name, bytes, kind) => {
    const { server, client } = await connected();
    server.say(`${bytes}{"event": "MARK"}\n`);
    await client.waitEvent('MARK');
    await expect(client.execute('query-block')).rejects.toMatchObject({ kind });
    const next = client.execute('query-block');
    const { id } = JSON.parse(await server.hear()) as { id: number };
    server.say(`{"return": {}, "id": ${id}}\n`);
    expect(await next).toEqual({});
  });

  it('a reply that comes twice', async () => {
    const { server, client } = await connected();
    const first = client.execute('query-block');
    await server.hear();
    server.say('{"return": {}, "id": 1}\n{"return": {}, "id": 1}\n');
    await first;
    await expect(client.execute('stop')).rejects.toMatchObject({ kind: 'repeated-reply' });
  });

  it('an error reply is an answer, not a breach', async () => {
    const { server, client } = await connected();
    const result = client.execute('block_resize');
    await server.hear();
    server.say('{"error": {"class": "GenericError", "desc": "no"}, "id": 1}\n');
    await expect(result).rejects.toThrow(QmpError);
    await expect(result).rejects.toMatchObject({
      class: 'GenericError',
      desc: 'no',
      command: 'block_resize',
    });
  });
});
