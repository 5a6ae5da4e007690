/** The client against real QEMU: greeting, negotiation, errors, events, raw bytes, out-of-band execution. */
import { afterEach, describe, expect, it } from 'vitest';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { type LiveEngine, type RunningEngine, startLive } from '../testing/live-engine.ts';
import { QmpClient } from './client.ts';
import { ClosedError, QmpError } from './errors.ts';

const live: RunningEngine[] = [];
const clients: QmpClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const engine of live.splice(0)) await engine.stop();
});

async function start(engine: LiveEngine, oob = false): Promise<QmpClient> {
  const running = await startLive(engine);
  live.push(running);
  const client = await QmpClient.connect(await running.connect(), { oob });
  clients.push(client);
  return client;
}

describe.each(['qemu-storage-daemon', 'qemu-system-x86_64'] as const)('%s', (engine) => {
  it('negotiates and executes', async (test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable(engine));
    const client = await start(engine);
    expect(client.greeting.QMP).toHaveProperty('version.qemu.major');
    expect(await client.execute('query-version')).toHaveProperty('qemu');
    const refused = client.execute('block_resize', { 'node-name': 'none', size: 1 });
    await expect(refused).rejects.toThrow(QmpError);
    await expect(refused).rejects.toMatchObject({ class: 'GenericError', command: 'block_resize' });
  });

  it('answers many commands in flight, each to its own request', async (test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable(engine));
    const client = await start(engine);
    const ids = Array.from({ length: 50 }, (_, i) => ({ n: i, list: [i] }));
    const replies = await Promise.all(ids.map((id) => client.request({ execute: 'query-block-jobs', id })));
    expect(replies.map((reply) => reply.id)).toEqual(ids);
  });

  it('gives 64-bit integers exactly', async (test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable(engine));
    const client = await start(engine);
    const reply = await client.request({ execute: 'query-block-jobs', id: 9223372036854775807n });
    expect(reply.id).toBe(9223372036854775807n);
  });

  it.for([
    ['', [], false],
    ['{', [], true],
    ['{"execute": "query-block-jobs"}', ['return'], false],
    ['{"execute": "query-block-jobs"}{"execute": "query-block-jobs"}', ['return', 'return'], false],
    ['}]', ['error', 'error'], false],
    ['{"execute": "no-such-command"', [], true],
    ['[[[[', [], true],
    [Buffer.from([0xff]), ['error'], false],
    ['{"execute": 1, "id": 7}\n', ['error'], false],
  ] as const)('raw bytes %j', async ([bytes, expected, unfinished], test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable(engine));
    const client = await start(engine);
    const replies = await client.raw(bytes);
    expect(replies.messages.map((reply) => ('error' in reply ? 'error' : 'return'))).toEqual(expected);
    expect(replies).toMatchObject({ unparsable: [], closed: false, unfinished });
    expect(await client.execute('query-block-jobs')).toEqual([]);
  });

  it('says that the endpoint left', async (test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable(engine));
    const client = await start(engine);
    expect(await client.raw('{"execute": "quit"}')).toMatchObject({ closed: true });
    await expect(client.execute('query-version')).rejects.toThrow(ClosedError);
  });
});

describe('qemu-system-x86_64 only', () => {
  it('executes out of band', async (test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable('qemu-system-x86_64'));
    const client = await start('qemu-system-x86_64', true);
    expect(client.oob).toBe(true);
    await expect(client.execute('migrate-pause', {}, { oob: true })).rejects.toThrow(QmpError);
  });

  it('streams events', async (test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable('qemu-system-x86_64'));
    const client = await start('qemu-system-x86_64');
    const resumed = client.waitEvent('RESUME');
    await client.execute('cont');
    expect((await resumed).event).toBe('RESUME');
    await client.execute('stop');
    await client.execute('quit');
    const names: string[] = [];
    for await (const event of client.events.stream()) names.push(event.event);
    expect(names).toEqual(['STOP', 'SHUTDOWN']);
  });
});
