/** How jobs end when the endpoint does. */
import { afterEach, expect, test } from 'vitest';
import { parseJson } from '../../spec/json.ts';
import type { Reference } from '../endpoint.ts';
import { startReference } from '../start-reference.ts';
import { ManualClock } from '../testing/test-services.ts';

const SIZE = 4 << 20;
const CLUSTER = 65536;
let reference: Reference | undefined;

afterEach(() => reference?.stop());

const nodes = ['n', 'm', 't', 'u'].map((name) => ({
  execute: 'blockdev-add',
  arguments: { driver: 'null-co', 'node-name': name, size: SIZE },
}));
const job = (execute: string, id: string, device: string, target: string, more = {}) => ({
  execute,
  arguments: { 'job-id': id, device, target, sync: 'full', speed: 1024, ...more },
});

/** Sends commands, one after another, and gives all that came after their replies, to the end of the endpoint. */
async function toTheEnd(commands: readonly object[], last = '{"execute": "quit"}'): Promise<unknown[]> {
  let received = '';
  reference = await startReference({ argv: [], cwd: '/', clock: new ManualClock() });
  const pipe = reference.connect(0, {
    data: (bytes) => {
      received += Buffer.from(bytes).toString();
    },
    end: () => {},
  });
  for (const command of [{ execute: 'qmp_capabilities' }, ...nodes, ...commands]) {
    pipe.write(Buffer.from(JSON.stringify(command)));
    await reference.idle();
  }
  received = '';
  if (last === '') void reference.stop();
  else pipe.write(Buffer.from(last));
  expect(await reference.exited).toBe(0);
  return received.split('\r\n').slice(0, -1).map(parseJson);
}

const shutdown = expect.objectContaining({ event: 'SHUTDOWN' });
const ended = (event: string, device: string, offset: number) =>
  expect.objectContaining({
    event: `BLOCK_JOB_${event}`,
    data: expect.objectContaining({ device, offset }),
  });
const backup = job('blockdev-backup', 'b', 'n', 't');

test('a job gets on once more, is cancelled, and says so', async () => {
  expect(await toTheEnd([backup])).toEqual([shutdown, { return: {} }, ended('CANCELLED', 'b', 2 * CLUSTER)]);
});

test('so it does after a signal', async () => {
  expect(await toTheEnd([backup], '')).toEqual([shutdown, ended('CANCELLED', 'b', 2 * CLUSTER)]);
});

test('of several, the newest first', async () => {
  expect(await toTheEnd([backup, job('blockdev-backup', 'c', 'm', 'u')])).toEqual([
    shutdown,
    { return: {} },
    ended('CANCELLED', 'c', 2 * CLUSTER),
    ended('CANCELLED', 'b', 2 * CLUSTER),
  ]);
});

test('a job that the user has paused stays where it is', async () => {
  const pause = { execute: 'block-job-pause', arguments: { device: 'b' } };
  expect(await toTheEnd([backup, pause])).toEqual([
    shutdown,
    { return: {} },
    ended('CANCELLED', 'b', CLUSTER),
  ]);
});

test('a mirror that is ready ends well', async () => {
  expect(await toTheEnd([job('blockdev-mirror', 'm', 'n', 't', { sync: 'none' })])).toEqual([
    shutdown,
    { return: {} },
    ended('COMPLETED', 'm', 0),
  ]);
});

test('what was sent behind quit is not answered', async () => {
  expect(await toTheEnd([], '{"execute": "quit"}{"execute": "query-version"}')).toEqual([
    shutdown,
    { return: {} },
  ]);
});
