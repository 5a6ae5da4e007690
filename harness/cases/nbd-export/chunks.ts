/** What the NBD server does with requests of a client that gets structured replies. */

import type { CaseContext, CaseDefinition } from '../case.ts';
import { addImage, CHAIN_SIZE, CLUSTER, chainNodes, stairs } from '../helpers/backing-chains.ts';
import { startNbdServer } from '../helpers/node-io.ts';
import {
  Chunk,
  NbdCommand as Command,
  NbdErrno as Errno,
  RequestFlag as Flag,
  HOLE,
  NbdOption,
} from '../helpers/peers/nbd-numbers.ts';
import { type ChunkAnswer, contextRequest, infoRequest, NbdVisitor } from '../helpers/peers/nbd-visitor.ts';
import { needs } from '../helpers/shared-setup.ts';
import { pattern, SIZE, serve, serverNeeds } from './exports.ts';

const overImage = needs(serverNeeds, chainNodes);

/** Puts the chunks of a read together; the case fails where they are not the whole of it, once. */
function together(t: CaseContext, chunks: readonly ChunkAnswer[], offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const known = Buffer.alloc(length);
  for (const { type, body } of chunks) {
    if (type === Chunk.none) continue;
    t.check(
      type === Chunk.data || type === Chunk.hole,
      'a read must be answered with data and holes',
      `a chunk of type ${type} comes`,
    );
    const at = Number(body.readBigUInt64BE(0)) - offset;
    const size = type === Chunk.hole ? body.readUInt32BE(8) : body.length - 8;
    t.check(
      size > 0 && at >= 0 && at + size <= length,
      'chunks must lie inside of what was asked for',
      `one is ${size} bytes at ${at}`,
    );
    if (type === Chunk.hole) t.equal(body.length, 12, 'a hole must be told by offset and length');
    t.check(
      known.subarray(at, at + size).every((byte) => byte === 0),
      'chunks must not overlap',
      'two do',
    );
    known.fill(1, at, at + size);
    if (type === Chunk.data) body.copy(bytes, at, 8);
  }
  t.check(
    known.every((byte) => byte === 1),
    'chunks must be all of what was asked for',
    'something is missing',
  );
  return bytes;
}

/** States that a request ends with that error, told in one chunk with words of the length that it says. */
async function checkError(
  t: CaseContext,
  visitor: NbdVisitor,
  what: string,
  expected: readonly number[],
  request: Parameters<NbdVisitor['chunks']>[0],
): Promise<void> {
  const [chunk, ...more] = await visitor.chunks(request);
  t.equal(more.length, 0, `${what} must be answered with one chunk`);
  t.check(
    chunk!.type === Chunk.error || chunk!.type === Chunk.errorAt,
    `${what} must be answered with an error`,
    `chunk of type ${chunk!.type}`,
  );
  t.check(
    expected.includes(chunk!.body.readUInt32BE(0)),
    `${what} must end with its error`,
    'it ends with another',
  );
  const words = chunk!.body.readUInt16BE(4);
  const rest = chunk!.type === Chunk.error ? 0 : 8;
  t.equal(chunk!.body.length, 6 + words + rest, 'the words of an error must be as long as is told');
}

/** The server with an export of an image of which the second half holds nothing. */
async function halfEmpty(t: CaseContext): Promise<string> {
  const { nodes } = await addImage(t, 2);
  const { local } = await startNbdServer(t);
  const top = nodes.at(-1)!;
  await t.execute('nbd-server-add', { device: top, name: 'disk', writable: true });
  const visitor = await NbdVisitor.enter(t, local, 'disk');
  const [offset, length] = [CHAIN_SIZE / 2, CHAIN_SIZE / 2];
  t.equal(
    (await visitor.request({ type: Command.writeZeroes, offset, length })).error,
    0,
    'a write of zeroes must succeed',
  );
  return local;
}

