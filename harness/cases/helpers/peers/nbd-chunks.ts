/** Structured replies of an NBD server, from the public protocol document: what a client reads, and which of it are holes. */
import { Chunk, DONE, HOLE, Magic, RequestFlag } from './nbd-numbers.ts';
import { uint16, uint32, uint64 } from './wire-numbers.ts';

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

/** One chunk of a reply. */
export function chunk(cookie: Buffer, type: number, isLast: boolean, ...body: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(body);
  const flags = uint16(isLast ? DONE : 0);
  return Buffer.concat([uint32(Magic.chunk), flags, uint16(type), cookie, uint32(payload.length), payload]);
}

/** The reply to a request that succeeds and gives nothing. */
export const emptyReply = (cookie: Buffer): Buffer => chunk(cookie, Chunk.none, true);

/** The reply to a request that fails, with NBD's number of the error and words that nobody needs to read. */
export function errorReply(cookie: Buffer, error: number): Buffer {
  const words = Buffer.from('not today');
  return chunk(cookie, Chunk.error, true, uint32(error), uint16(words.length), words);
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
  const told = (flags & RequestFlag.reqOne) === 0 ? extents : extents.slice(0, 1);
  const pairs = told.flatMap(({ length, isHole }) => [uint32(length), uint32(isHole ? HOLE : 0)]);
  return chunk(cookie, Chunk.status, true, uint32(ALLOCATION.id), ...pairs);
}
