import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { snapshotWithImage } from '../../graph/external-snapshot.ts';
import type { Node } from '../../graph/node.ts';
import { Permission } from '../../graph/permissions.ts';
import { ByteStream } from '../../host/byte-stream.ts';
import {
  HeaderSize,
  type Packable,
  pack,
  packOption,
  packRequest,
  u16,
  u32,
  unpackChunk,
  unpackOptionReply,
} from '../../nbd/nbd-messages.ts';
import { Command, CommandFlag, Option, OptionReply, ReplyType } from '../../nbd/nbd-protocol.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { type Fixture, nbdFixture } from '../../testing/nbd-export-fixture.ts';

let fixture: Fixture;
let disk: Node;
beforeEach(async () => {
  fixture = await nbdFixture();
  const filename = join(fixture.folder, 'disk.img');
  await writeFile(filename, Buffer.alloc(1 << 20, 6));
  disk = await fixture.open({ driver: 'file', 'node-name': 'disk', filename });
});
afterEach(() => fixture.end());

const client = (name: string, nodeName = 'client'): Promise<Node> =>
  fixture.open({
    driver: 'nbd',
    'node-name': nodeName,
    'read-only': true,
    server: { type: 'unix', path: fixture.socket },
    export: name,
  });

describe('exports', () => {
  test('two of one name', () => {
    fixture.server.add(disk, 'x', false);
    expect(() => fixture.server.add(disk, 'x', false)).toThrow("NBD server already has export named 'x'");
  });

  test('what only the export holds is closed with it', async () => {
    fixture.server.add(disk, 'x', false);
    const snapshot = await snapshotWithImage(fixture.block.graph, {
      nodeName: 'disk',
      filename: join(fixture.folder, 'overlay'),
      snapshotNodeName: 'overlay',
      format: 'qcow2',
      existing: false,
    });
    await snapshot.commit();
    expect(fixture.graph.find('overlay')).toBeDefined();
    await fixture.server.remove('x', 'hard');
    expect(fixture.graph.find('overlay')).toBeUndefined();
  });

  test('a name longer than the protocol lets pass', () => {
    expect(() => fixture.server.add(disk, 'x'.repeat(4097), false)).toThrow('too long');
  });

  test('one that is not there', async () => {
    await expect(fixture.server.remove('x', 'safe')).rejects.toEqual(
      new CommandError("Export 'x' is not found"),
    );
  });

  test('one with clients stays, unless it is cut off', async () => {
    fixture.server.add(disk, 'x', false);
    const node = await client('x');
    await node.io.read(0, Buffer.alloc(512));
    await expect(fixture.server.remove('x', 'safe')).rejects.toThrow("export 'x' still in use");
    await node.io.read(0, Buffer.alloc(512));
    await fixture.server.remove('x', 'hard');
    await expect(node.io.read(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'EIO' });
    await expect(client('x', 'late')).rejects.toThrow('Requested export not available');
  });

  test('one whose client has left goes safely', async () => {
    fixture.server.add(disk, 'x', false);
    const node = await client('x');
    await node.io.read(0, Buffer.alloc(512));
    await fixture.graph.release(node);
    // The server learns of it when the connection ends, which no event of ours tells.
    for (;;) {
      const refused: unknown = await fixture.server.remove('x', 'safe').catch((error: Error) => error);
      if (refused === undefined) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(disk.parents).toEqual([]);
  });

  test('an exported node keeps its length, and is in use', async () => {
    disk.giveToMonitor();
    fixture.server.add(disk, 'x', true);
    expect(disk.parents.map((edge) => edge.role)).toEqual(['root']);
    await expect(fixture.graph.withRoot(disk, Permission.resize, () => Promise.resolve())).rejects.toThrow(
      "does not allow 'resize'",
    );
    await expect(fixture.block.delete('disk')).rejects.toThrow('Node disk is in use');
  });

  test('clients reach what has taken the place of the node', async () => {
    fixture.server.add(disk, 'x', false);
    const node = await client('x');
    const filename = join(fixture.folder, 'other.img');
    await writeFile(filename, Buffer.alloc(1 << 20, 7));
    fixture.graph.replaceNode(disk, await fixture.open({ driver: 'file', 'node-name': 'other', filename }));
    const read = Buffer.alloc(2);
    await node.io.read(0, read);
    expect([...read]).toEqual([7, 7]);
  });

  test('a read-only node is exported read-only', async () => {
    const node = await fixture.open({ driver: 'null-co', 'node-name': 'n', 'read-only': true });
    fixture.server.add(node, 'n', true);
    const writable = {
      driver: 'nbd',
      'node-name': 'c',
      server: { type: 'unix', path: fixture.socket },
      export: 'n',
    };
    await expect(fixture.open(writable)).rejects.toThrow(
      'request for write access conflicts with read-only export',
    );
  });
});

describe('the server', () => {
  test('starts once, stops once, and leaves no socket behind', async () => {
    const address = { type: 'unix', path: 'other' } as const;
    await expect(fixture.server.start(address, undefined)).rejects.toThrow('NBD server already running');
    await fixture.server.stop();
    await expect(fixture.server.stop()).rejects.toThrow('NBD server not running');
    expect(existsSync(fixture.socket)).toBe(false);
    expect(() => fixture.server.add(disk, 'x', false)).toThrow('NBD server not running');
  });

  test('stopping cuts clients off and lets go of the nodes', async () => {
    fixture.server.add(disk, 'x', false);
    const node = await client('x');
    await fixture.server.stop();
    await expect(node.io.read(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'EIO' });
    expect(disk.parents).toEqual([]);
  });

  test('a request that waits for its turn when its client is cut off is not begun', async () => {
    let begun = 0;
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    vi.spyOn(disk.io, 'read').mockImplementation(() => {
      begun += 1;
      return held;
    });
    fixture.server.add(disk, 'x', false);
    const stream = new ByteStream(await fixture.dial());
    await stream.read(18);
    stream.write(pack(u32(3)), packOption(Option.exportName, Buffer.from('x')));
    await stream.read(10);
    // 16 are worked on at a time.
    for (let cookie = 0n; cookie < 20n; cookie += 1n)
      stream.write(packRequest({ flags: 0, type: Command.read, cookie, offset: 0, length: 512 }));
    await expect.poll(() => begun).toBe(16);
    const stopped = fixture.server.stop();
    letGo();
    await stopped;
    expect(begun).toBe(16);
  });

  test('more connections than it bears are closed', async () => {
    const sockets = await Promise.all(Array.from({ length: 40 }, () => fixture.dial()));
    const ends = sockets
      .slice(32)
      .map((socket) => new Promise((resolve) => socket.resume().once('close', resolve)));
    await Promise.all(ends);
    for (const socket of sockets) socket.destroy();
  });

  test('credentials that are not there', async () => {
    await fixture.server.stop();
    await expect(fixture.server.start({ type: 'unix', path: 's' }, 'tls0')).rejects.toThrow(
      "No TLS credentials with id 'tls0'",
    );
  });
});

describe('on the wire', () => {
  let stream: ByteStream;
  beforeEach(async () => {
    fixture.server.add(disk, 'x', true);
    stream = new ByteStream(await fixture.dial());
    await stream.read(18);
    stream.write(pack(u32(3)));
  });
  afterEach(() => stream.destroy());

  async function option(number: number, data?: Uint8Array): Promise<{ type: number; data: string }[]> {
    stream.write(packOption(number, data));
    for (const replies: { type: number; data: string }[] = []; ; ) {
      const { type, length } = unpackOptionReply(await stream.read(HeaderSize.optionReply));
      replies.push({ type, data: (await stream.read(length)).toString() });
      if (type === OptionReply.ack || type > OptionReply.errUnsup - 1) return replies;
    }
  }
  const named = (name: string, ...rest: readonly Packable[]): Buffer => pack(u32(name.length), name, ...rest);

  async function transmission(): Promise<void> {
    await option(Option.structuredReply);
    await option(Option.setMetaContext, named('x', u32(1), u32(15), 'base:allocation'));
    await option(Option.go, named('x', u16(0)));
  }

  async function request(type: number, offset: number, length: number, flags = 0, data?: Uint8Array) {
    stream.write(packRequest({ flags, type, cookie: 9n, offset, length }), data ?? new Uint8Array());
    for (const chunks: { type: number; payload: Buffer }[] = []; ; ) {
      const chunk = unpackChunk(await stream.read(HeaderSize.chunk));
      chunks.push({ type: chunk.type, payload: await stream.read(chunk.length) });
      if (chunk.flags & 1) return chunks;
    }
  }

  test.each<[string, number, Uint8Array | undefined, number]>([
    ['an unknown option', 77, undefined, OptionReply.errUnsup],
    ['a list with data', Option.list, Buffer.from('x'), OptionReply.errInvalid],
    ['TLS without credentials', Option.startTls, undefined, OptionReply.errPolicy],
    ['an export that is not there', Option.info, pack(u32(1), 'y', u16(0)), OptionReply.errUnknown],
    ['a name beyond the data', Option.go, pack(u32(2 ** 32 - 1), 'x'), OptionReply.errInvalid],
    ['data behind the end', Option.go, pack(u32(1), 'x', u16(0), u16(7)), OptionReply.errInvalid],
    ['contexts before structured replies', Option.setMetaContext, undefined, OptionReply.errInvalid],
  ])('%s is refused, and the next option answered', async (_what, number, data, type) => {
    expect((await option(number, data)).map((reply) => reply.type)).toEqual([type]);
    expect(await option(Option.list)).toEqual([
      { type: OptionReply.server, data: '\0\0\0\x01x' },
      { type: OptionReply.ack, data: '' },
    ]);
  });

  test('contexts are listed by name and by what they begin with', async () => {
    await option(Option.structuredReply);
    const list = async (...queries: string[]): Promise<string[]> => {
      const words = queries.flatMap((query) => [u32(query.length), query]);
      const replies = await option(Option.listMetaContext, named('x', u32(queries.length), ...words));
      return replies.slice(0, -1).map(({ data }) => data.slice(4));
    };
    expect(await list()).toEqual(['base:allocation']);
    expect(await list('base:')).toEqual(['base:allocation']);
    expect(await list('qemu:dirty-bitmap:b')).toEqual([]);
  });

  test.each<[string, Parameters<typeof request>, number]>([
    ['a read beyond the end', [Command.read, (1 << 20) - 1, 2], 22],
    ['a read of too much', [Command.read, 0, 2 ** 32 - 1], 22],
    ['a write beyond the end', [Command.write, (1 << 20) - 1, 2, 0, Buffer.alloc(2)], 28],
    ['zeroes beyond the end', [Command.writeZeroes, 2 ** 52, 4096], 28],
    ['a trim beyond the end', [Command.trim, 0, 2 ** 21], 22],
    ['an unknown command', [99, 0, 0], 22],
    ['an unknown flag', [Command.read, 0, 512, 128], 22],
    ['status of nothing', [Command.blockStatus, 0, 0], 22],
  ])('%s is refused, and the next request answered', async (_what, args, error) => {
    await transmission();
    const [chunk] = await request(...args);
    expect(chunk).toMatchObject({ type: ReplyType.error });
    expect(chunk!.payload.readUInt32BE(0)).toBe(error);
    expect(await request(Command.read, 100, 3)).toEqual([
      { type: ReplyType.offsetData, payload: Buffer.from('0000000000000064060606', 'hex') },
    ]);
  });

  test('zeroes read as holes, unless the client wants one piece', async () => {
    fixture.server.add(await zeroesAtEnd(), 'z', false);
    await option(Option.structuredReply);
    await option(Option.go, named('z', u16(0)));
    const types = async (flags: number): Promise<number[]> =>
      (await request(Command.read, 0, 8192, flags)).map((chunk) => chunk.type);
    expect(await types(0)).toEqual([ReplyType.offsetData, ReplyType.offsetHole]);
    expect(await types(CommandFlag.df)).toEqual([ReplyType.offsetData]);
  });

  test('states of neighbours alike are one extent', async () => {
    await transmission();
    const [chunk] = await request(Command.blockStatus, 512, 4096);
    expect(chunk).toEqual({ type: ReplyType.blockStatus, payload: pack(u32(1), u32(4096), u32(0)) });
  });

  /** A disk whose second half is known to be zero. */
  async function zeroesAtEnd(): Promise<Node> {
    const node = await fixture.open({ driver: 'null-co', 'node-name': 'z', size: 8192 });
    const state = Object.assign(node.state, {
      blockStatus: (offset: number, length: number) =>
        Promise.resolve(
          offset < 4096
            ? { length: Math.min(length, 4096 - offset), zero: false, allocated: true }
            : { length, zero: true, allocated: true },
        ),
    });
    expect(node.state).toBe(state);
    return node;
  }
});
