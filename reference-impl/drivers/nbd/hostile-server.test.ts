/** Servers that break the protocol: every one is met with a clear error, in bounded memory, and none with a hang. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { pack, packChunk, packOptionReply, packSimpleReply, u16, u32, u64 } from '../../nbd/nbd-messages.ts';
import { Magic, Option, OptionReply, ReplyFlag, ReplyType } from '../../nbd/nbd-protocol.ts';
import {
  acknowledge,
  blockInfo,
  exportInfo,
  greeting,
  type Peer,
  type Script,
  scriptedPeer,
  untilGo,
} from '../../testing/scripted-nbd-server.ts';
import { ManualClock, testEnvironment, testServices } from '../../testing/test-services.ts';
import type { DriverState } from '../driver.ts';
import { nbd } from './nbd-driver.ts';

const FLAGS = 1 | 4 | 32 | 64;
const SIZE = 1 << 20;

let folder: string;
let clock: ManualClock;
let peer: Peer;
const opened: DriverState[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-hostile-'));
  clock = new ManualClock();
});
afterEach(async () => {
  for (const state of opened.splice(0)) await state.close();
  await peer.close();
  await rm(folder, { recursive: true });
});

async function open(script: Script, hang = false, options: JsonObject = {}): Promise<DriverState> {
  peer = await scriptedPeer(join(folder, 's'), script, hang);
  const state = await nbd.open(
    testEnvironment(testServices(folder, clock), {
      server: { type: 'unix', path: 's' },
      export: 'n',
      ...options,
    }),
  );
  opened.push(state);
  return state;
}

const go = (...replies: Buffer[]): Script => [...untilGo(false), Buffer.concat(replies)];
const refused = (type: number, data = ''): Script => go(packOptionReply(Option.go, type, Buffer.from(data)));
const bad = (data: Buffer): Script => go(packOptionReply(Option.go, OptionReply.info, data));
const END = 'Unexpected end-of-file before all data were read';

describe('the handshake', () => {
  test.each<[string, Script]>([
    [`Failed to read initial magic: ${END}`, [Buffer.from('NBD')]],
    ['Bad initial magic received: 0x5858585858585858', [Buffer.alloc(152, 'X')]],
    ['Bad server magic received: 0x5959595959595959', [Buffer.from(`NBDMAGIC${'Y'.repeat(144)}`)]],
    [`Failed to read server flags: ${END}`, [greeting.subarray(0, 16)]],
    ['Unexpected option reply magic', [greeting, Buffer.alloc(20, 'X')]],
    [
      'Unexpected option type 7 (go), expected 8 (structured reply)',
      [greeting, packOptionReply(Option.go, OptionReply.ack)],
    ],
    [
      "Option 8 ('structured reply') response length is 2 (it should be zero)",
      [greeting, packOptionReply(Option.structuredReply, OptionReply.ack, Buffer.alloc(2))],
    ],
    [
      'TLS negotiation required before option 8 (structured reply)',
      [greeting, packOptionReply(Option.structuredReply, OptionReply.errTlsReqd)],
    ],
    ['Denied by server for option 7 (go)', refused(OptionReply.errPolicy, 'go away')],
    ['Invalid parameters for option 7 (go)', refused(OptionReply.errInvalid)],
    ['Requested export not available', refused(OptionReply.errUnknown)],
    ['Server shutting down before option 7 (go)', refused(OptionReply.errShutdown)],
    ['Unknown error code when asking for option 7 (go)', refused(2 ** 31 + 77)],
    ['unexpected reply type 42, expected 3 (info)', refused(42)],
    ['broken server omitted NBD_INFO_EXPORT', go(acknowledge(Option.go))],
    ['broken server omitted NBD_INFO_EXPORT', go(exportInfo(SIZE, 0), acknowledge(Option.go))],
    ['export length is too large', go(exportInfo(2n ** 63n, FLAGS), acknowledge(Option.go))],
    ['server minimum block size 3 is not a power of two', go(blockInfo(3, 4096, 1 << 25))],
    ['server minimum block size 0 is not a power of two', go(blockInfo(0, 4096, 1 << 25))],
    ['server minimum block size 131072 is too large', go(blockInfo(1 << 17, 1 << 17, 1 << 25))],
    ['server preferred block size 100 is not valid', go(blockInfo(1, 100, 1 << 25))],
    ['server maximum block size 100 is not valid', go(blockInfo(512, 512, 100))],
    ['Server sent a bad reply: message ends 2 bytes early', bad(Buffer.alloc(0))],
    ['remaining export info len 11 is unexpected size', bad(Buffer.alloc(13))],
    [`option 7 (go) reply of 4294967295 bytes is too long`, endless()],
    [
      'Server sent more than 1000 replies to option 7 (go)',
      go(...Array.from({ length: 1001 }, () => blockInfo(1, 1, 512))),
    ],
    [
      'request for write access conflicts with read-only export',
      go(exportInfo(SIZE, 3), acknowledge(Option.go)),
    ],
  ])('%s', async (message, script) => {
    await expect(open(script)).rejects.toMatchObject({ name: 'CommandError', message });
  });

  function endless(): Script {
    const header = pack(u64(Magic.optionReply), u32(Option.go), u32(OptionReply.info), u32(2 ** 32 - 1));
    return [...untilGo(false), Buffer.concat([header, Buffer.alloc(1 << 16)])];
  }

  test('a server that falls silent is given up', async () => {
    const given = open([greeting], true);
    // The patience begins when the connection stands; each turn lets the client come nearer to that.
    const advancing = setInterval(() => clock.advance(31n * 1_000_000_000n), 1);
    await expect(given).rejects.toMatchObject({ name: 'CommandError' });
    clearInterval(advancing);
  });

  test('a name of more bytes than the protocol lets pass', async () => {
    await expect(open([greeting], false, { export: 'é'.repeat(2049) })).rejects.toThrow(
      'export name too long to send to server',
    );
  });
});

const ready = (structured: boolean): Buffer[] => [
  ...untilGo(structured),
  Buffer.concat([exportInfo(SIZE, FLAGS), acknowledge(Option.go)]),
];
const chunk = (
  type: number,
  payload: Buffer,
  flags: number = ReplyFlag.done,
  length = payload.length,
): Buffer => Buffer.concat([packChunk({ flags, type, cookie: 1n, length }), payload]);
const data = (offset: number, length: number, flags?: number): Buffer =>
  chunk(ReplyType.offsetData, pack(u64(offset), Buffer.alloc(length, 1)), flags);

describe('the transmission', () => {
  const more = 0;
  test.each<[string, boolean, Buffer]>([
    [END, false, Buffer.alloc(7)],
    [END, false, Buffer.concat([packSimpleReply(0, 1n), Buffer.alloc(4000)])],
    ['reply begins with 0x58585858', false, Buffer.alloc(100, 'X')],
    ['reply begins with 0x668e33ef', false, data(0, 4096)],
    ['reply to no request (cookie 7)', false, packSimpleReply(0, 7n)],
    ['reply to no request (cookie 18446744073709551615)', false, packSimpleReply(0, 2n ** 64n - 1n)],
    ['simple reply to a request for data, though', true, packSimpleReply(0, 1n)],
    ['data for bytes 1024 to 5120, outside the request', true, data(1024, 4096)],
    ['data for bytes 0 to 4294967287, outside the request', true, chunk(1, pack(u64(0)), 1, 2 ** 32 - 1)],
    ['data for bytes 0 to 0, outside the request', true, data(0, 0)],
    ['outside the request', true, chunk(ReplyType.offsetHole, pack(u64(2n ** 64n - 1n), u32(16)))],
    ['data overlap', true, Buffer.concat([data(0, 512, more), data(0, 512)])],
    ['reply lacks data', true, data(0, 512)],
    ['reply lacks data', true, chunk(ReplyType.none, Buffer.alloc(0))],
    [
      'chunk without content is not empty or not the last',
      true,
      chunk(ReplyType.none, Buffer.alloc(0), more),
    ],
    ['chunk of unknown type 99', true, chunk(99, Buffer.alloc(8))],
    ['chunk of 4294967295 bytes', true, chunk(ReplyType.offsetHole, Buffer.alloc(0), 1, 2 ** 32 - 1)],
    ['hole chunk is too long', true, chunk(ReplyType.offsetHole, pack(u64(0), u32(512), u32(0)))],
    ['message ends 2 bytes early', true, chunk(ReplyType.error, pack(u32(5)))],
    ['error chunk without an error', true, chunk(ReplyType.error, pack(u32(0), u16(0)))],
    ['message ends 60 bytes early', true, chunk(ReplyType.error, pack(u32(5), u16(60)))],
    ['extents were not asked for', true, chunk(ReplyType.blockStatus, pack(u32(1), u32(512), u32(0)))],
  ])('%s', async (message, structured, reply) => {
    const state = await open([...ready(structured), reply]);
    const buffer = Buffer.alloc(4096);
    await expect(state.read(0, buffer)).rejects.toMatchObject({
      name: 'IoError',
      code: 'EIO',
      cause: { message: expect.stringContaining(message) },
    });
    // It stays broken, and says so at once.
    await expect(state.read(0, buffer)).rejects.toMatchObject({ code: 'EIO' });
    await expect(state.flush!()).rejects.toMatchObject({ code: 'EIO' });
  });

  test.each<[string, Buffer]>([
    ['ENOSPC', packSimpleReply(28, 1n)],
    ['EINVAL', packSimpleReply(0xdead, 1n)],
  ])('%s is passed on, and the connection lives', async (code, reply) => {
    const state = await open([...ready(false), reply, packSimpleReply(0, 2n)], true);
    await expect(state.write(0, Buffer.alloc(512, 1))).rejects.toMatchObject({ code });
    await state.write(0, Buffer.alloc(512, 1));
  });

  test('an unknown kind of error is an error, and the connection lives', async () => {
    const unknown = chunk(2 ** 15 + 99, pack(u32(28), u16(2), 'no'));
    const state = await open([...ready(true), unknown, packSimpleReply(0, 2n)], true);
    await expect(state.write(0, Buffer.alloc(512, 1))).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    await state.write(0, Buffer.alloc(512, 1));
  });

  test('chunks in any order make up the whole', async () => {
    const hole = chunk(ReplyType.offsetHole, pack(u64(512), u32(1024)), more);
    const reply = Buffer.concat([data(1536, 512, more), hole, data(0, 512)]);
    const state = await open([...ready(true), reply], true);
    const buffer = Buffer.alloc(2048, 9);
    await state.read(0, buffer);
    expect(
      buffer.equals(Buffer.concat([Buffer.alloc(512, 1), Buffer.alloc(1024), Buffer.alloc(512, 1)])),
    ).toBe(true);
  });

  test('a server that owes a reply and falls silent is given up', async () => {
    const state = await open(ready(false), true);
    const read = state.read(0, Buffer.alloc(512));
    clock.advance(120n * 1_000_000_000n);
    await expect(read).rejects.toMatchObject({ code: 'EIO', cause: { message: 'server sends nothing' } });
  });
});

const ROUNDS = 5000;

test(`${ROUNDS} mutated servers: the right data or an error, always an end`, {
  timeout: 60_000,
}, async () => {
  const random = new Random(1);
  const hole = chunk(ReplyType.offsetHole, pack(u64(512), u32(512)));
  const outcomes = { refused: 0, failed: 0, read: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const handshake = ready(true);
    const replies = [data(0, 512, 0), hole].map((line) => Buffer.from(line));
    const mutated = round % 2 ? handshake : replies;
    // A header is what can lie; the data are the server's own business.
    for (let count = 1 + random.below(3); count > 0; count -= 1) {
      const index = random.below(mutated.length);
      const line = Buffer.from(mutated[index]!);
      line[random.below(Math.min(line.length, 36))] = random.below(2)
        ? random.below(256)
        : [0, 1, 127, 255][random.below(4)]!;
      mutated[index] = line;
    }
    // A server that waits for what its client will not say is another test's: this one says all, and leaves.
    const script =
      mutated === handshake ? [Buffer.concat(handshake)] : [...handshake, Buffer.concat(replies)];
    const state = await open(script).catch((error: Error) => error);
    if (state instanceof Error) {
      expect(state).toMatchObject({ name: 'CommandError' });
      outcomes.refused += 1;
    } else {
      const buffer = Buffer.alloc(1024, 9);
      const read = await state.read(0, buffer).catch((error: Error) => error);
      if (read instanceof Error) {
        expect(read).toMatchObject({ name: 'IoError' });
        outcomes.failed += 1;
      } else {
        expect(buffer.includes(9)).toBe(false);
        outcomes.read += 1;
      }
      await state.close();
    }
    await peer.close();
  }
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(100);
});