const halfStairs = (): Buffer => stairs(2).fill(0, CHAIN_SIZE / 2);

export const chunkCases: readonly CaseDefinition[] = [
  {
    id: 'nbd-export/chunks-of-reads',
    title:
      'A read over data and a hole comes as chunks that make up the whole, and in one where that is wanted',
    requirements: ['nbd-server-start/serves'],
    needs: overImage,
    async run(t: CaseContext) {
      const socket = await halfEmpty(t);
      const visitor = await NbdVisitor.enter(t, socket, 'disk', { structured: true });
      for (const [offset, length] of [
        [0, CHAIN_SIZE],
        [CHAIN_SIZE / 2 - 1, 2],
        [CHAIN_SIZE / 2 - 4096, 8192],
        [0, 4096],
        [CHAIN_SIZE - 512, 512],
        [CLUSTER - 1, CLUSTER + 2],
      ] as const) {
        const chunks = await visitor.chunks({ type: Command.read, offset, length });
        const expected = halfStairs().subarray(offset, offset + length);
        t.check(
          together(t, chunks, offset, length).equals(expected),
          'chunks must be the bytes of the node',
          'they are others',
        );
        const kinds = new Set(chunks.map(({ type }) => type));
        if (offset >= CHAIN_SIZE / 2)
          t.check(
            kinds.has(Chunk.hole),
            'zeroes that take no space must come as a hole',
            'they come as data',
            { severity: 'should' },
          );
        if (offset + length <= CHAIN_SIZE / 2)
          t.check(!kinds.has(Chunk.hole), 'data must come as data', 'a hole comes');
        const whole = await visitor.chunks({ type: Command.read, flags: Flag.df, offset, length });
        t.equal(whole.length, 1, 'a read that is not to be cut must come in one chunk');
        t.check(
          together(t, whole, offset, length).equals(expected),
          'one chunk must be the bytes of the node',
          'it is others',
        );
      }
    },
  },
  {
    id: 'nbd-export/chunks-without-content',
    title:
      'With structured replies what gives nothing is answered by one empty chunk, and errors by their numbers',
    requirements: ['nbd-server-start/serves', 'nbd-server-add/writable'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket, node } = await serve(t);
      const visitor = await NbdVisitor.enter(t, socket, 'disk', { structured: true });
      const range = { offset: 512, length: 1024 };
      for (const request of [
        { type: Command.write, ...range, data: Buffer.alloc(1024, 9) },
        { type: Command.writeZeroes, ...range },
        { type: Command.trim, ...range },
        { type: Command.flush },
        { type: Command.cache, ...range },
      ]) {
        const chunks = await visitor.chunks(request);
        t.equal(
          chunks.map(({ flags, type, body }) => [flags, type, body.length]),
          [[1, Chunk.none, 0]],
          'what gives nothing must be answered by one empty chunk',
        );
      }
      const INVALID = [Errno.EINVAL];
      await checkError(t, visitor, 'a read beyond the end', INVALID, {
        type: Command.read,
        offset: SIZE,
        length: 1,
      });
      await checkError(t, visitor, 'a write beyond the end', [Errno.ENOSPC, Errno.EINVAL], {
        type: Command.write,
        offset: SIZE,
        length: 1,
        data: Buffer.alloc(1),
      });
      await checkError(t, visitor, 'a request of no kind', INVALID, { type: 42, length: 1 });
      await checkError(t, visitor, 'a question without a context', INVALID, {
        type: Command.status,
        length: 512,
      });
      await t.execute('nbd-server-add', { device: node, name: 'fixed' });
      const reader = await NbdVisitor.enter(t, socket, 'fixed', { structured: true });
      await checkError(t, reader, 'a write to an export that is not writable', [Errno.EPERM, Errno.EINVAL], {
        type: Command.write,
        length: 1,
        data: Buffer.alloc(1),
      });
      const [chunk] = await reader.chunks({ type: Command.read, offset: 4096, length: 512 });
      t.check(
        chunk!.body.subarray(8).equals(pattern().subarray(4096, 4608)),
        'after errors a read must give the bytes of the node',
        'it gives others',
      );
    },
  },
  {
    id: 'nbd-export/status',
    title:
      'The status of a range is told by the context that was selected: data and holes, or the first of them',
    requirements: ['nbd-server-start/serves'],
    needs: overImage,
    async run(t: CaseContext) {
      const socket = await halfEmpty(t);
      const visitor = await NbdVisitor.open(t, socket);
      await visitor.option(NbdOption.structured);
      const [selected] = await visitor.option(
        NbdOption.setContexts,
        contextRequest('disk', 'base:allocation'),
      );
      const id = selected!.data.readUInt32BE(0);
      await visitor.option(NbdOption.go, infoRequest('disk'));
      const half = CHAIN_SIZE / 2;
      for (const [flags, offset, length, expected] of [
        [
          0,
          0,
          CHAIN_SIZE,
          [
            [half, 0],
            [half, HOLE],
          ],
        ],
        [Flag.reqOne, 0, CHAIN_SIZE, [[half, 0]]],
        [
          0,
          half - 512,
          1024,
          [
            [512, 0],
            [512, HOLE],
          ],
        ],
        [0, half, 4096, [[4096, HOLE]]],
        [Flag.reqOne, 512, 4096, [[4096, 0]]],
      ] as const) {
        const chunks = await visitor.chunks({ type: Command.status, flags, offset, length });
        t.equal(
          chunks.map(({ flags: last, type }) => [last, type]),
          [[1, Chunk.status]],
          'a question for the status must be answered with one chunk',
        );
        const { body } = chunks[0]!;
        t.equal(body.readUInt32BE(0), id, 'the status must be of the context that was selected');
        // A server may stop early, and may tell of more than was asked about in the end.
        const extents: [number, number][] = [];
        let left: number = length;
        for (let at = 4; at < body.length && left > 0; at += 8) {
          const size = Math.min(left, body.readUInt32BE(at));
          const state = body.readUInt32BE(at + 4);
          const last = extents.at(-1);
          if (last?.[1] === state) last[0] += size;
          else extents.push([size, state]);
          left -= size;
        }
        t.equal(
          extents,
          expected.map(([size, state]) => [size, state]),
          'extents must be what the image holds, and what it does not',
        );
      }
      await checkError(t, visitor, 'a question about nothing', [Errno.EINVAL], {
        type: Command.status,
        length: 0,
      });
      await checkError(t, visitor, 'a question beyond the end', [Errno.EINVAL], {
        type: Command.status,
        offset: CHAIN_SIZE,
        length: 512,
      });
    },
  },
  {
    id: 'nbd-export/context-of-other-export',
    title:
      'A context that was selected for one export is none for another, and a later selection takes its place',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket, node } = await serve(t);
      await t.execute('nbd-server-add', { device: node, name: 'other' });
      for (const [isSelected, ...selections] of [
        [true, ['disk', 'base:allocation']],
        [false, ['other', 'base:allocation']],
        [false, ['disk', 'base:allocation'], ['disk', 'none:such']],
        [true, ['disk', 'none:such'], ['disk', 'base:allocation']],
      ] as const) {
        const visitor = await NbdVisitor.open(t, socket);
        await visitor.option(NbdOption.structured);
        for (const [name, context] of selections)
          await visitor.option(NbdOption.setContexts, contextRequest(name, context));
        await visitor.option(NbdOption.go, infoRequest('disk'));
        const question = { type: Command.status, offset: 0, length: 4096 };
        if (isSelected)
          t.equal(
            (await visitor.chunks(question))[0]!.type,
            Chunk.status,
            'a context that was selected must be told',
          );
        else await checkError(t, visitor, 'a question without a context', [Errno.EINVAL], question);
      }
    },
  },
];
