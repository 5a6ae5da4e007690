/** Clients that break the protocol: they harm nobody, and others are served meanwhile. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import type { Node } from '../../graph/node.ts';
import { pack, packOption, packRequest, u16, u32 } from '../../nbd/nbd-messages.ts';
import { Command, Option } from '../../nbd/nbd-protocol.ts';
import { type Fixture, nbdFixture } from '../../testing/nbd-export-fixture.ts';

const MESSAGES = 10_000;

let fixture: Fixture;
let other: Node;
let logged: string[];
beforeEach(async () => {
  fixture = await nbdFixture();
  logged = [];
  fixture.services.log = (line) => logged.push(line);
  const disk = await fixture.open({ driver: 'null-co', 'node-name': 'disk', size: 1 << 20 });
  fixture.server.add(disk, 'x', true);
  const server = { type: 'unix', path: fixture.socket };
  other = await fixture.open({ driver: 'nbd', 'node-name': 'other', server, export: 'x' });
});
afterEach(() => fixture.end());

const context = pack(u32(1), 'x', u32(1), u32(15), 'base:allocation');
const handshake = [
  pack(u32(3)),
  packOption(Option.list),
  packOption(Option.structuredReply),
  packOption(Option.setMetaContext, context),
  packOption(Option.go, pack(u32(1), 'x', u16(1), u16(3))),
];
const requests = [
  [Command.read, 512],
  [Command.write, 16],
  [Command.blockStatus, 4096],
  [Command.writeZeroes, 4096],
  [Command.trim, 4096],
  [Command.cache, 4096],
  [Command.flush, 0],
] as const;
const transmission = requests.map(([type, length]) =>
  Buffer.concat([
    packRequest({ flags: 0, type, cookie: 1n, offset: 0, length }),
    Buffer.alloc(type === Command.write ? length : 0),
  ]),
);

/** Ends what it says, and waits until the server has ended too. */
async function say(bytes: Buffer): Promise<void> {
  const socket = await fixture.dial();
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  socket.end(bytes);
  await closed;
}

test(`${MESSAGES} mutated messages`, { timeout: 60_000 }, async () => {
  const random = new Random(7);
  const before = process.memoryUsage().arrayBuffers;
  for (let sent = 0; sent < MESSAGES; ) {
    const lines = [...handshake, ...transmission].map((line) => Buffer.from(line));
    for (const line of lines) {
      if (random.below(4) > 0) continue;
      line[random.below(line.length)] = random.below(2)
        ? random.below(256)
        : [0, 1, 127, 255][random.below(4)]!;
      sent += 1;
    }
    await say(Buffer.concat(lines));
  }
  await other.io.read(0, Buffer.alloc(512));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(256 << 20);
  expect(logged.filter((line) => line.includes('\n'))).toEqual([]);
});

test('a client that asks for much and reads nothing takes bounded memory', async () => {
  const socket = await fixture.dial();
  socket.on('error', () => {});
  socket.pause();
  const before = process.memoryUsage().arrayBuffers;
  socket.write(Buffer.concat(handshake));
  const read = packRequest({ flags: 0, type: Command.read, cookie: 1n, offset: 0, length: 1 << 20 });
  socket.write(Buffer.concat(Array.from({ length: 2000 }, () => read)));
  for (let served = 0; served < 100; served += 1) await other.io.read(0, Buffer.alloc(65536));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 << 20);
  socket.destroy();
});
