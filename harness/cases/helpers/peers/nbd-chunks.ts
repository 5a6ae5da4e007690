/** Structured replies of an NBD server, from the public protocol document: what a client reads, and which of it are holes. */
import { uint32, uint64 } from './wire-numbers.ts';

const MAGIC = 0x668e33ef;
const DONE = 1;
/** Of a request: about its first extent only. */
const FIRST_ONLY = 8;
const Chunk = { none: 0, data: 1, hole: 2, status: 5, error: 0x8001 } as const;
/** Of an extent: it takes no space, and reads as zeroes. */
const HOLE = 3;

/** The only context, and the number that it goes by. */
export const ALLOCATION = { name: 'base:allocation', id: 77 } as const;

/** Bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly isHole: boolean;
}

/** The extents of a range, one after another. `holes` are in order and do not touch each other. */
export function extentsOf(
  holes: readonly (readonly [offset: number, length: number])[],
  offset: number,
  length: number,
): readonly Extent[] {
  const end = offset + length;
  const edges = holes
    .flatMap(([start, size]) => [start, start + size])
    .filter((at) => at > offset && at < end);
  const starts = [offset, ...edges];
  return starts.map((start, index) => ({
    offset: start,
    length: (starts[index + 1] ?? end) - start,
    isHole: holes.some(([at, size]) => start >= at && start < at + size),
  }));
}

function chunk(cookie: Buffer, type: number, isLast: boolean, ...body: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(body);
  const head = Buffer.alloc(20);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt16BE(isLast ? DONE : 0, 4);
  head.writeUInt16BE(type, 6);
  cookie.copy(head, 8);
  head.writeUInt32BE(payload.length, 16);
  return Buffer.concat([head, payload]);
}

/** The reply to a request that succeeds and gives nothing. */
export const emptyReply = (cookie: Buffer): Buffer => chunk(cookie, Chunk.none, true);

/** The reply to a request that fails, with NBD's number of the error and words that nobody needs to read. */
export function errorReply(cookie: Buffer, error: number): Buffer {
  const words = Buffer.from('not today');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(words.length);
  return chunk(cookie, Chunk.error, true, uint32(error), length, words);
}

/** The reply to a read: a chunk for each extent, back to front. */
export function readReply(cookie: Buffer, data: Buffer, extents: readonly Extent[]): Buffer {
  const chunks = extents.map(({ offset, length, isHole }, index) =>
    isHole
      ? chunk(cookie, Chunk.hole, index === 0, uint64(offset), uint32(length))
      : chunk(cookie, Chunk.data, index === 0, uint64(offset), data.subarray(offset, offset + length)),
  );
  return Buffer.concat(chunks.toReversed());
}

/** The reply to a question for the status of a range. */
export function statusReply(cookie: Buffer, flags: number, extents: readonly Extent[]): Buffer {
  const told = (flags & FIRST_ONLY) === 0 ? extents : extents.slice(0, 1);
  const pairs = told.flatMap(({ length, isHole }) => [uint32(length), uint32(isHole ? HOLE : 0)]);
  return chunk(cookie, Chunk.status, true, uint32(ALLOCATION.id), ...pairs);
}
