/** The driver nbd: each reply that a server may give to a request, and those that it may not. */

import type { CaseContext, CaseDefinition } from '../case.ts';
import { openIo, startNbdServer } from '../helpers/node-io.ts';
import { ALLOCATION, chunk } from '../helpers/peers/nbd-chunks.ts';
import { Chunk, ExportFlag, HOLE, NbdCommand, NbdErrno } from '../helpers/peers/nbd-numbers.ts';
import { type NbdPeer, type PeerExport, startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { NbdVisitor } from '../helpers/peers/nbd-visitor.ts';
import { uint16, uint32, uint64 } from '../helpers/peers/wire-numbers.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';
import { serverNeeds } from '../nbd-export/exports.ts';
import { checkReads } from './driver-guest.ts';
import { remoteBytes } from './network/remote-nodes.ts';

const SIZE = 64 * KiB;
const GiB = 2 ** 30;
const BYTE = 5;
const seen = remoteBytes('nbd');
const asked = needs(seen, serverNeeds);

const bytes = (length: number, byte = BYTE): Buffer => Buffer.alloc(length, byte);
/** The request that is answered: a read of one range. */
const [FROM, LENGTH] = [4096, 4096];
const data = (offset: number, length: number, byte = BYTE): readonly [number, ...Buffer[]] => [
  Chunk.data,
  uint64(offset),
  bytes(length, byte),
];
const hole = (offset: number, length: number): readonly [number, ...Buffer[]] => [
  Chunk.hole,
  uint64(offset),
  uint32(length),
];

type Chunks = readonly (readonly [type: number, ...parts: Buffer[]])[];

/** Chunks that make up the reply to the read, and whether it succeeds. */
const READS: readonly (readonly [what: string, result: Buffer | string, chunks: Chunks])[] = [
  ['one chunk', bytes(LENGTH), [data(FROM, LENGTH)]],
  [
    'chunks of one byte at both ends',
    bytes(LENGTH),
    [data(FROM + LENGTH - 1, 1), data(FROM, 1), data(FROM + 1, LENGTH - 2)],
  ],
  [
    'chunks from the middle outwards',
    bytes(LENGTH),
    [data(FROM + 1024, 1024), data(FROM, 1024), data(FROM + 3072, 1024), data(FROM + 2048, 1024)],
  ],
  [
    'a hole before data',
    Buffer.concat([bytes(1024, 0), bytes(3072)]),
    [hole(FROM, 1024), data(FROM + 1024, 3072)],
  ],
  ['one hole', bytes(LENGTH, 0), [hole(FROM, LENGTH)]],
  ['an empty chunk behind the data', bytes(LENGTH), [data(FROM, LENGTH), [Chunk.none]]],
  ['an error behind the data', 'EIO', [data(FROM, LENGTH), [Chunk.error, uint32(NbdErrno.EIO), uint16(0)]]],
  ['an error in words', 'ENOSPC', [[Chunk.error, uint32(NbdErrno.ENOSPC), uint16(3), Buffer.from('why')]]],
  [
    'an error at a place',
    'EPERM',
    [[Chunk.errorAt, uint32(NbdErrno.EPERM), uint16(3), Buffer.from('why'), uint64(FROM)]],
  ],
  [
    'the first of two errors',
    'ENOSPC',
    [
      [Chunk.error, uint32(NbdErrno.ENOSPC), uint16(0)],
      [Chunk.error, uint32(NbdErrno.EIO), uint16(0)],
    ],
  ],
  ['an error that NBD does not know', 'EINVAL', [[Chunk.error, uint32(4711), uint16(0)]]],
];

/** The same, of replies that no server may give: the request fails, and the server is left. */
const VIOLATIONS: readonly (readonly [what: string, chunks: Chunks])[] = [
  ['data before the range', [data(FROM - 1, LENGTH)]],
  ['data beyond the range', [data(FROM + 1, LENGTH)]],
  ['more data than the range', [data(FROM, LENGTH + 1)]],
  ['a hole beyond the range', [hole(FROM + 4095, 2)]],
  ['a hole before the range', [hole(FROM - 512, 512)]],
  ['a hole of no length', [hole(FROM, 0)]],
  ['data of no length', [[Chunk.data, uint64(FROM)]]],
  ['a hole with a byte too many', [[Chunk.hole, uint64(FROM), uint32(LENGTH), bytes(1)]]],
  ['a hole with a byte too few', [[Chunk.hole, uint64(FROM), bytes(3)]]],
  ['an error without a number', [[Chunk.error, bytes(3)]]],
  ['an error of number 0', [[Chunk.error, uint32(0), uint16(0)]]],
  [
    'an error with fewer words than it says',
    [[Chunk.error, uint32(NbdErrno.EIO), uint16(4), Buffer.from('why')]],
  ],
  ['an empty chunk that has data', [[Chunk.none, bytes(4)]]],
  ['a status that nobody asked for', [[Chunk.status, uint32(ALLOCATION.id), uint32(LENGTH), uint32(0)]]],
  ['a chunk of unknown type', [[42, bytes(4)]]],
];

/** Replies that are not all of the range, once. */
const NOT_THE_WHOLE: typeof VIOLATIONS = [
  ['no data', [[Chunk.none]]],
  ['data without their last byte', [data(FROM, LENGTH - 1)]],
  ['data without their first byte', [data(FROM + 1, LENGTH - 1)]],
  ['data without one between', [data(FROM, 1000), data(FROM + 1001, LENGTH - 1001)]],
  ['the same data twice', [data(FROM, LENGTH), data(FROM, LENGTH)]],
  ['a hole in what has come', [data(FROM, LENGTH), hole(FROM + 512, 512)]],
  ['data over the end of what has come', [data(FROM, 2048), data(FROM + 2047, LENGTH - 2047)]],
  ['data over the begin of what has come', [data(FROM + 2048, LENGTH - 2048), data(FROM, 2049)]],
  [
    'data over what is before and behind',
    [data(FROM, 1024), data(FROM + 2048, LENGTH - 2048), data(FROM + 1023, 1026)],
  ],
];

/** Adds a node over a server that is only read, and gives its name. */
async function readOnlyNode(t: CaseContext, { address }: NbdPeer): Promise<string> {
  const node = t.name('nbd');
  await t.execute('blockdev-add', { driver: 'nbd', 'node-name': node, server: address, 'read-only': true });
  return node;
}

/** A node over a server whose next replies a case gives. */
async function scripted(t: CaseContext) {
  let next: ((cookie: Buffer) => Buffer) | null = null;
  const peer = await startNbdPeer(t, { '': { data: bytes(SIZE) } }, 'unix', {
    structured: true,
    spoil: (kind, message) => {
      if (kind !== 'reply' || next === null) return message;
      return next(message.subarray(8, 16));
    },
  });
  const node = await readOnlyNode(t, peer);
  return {
    peer,
    node,
    answer(reply: ((cookie: Buffer) => Buffer) | null) {
      next = reply;
    },
  };
}

const replyOf =
  (chunks: Chunks) =>
  (cookie: Buffer): Buffer =>
    Buffer.concat(
      chunks.map(([type, ...parts], index) => chunk(cookie, type, index === chunks.length - 1, ...parts)),
    );

const read = { kind: 'read', offset: FROM, length: LENGTH } as const;

/** What a server says of a range, and what becomes of a question about it. */
const EXTENTS: readonly (readonly [
  what: string,
  told: readonly (readonly [number, number])[],
  chunks: Chunks,
])[] = [
  ['a hole', [[LENGTH, HOLE]], [[Chunk.status, uint32(ALLOCATION.id), uint32(LENGTH), uint32(HOLE)]]],
  [
    'more than was asked about',
    [[LENGTH, HOLE]],
    [[Chunk.status, uint32(ALLOCATION.id), uint32(4 * LENGTH), uint32(HOLE)]],
  ],
  // An endpoint may keep in mind what it knows to be data: that comes last.
  ['data', [[LENGTH, 0]], [[Chunk.status, uint32(ALLOCATION.id), uint32(LENGTH), uint32(0)]]],
  [
    'space that takes a place and is not zero',
    [[LENGTH, 0]],
    [[Chunk.status, uint32(ALLOCATION.id), uint32(LENGTH), uint32(1)]],
  ],
];

const STATUS_VIOLATIONS: typeof VIOLATIONS = [
  ['an extent of no length', [[Chunk.status, uint32(ALLOCATION.id), uint32(0), uint32(0)]]],
  ['half an extent', [[Chunk.status, uint32(ALLOCATION.id), uint32(LENGTH)]]],
  ['no extent', [[Chunk.status, uint32(ALLOCATION.id)]]],
  ['data in place of extents', [data(FROM, LENGTH)]],
];

export const nbdReplyCases: readonly CaseDefinition[] = [
  {
    id: 'nbd/chunks-in-any-order',
    title: 'Chunks of a reply may come in any order and tell errors; the next request is another matter',
    requirements: ['nbd/server'],
    needs: seen,
    async run(t: CaseContext) {
      const { node, answer } = await scripted(t);
      const guest = await openIo(t, node, { writable: false });
      for (const [what, result, chunks] of READS) {
        answer(replyOf(chunks));
        if (typeof result === 'string')
          t.equal(
            await guest.attempt(read),
            result,
            `a read that is answered with ${what} must fail with it`,
          );
        else
          t.check(
            (await guest.read(FROM, LENGTH)).equals(result),
            `a read that is answered with ${what} must give its bytes`,
            'it gives others',
          );
        answer(null);
        await checkReads(t, guest, [0, 512], BYTE, `after ${what}`);
      }
    },
  },
  ...(
    [
      [
        'chunks-against-the-protocol',
        'After a reply that breaks the protocol the request fails, and so does every later one',
        VIOLATIONS,
      ],
      [
        'chunks-not-the-whole',
        'After a reply that lacks data, or has some twice, the request fails, and so does every later one',
        NOT_THE_WHOLE,
      ],
    ] as const
  ).map(
    ([id, title, violations]): CaseDefinition => ({
      id: `nbd/${id}`,
      title,
      requirements: ['nbd/server-gone'],
      needs: seen,
      async run(t: CaseContext) {
        for (const [what, chunks] of violations) {
          const { peer, node, answer } = await scripted(t);
          const guest = await openIo(t, node, { writable: false });
          answer(replyOf(chunks));
          t.check(
            (await guest.attempt(read)) !== 'done',
            `a read that is answered with ${what} must fail`,
            'it succeeds',
          );
          answer(null);
          t.equal(await guest.attempt(read), 'EIO', `a read after ${what} must fail`);
          await guest.close();
          await t.execute('blockdev-del', { 'node-name': node });
          await peer.stop();
        }
      },
    }),
  ),
  {
    id: 'nbd/extents-of-server',
    title: 'What the server tells of a range is told on; extents against the protocol end the connection',
    requirements: ['nbd/server', 'nbd/server-gone'],
    needs: asked,
    async run(t: CaseContext) {
      const server = await startNbdServer(t);
      const question = { type: NbdCommand.status, offset: FROM, length: LENGTH };
      const contexts = [ALLOCATION.name];
      const { node, answer } = await scripted(t);
      await t.execute('nbd-server-add', { device: node, name: 'disk' });
      const visitor = await NbdVisitor.enter(t, server.local, 'disk', { structured: true, contexts });
      for (const [what, told, chunks] of EXTENTS) {
        answer(replyOf(chunks));
        const [{ type, body } = { type: Chunk.none, body: bytes(0) }] = await visitor.chunks(question);
        t.equal(type, Chunk.status, `a question that is answered with ${what} must be answered`);
        const got: number[][] = [];
        for (let at = 4; at < body.length; at += 8)
          got.push([body.readUInt32BE(at), body.readUInt32BE(at + 4)]);
        t.equal(
          got,
          told.map((each) => [...each]),
          `${what} must be told on`,
        );
      }
      for (const [index, [what, chunks]] of STATUS_VIOLATIONS.entries()) {
        const other = await scripted(t);
        const name = `disk${index}`;
        await t.execute('nbd-server-add', { device: other.node, name });
        const asking = await NbdVisitor.enter(t, server.local, name, { structured: true, contexts });
        other.answer(replyOf(chunks));
        await asking.chunks(question);
        other.answer(null);
        const [reply] = await asking.chunks({ type: NbdCommand.read, offset: 0, length: 512 });
        t.check(reply!.type >= Chunk.error, `after ${what} every request must fail`, 'a read succeeds');
      }
    },
  },
  {
    id: 'nbd/extents-of-large-server',
    title:
      'Of a disk that is longer than a question can be, it is told what is far away; questions are of whole blocks',
    requirements: ['nbd/server'],
    needs: asked,
    async run(t: CaseContext) {
      const block = 4 * KiB;
      const [size, far, longest] = [6 * GiB, 5 * GiB, 4 * GiB - block];
      const shown: PeerExport = {
        data: bytes(SIZE),
        size,
        blocks: [block, block, SIZE],
        holes: [[far, SIZE]],
      };
      const peer = await startNbdPeer(t, { '': shown }, 'unix', { structured: true });
      const node = await readOnlyNode(t, peer);
      const server = await startNbdServer(t);
      await t.execute('nbd-server-add', { device: node, name: 'disk' });
      const contexts = [ALLOCATION.name];
      const visitor = await NbdVisitor.enter(t, server.local, 'disk', { structured: true, contexts });
      for (const [offset, length, flags] of [
        [far, SIZE, HOLE],
        [far + SIZE, SIZE, 0],
        [0, longest, 0],
      ] as const) {
        const [{ type, body } = { type: Chunk.none, body: bytes(0) }] = await visitor.chunks({
          type: NbdCommand.status,
          offset,
          length,
        });
        t.equal(type, Chunk.status, 'a question must be answered');
        t.equal(body.readUInt32BE(8), flags, 'what is there must be told');
        t.check(body.readUInt32BE(4) <= length, 'no more may be told than was asked about', 'it is more');
      }
      const questions = peer.requests.filter(({ type }) => type === NbdCommand.status);
      t.equal(
        questions
          .filter(
            ({ offset, length }) =>
              offset % block !== 0 || length % block !== 0 || length === 0 || offset + length > size,
          )
          .map(({ offset, length }) => [offset, length]),
        [],
        'every question must be of whole blocks of the disk',
      );
    },
  },
  {
    id: 'nbd/odd-size',
    title:
      'Over an export that ends inside a sector the rest of it reads as zeroes, and the server is asked for what it has',
    requirements: ['nbd/server'],
    needs: seen,
    async run(t: CaseContext) {
      const flags = ExportFlag.has | ExportFlag.flush | ExportFlag.fua;
      const peer = await startNbdPeer(t, { '': { data: Buffer.alloc(1000, BYTE), flags } }, 'unix');
      const node = t.name('nbd');
      await t.execute('blockdev-add', { driver: 'nbd', 'node-name': node, server: peer.address });
      const guest = await openIo(t, node);
      t.check(
        (await guest.read(0, 1000)).equals(bytes(1000)),
        'all bytes of the export must be read',
        'they are not',
      );
      const reads = peer.requests.filter(({ type }) => type === NbdCommand.read);
      t.check(
        reads.every(({ offset, length }) => offset + length <= 1000),
        'no read may go beyond the export',
        'one does',
      );
    },
  },
];
