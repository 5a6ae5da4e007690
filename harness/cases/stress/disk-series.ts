/** What a disk must hold while a guest writes to it, and requests that are drawn at the edges of whatever its image has. */
import type { Random } from '../../../generators/random.ts';
import type { CaseContext } from '../case.ts';
import type { NodeIo } from '../helpers/node-io.ts';
import type { IoRequest } from '../io-request.ts';

/** A change of the bytes of a disk. */
export type Change = Exclude<IoRequest, { readonly kind: 'read' }>;

/** Most bytes of a request that is drawn, in edges. */
const MOST_EDGES = 6;

/** A disk as a guest sees it. */
export class DiskModel {
  /** What it holds. */
  bytes: Buffer<ArrayBufferLike>;
  /** Bytes of a cluster: what a discard gives back, as a whole. */
  readonly #cluster: number;

  constructor(size: number, cluster: number, start: Buffer | null = null) {
    this.bytes = Buffer.alloc(size);
    this.#cluster = cluster;
    start?.copy(this.bytes);
  }

  apply(change: Change): void {
    if (change.kind === 'flush') return;
    const { offset, length } = change;
    if (change.kind === 'write') this.bytes.fill(change.byte, offset, offset + length);
    else if (change.kind === 'write-zeroes') this.bytes.fill(0, offset, offset + length);
    else this.#discard(offset, offset + length);
  }

  /** What is beyond a smaller end is gone, and what a larger one adds is zeroes. */
  resize(size: number): void {
    const bytes = Buffer.alloc(size);
    this.bytes.copy(bytes);
    this.bytes = bytes;
  }

  #discard(offset: number, end: number): void {
    const first = Math.ceil(offset / this.#cluster) * this.#cluster;
    const last = end >= this.bytes.length ? end : Math.floor(end / this.#cluster) * this.#cluster;
    if (first < last) this.bytes.fill(0, first, last);
  }
}

/** What requests are drawn. */
export interface Draw {
  /** Sizes of what an image is made of: requests begin and end at their borders, and around them. Bytes. */
  readonly edges: readonly number[];
  /** Bytes of the longest request, about. Default: six of the largest edges. */
  readonly longest?: number;
  /** Some writes are of zeroes. */
  readonly zeroes?: boolean;
  /** Without discards. */
  readonly keeps?: boolean;
}

/** A request on a disk of `size` bytes. */
export function drawn(
  random: Random,
  size: number,
  { edges, longest, zeroes = false, keeps = false }: Draw,
): Change {
  const near = (place: number, among: readonly number[]): number => {
    const edge = random.pick(among);
    const border = Math.round(place / edge) * edge;
    const beside = random.chance(50) ? 0 : random.pick([-512, -1, 1, 512, random.below(edge)]);
    return Math.min(size, Math.max(0, border + beside));
  };
  const most = longest ?? Number.POSITIVE_INFINITY;
  const from = near(random.below(size), edges);
  const reach = random.below(Math.min(most, MOST_EDGES * random.pick(edges)));
  const to = near(
    from + reach,
    edges.filter((edge) => edge <= most),
  );
  const [offset, end] = from <= to ? [from, to] : [to, from];
  const length = end - offset;
  const kind = random.weighted(['write', 'write-zeroes', 'discard', 'flush'] as const, (item) =>
    item === 'write' ? 10 : item === 'flush' ? 1 : item === 'discard' && keeps ? 0 : 3,
  );
  if (length === 0 || kind === 'flush') return { kind: 'flush' };
  if (kind === 'write')
    return { kind, offset, length, byte: zeroes && random.chance(30) ? 0 : 1 + random.below(255) };
  return kind === 'discard' ? { kind, offset, length } : { kind, offset, length, unmap: random.chance(50) };
}

/** Draws so many requests, has the guest make them, and reads all of the disk. Gives the requests. */
export async function writeSeries(
  t: CaseContext,
  io: NodeIo,
  disk: DiskModel,
  random: Random,
  count: number,
  draw: Draw,
): Promise<readonly Change[]> {
  const requests = Array.from({ length: count }, () => drawn(random, disk.bytes.length, draw));
  await io.series(requests);
  for (const request of requests) disk.apply(request);
  await checkDisk(t, io, disk);
  return requests;
}

/** States that a guest reads what it must. */
export async function checkDisk(t: CaseContext, io: NodeIo, { bytes }: DiskModel): Promise<void> {
  const half = Math.floor(bytes.length / 2) - 1;
  for (const [from, to] of [
    [0, half],
    [half, bytes.length],
  ] as const)
    checkBytes(t, await io.read(from, to - from), bytes.subarray(from, to), 'what a guest reads', from);
}

/** States that `got`, which begins at byte `from`, is as expected. */
export function checkBytes(t: CaseContext, got: Buffer, expected: Buffer, what: string, from = 0): void {
  if (got.equals(expected)) return;
  const at = got.findIndex((byte, index) => byte !== expected[index]);
  t.fail(
    `${what} must be what was written`,
    got.length === expected.length
      ? `byte ${from + at} is ${got[at]} instead of ${expected[at]}`
      : `it has ${got.length} bytes instead of ${expected.length}`,
  );
}

/** Where bytes are that none of these disks has there: the first such byte of each piece of `pieceBytes`. */
export function* foreignBytes(
  found: Buffer,
  disks: readonly Buffer[],
  pieceBytes: number,
): Generator<number> {
  for (let start = 0; start < found.length; start += pieceBytes) {
    const piece = found.subarray(start, start + pieceBytes);
    // comparing bytes one by one is slow
    if (disks.some((bytes) => bytes.subarray(start, start + pieceBytes).equals(piece))) continue;
    const foreign = piece.findIndex((byte, at) => disks.every((bytes) => bytes[start + at] !== byte));
    if (foreign !== -1) yield start + foreign;
  }
}
