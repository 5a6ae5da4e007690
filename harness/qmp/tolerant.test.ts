/** A client that goes on after breaches: which request a doubtful reply answers, and what is told. */
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { GREETING, peer } from '../testing/hostile-peer.ts';
import { QmpClient } from './client.ts';
import type { ProtocolFault } from './errors.ts';
import type { Quirks } from './quirks.ts';

const clients: QmpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

async function connected(quirks: Quirks = {}, greeting = GREETING) {
  const server = peer();
  const told: ProtocolFault[] = [];
  server.say(greeting);
  const client = await QmpClient.connect(server.transport, {
    negotiate: false,
    quirks,
    onBreach: ({ kind }) => told.push(kind),
  });
  clients.push(client);
  return { server, client, told };
}

const returned = (value: number, id?: JsonObject['id']): string =>
  `${JSON.stringify({ return: value, ...(id !== undefined && { id }) })}\r\n`;

describe('before the greeting', () => {
  test.each([
    ['text', 'login\r\n', 'banner'],
    ['an event', '{"event": "E"}\r\n', 'early-event'],
  ])('%s is told and read over', async (_name, first, kind) => {
    const { told, client } = await connected({}, `${first}${GREETING}`);
    expect(told).toEqual([kind]);
    expect(client.introduction).toHaveProperty('version');
  });

  test('another key is taken for QMP', async () => {
    const { told, client } = await connected({}, GREETING.replace('QMP', 'ACME'));
    expect(told).toEqual(['other-greeting']);
    expect(client.introduction).toHaveProperty('version');
  });
});

describe('a reply', () => {
  test('without an id is that of the only command, after a moment', async () => {
    const { server, client, told } = await connected();
    const reply = client.execute('a');
    server.say(returned(1));
    expect(await reply).toBe(1);
    expect(told).toEqual(['lost-id']);
  });

  test('without an id is nobody’s if the right one follows', async () => {
    const { server, client, told } = await connected();
    const reply = client.execute('a');
    server.say(`${returned(1)}${returned(2, 1)}`);
    expect(await reply).toBe(2);
    expect(told).toEqual(['unexpected-reply']);
  });

  test('without an id is of the command before that of the next reply', async () => {
    const { server, client, told } = await connected();
    const replies = [client.execute('a'), client.execute('b')];
    server.say(`${returned(1)}${returned(2, 2)}`);
    expect(await Promise.all(replies)).toEqual([1, 2]);
    expect(told).toEqual(['lost-id']);
  });

  test.each<[Quirks, ProtocolFault[]]>([
    [{ lostId: 'always' }, ['lost-id', 'lost-id', 'lost-id']],
    [{}, ['lost-id', 'lost-id', 'lost-id']],
  ])('without an id is paired by order: %j', async (quirks, kinds) => {
    const { server, client, told } = await connected(quirks);
    const replies = ['a', 'b', 'c'].map((command) => client.execute(command));
    server.say([1, 2, 3].map((value) => returned(value)).join(''));
    expect(await Promise.all(replies)).toEqual([1, 2, 3]);
    expect(told).toEqual(kinds);
  });

  test('with the text of an id, and with an id that was not given, find their commands', async () => {
    const { server, client, told } = await connected();
    const numbered = client.execute('a');
    server.say(returned(1, '1'));
    expect(await numbered).toBe(1);
    const bare = client.request({ execute: 'b' });
    server.say(returned(2, null));
    expect(await bare).toMatchObject({ return: 2 });
    expect(told).toEqual(['id-as-text', 'added-id']);
  });

  test('that comes twice is dropped', async () => {
    const { server, client, told } = await connected();
    const first = client.execute('a');
    server.say(`${returned(1, 1)}${returned(1, 1)}`);
    expect(await first).toBe(1);
    const second = client.execute('b');
    server.say(returned(2, 2));
    expect(await second).toBe(2);
    expect(told).toEqual(['repeated-reply']);
  });
});

test('text among the messages is told, and fails nobody', async () => {
  const { server, client, told } = await connected();
  const reply = client.execute('a');
  server.say(`debug: x\r\n${returned(1, 1)}`);
  expect(await reply).toBe(1);
  expect(told).toEqual(['bad-json']);
});

test('commands are sent one at a time, and with texts for ids, where that is needed', async () => {
  const { server, client } = await connected({ oneMessagePerRead: true, stringIds: true });
  const replies = [client.execute('a'), client.execute('b')];
  expect(JSON.parse(await server.hear())).toEqual({ execute: 'a', id: 'qmpcheck-1' });
  const next = server.hear();
  expect(await Promise.race([next, Promise.resolve('nothing yet')])).toBe('nothing yet');
  server.say(returned(1, 'qmpcheck-1'));
  expect(JSON.parse(await next)).toEqual({ execute: 'b', id: 'qmpcheck-2' });
  server.say(returned(2, 'qmpcheck-2'));
  expect(await Promise.all(replies)).toEqual([1, 2]);
});

test('raw bytes go line by line where sync commands are of no use', async () => {
  const { server, client } = await connected({ lostId: 'always' });
  const exchange = client.raw('{"execute":"a"}\n{"execute":"b"}\n');
  await server.hear();
  server.say(returned(1));
  await server.hear();
  server.say(returned(2));
  expect(await exchange).toMatchObject({ messages: [{ return: 1 }, { return: 2 }], closed: false });
});
