/**
 * The bitmap directory of an image: which persistent dirty bitmaps it holds and where their bits lie.
 *
 * Source: the published qcow2 format specification, "Bitmaps extension".
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { Extent } from './header.ts';
import type { Image } from './image.ts';
import { offsetOf } from './mapping.ts';

export const BitmapFlag = { inUse: 1, auto: 2 } as const;

export const MAX_BITMAPS = 65535;
export const MAX_NAME_BYTES = 1023;
export const MIN_GRANULARITY_BITS = 9;
export const MAX_GRANULARITY_BITS = 31;

const FIXED = 24;
const TYPE_DIRTY_TRACKING = 1;
/** The largest: its fixed part, and the longest name. */
const MAX_ENTRY_BYTES = Math.ceil((FIXED + MAX_NAME_BYTES) / 8) * 8;
/** Entries; the clusters of the largest map. */
export const MAX_TABLE_ENTRIES = 0x8000000;
/** An entry of a bitmap table without a cluster: all bits are set. */
const ALL_ONES = 1;

export interface BitmapEntry {
  readonly name: string;
  readonly tableOffset: number;
  /** Entries. */
  readonly tableSize: number;
  readonly flags: number;
  /** log2 of the bytes that one bit stands for. */
  readonly granularityBits: number;
}

/** Throws `CommandError` for a directory that is none. */
export async function readDirectory(image: Image): Promise<BitmapEntry[]> {
  const directory = image.header.bitmaps;
  if (!directory) return [];
  const { offset, length, count } = directory;
  if (length > count * MAX_ENTRY_BYTES || count > MAX_BITMAPS || offset + length > image.file.length())
    throw new CommandError('bitmaps_ext: too much extra metadata');
  // what follows the directory, so that the fixed part of each entry is there
  const bytes = new Uint8Array(length + FIXED);
  await image.file.read(offset, bytes);
  const view = new DataView(bytes.buffer);
  const entries: BitmapEntry[] = [];
  for (let at = 0; at < length; ) {
    const broken = new CommandError('Could not read the bitmap directory: Invalid argument');
    const nameBytes = view.getUint16(at + 18);
    const extraBytes = view.getUint32(at + 20);
    const end = at + Math.ceil((FIXED + nameBytes) / 8) * 8;
    const entry = {
      tableOffset: Number(view.getBigUint64(at)),
      tableSize: view.getUint32(at + 8),
      flags: view.getUint32(at + 12),
      granularityBits: bytes[at + 17]!,
      name: '',
    };
    const known =
      bytes[at + 16] === TYPE_DIRTY_TRACKING &&
      extraBytes === 0 &&
      entry.flags <= BitmapFlag.inUse + BitmapFlag.auto;
    const sound =
      end <= length &&
      nameBytes > 0 &&
      nameBytes <= MAX_NAME_BYTES &&
      entry.granularityBits >= MIN_GRANULARITY_BITS &&
      entry.granularityBits <= MAX_GRANULARITY_BITS &&
      entry.tableSize <= MAX_TABLE_ENTRIES &&
      entry.tableOffset % image.clusterSize === 0 &&
      entry.tableOffset + entry.tableSize * 8 <= image.file.length();
    if (!known || !sound) throw broken;
    const name = Buffer.from(bytes.subarray(at + FIXED, at + FIXED + nameBytes)).toString('utf8');
    entries.push({ ...entry, name });
    at = end;
  }
  if (entries.length !== count)
    throw new CommandError('Could not read the bitmap directory: Invalid argument');
  return entries;
}

export function serialiseDirectory(entries: readonly BitmapEntry[]): Uint8Array {
  return Buffer.concat(
    entries.map((entry) => {
      const name = Buffer.from(entry.name);
      const bytes = new Uint8Array(Math.ceil((FIXED + name.length) / 8) * 8);
      const view = new DataView(bytes.buffer);
      view.setBigUint64(0, BigInt(entry.tableOffset));
      view.setUint32(8, entry.tableSize);
      view.setUint32(12, entry.flags);
      view.setUint8(16, TYPE_DIRTY_TRACKING);
      view.setUint8(17, entry.granularityBits);
      view.setUint16(18, name.length);
      bytes.set(name, FIXED);
      return bytes;
    }),
  );
}

/** A part of the map: where its cluster lies in the file, or the byte that it is full of. */
export type BitmapCluster = number | { readonly fill: 0 | 0xff };

export async function readTable(
  image: Image,
  { tableOffset, tableSize }: BitmapEntry,
): Promise<BitmapCluster[]> {
  const bytes = new Uint8Array(tableSize * 8);
  await image.file.read(tableOffset, bytes);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: tableSize }, (_, i) => {
    const low = view.getUint32(i * 8 + 4);
    const offset = offsetOf(view.getUint32(i * 8), low);
    if (offset !== 0) return offset;
    return { fill: (low & ALL_ONES) === 0 ? 0 : 0xff };
  });
}

/** All that bitmaps take in the file: directory, tables, clusters. */
export async function* bitmapExtents(image: Image): AsyncGenerator<Extent> {
  if (!image.header.bitmaps) return;
  yield image.header.bitmaps;
  for (const entry of await readDirectory(image)) {
    yield { offset: entry.tableOffset, length: entry.tableSize * 8 };
    for (const cluster of await readTable(image, entry))
      if (typeof cluster === 'number') yield { offset: cluster, length: image.clusterSize };
  }
}
