/** Dirty bitmaps that qcow2 images keep, made and read without an endpoint. Written from the public format specification. */

import { AUTOCLEAR, EXTENSION, HEADER_LENGTH, parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import { parseBitmaps } from '../../qcow2/stored-bitmap-directory.ts';
import { refcountBlockOf } from './qcow2-image.ts';

/** Bits of a bitmap's flags: whoever had it open may have changed the disk since; it records from the start. */
export const BITMAP_FLAG = { inUse: 1, auto: 2 } as const;

const DIRTY_TRACKING = 1;
const ENTRY_BYTES = 24;
/** In place of an offset: all bits of the cluster are set. */
const ALL_ONES = 1n;

/** A bitmap as an entry of the directory tells of it. */
export interface StoredBitmap {
  readonly name: string;
  readonly flags: number;
  /** Bytes. */
  readonly granularity: number;
}

/** The image, of `buildQcow2` without backing file and with counts of 16 bits, with one bitmap that marks these granules, or all that there are. */
export function withBitmap(
  image: Buffer,
  { name, flags, granularity, dirty }: StoredBitmap & { readonly dirty: readonly number[] | 'all' },
): Buffer {
  const { clusterSize } = parseQcow2Header(image);
  const first = image.length / clusterSize;
  const [directory, table, map] = [first, first + 1, first + 2].map((cluster) => cluster * clusterSize);
  const grown = Buffer.concat([image, Buffer.alloc(3 * clusterSize)]);
  for (const cluster of [first, first + 1, first + 2])
    grown.writeUInt16BE(1, refcountBlockOf(clusterSize) + cluster * 2);
  const length = Math.ceil((ENTRY_BYTES + Buffer.byteLength(name)) / 8) * 8;
  grown.writeBigUInt64BE(grown.readBigUInt64BE(AUTOCLEAR.at) | AUTOCLEAR.bitmaps, AUTOCLEAR.at);
  grown.writeUInt32BE(EXTENSION.bitmaps, HEADER_LENGTH);
  grown.writeUInt32BE(24, HEADER_LENGTH + 4);
  grown.writeUInt32BE(1, HEADER_LENGTH + 8);
  grown.writeBigUInt64BE(BigInt(length), HEADER_LENGTH + 16);
  grown.writeBigUInt64BE(BigInt(directory!), HEADER_LENGTH + 24);
  grown.writeBigUInt64BE(BigInt(table!), directory!);
  grown.writeUInt32BE(1, directory! + 8);
  grown.writeUInt32BE(flags, directory! + 12);
  grown.writeUInt8(DIRTY_TRACKING, directory! + 16);
  grown.writeUInt8(Math.log2(granularity), directory! + 17);
  grown.writeUInt16BE(grown.write(name, directory! + ENTRY_BYTES), directory! + 18);
  grown.writeBigUInt64BE(dirty === 'all' ? ALL_ONES : BigInt(map!), table!);
  if (dirty !== 'all') for (const granule of dirty) grown[map! + (granule >> 3)]! |= 1 << (granule & 7);
  return grown;
}

/** Whether an image has the header extension of bitmaps, and the bits of its autoclear features, of which one is theirs. */
export function saysBitmaps(image: Buffer): { readonly extension: boolean; readonly autoclear: string } {
  const { extensions, autoclear } = parseQcow2Header(image);
  return { extension: extensions.has(EXTENSION.bitmaps), autoclear: String(autoclear) };
}

/** The bitmaps that an image keeps, in the order of its directory. */
export function storedBitmaps(image: Buffer): StoredBitmap[] {
  const header = parseQcow2Header(image);
  if (!header.extensions.has(EXTENSION.bitmaps)) return [];
  return parseBitmaps(image, header).bitmaps.map(({ name, flags, granularity }) => ({
    name,
    flags,
    granularity,
  }));
}
