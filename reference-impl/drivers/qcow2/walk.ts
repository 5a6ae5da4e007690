/** Walks over everything that an L1 table refers to, straight in the file: for snapshots and for repair. */
import { IoError } from '../../host/errno.ts';
import type { Image } from './image.ts';
import { decodeEntry, type Entry, offsetOf } from './mapping.ts';

/** An L2 table as it lies in the file. */
export interface L2Table {
  /** Index in the L1 table. */
  readonly index: number;
  /** Bytes of the image file. */
  readonly offset: number;
  readonly view: DataView;
}

/** An L1 table of `entries` entries; what would lie behind the end of the file is left out. */
export async function readL1(image: Image, offset: number, entries: number): Promise<DataView> {
  const present = Math.max(0, Math.min(entries * 8, image.file.length() - offset));
  const bytes = new Uint8Array(Math.floor(present / 8) * 8);
  await image.file.read(offset, bytes);
  return new DataView(bytes.buffer);
}

/**
 * The caches are flushed before. Throws `IoError` for a table off a cluster boundary, behind the end of the file or
 * met before.
 */
export async function* l2TablesOf(image: Image, l1: DataView): AsyncGenerator<L2Table> {
  const seen = new Set<number>();
  for (let index = 0; index < l1.byteLength / 8; index++) {
    const offset = offsetOf(l1.getUint32(index * 8), l1.getUint32(index * 8 + 4));
    if (offset === 0) continue;
    if (offset % image.clusterSize !== 0 || offset >= image.file.length() || seen.has(offset))
      throw new IoError('EIO');
    seen.add(offset);
    const bytes = new Uint8Array(image.clusterSize);
    await image.file.read(offset, bytes);
    yield { index, offset, view: new DataView(bytes.buffer) };
  }
}

/** The entries of a table that have a place in the file, with where they stand in it in bytes. */
export function* ownedEntries(image: Image, view: DataView): Generator<{ at: number; entry: Entry }> {
  for (let at = 0; at < view.byteLength; at += 8) {
    const entry = decodeEntry(view, at, image.header);
    if (entry.offset !== 0) yield { at, entry };
  }
}

/** The clusters that an entry's data touches: index of the first, and how many. */
export function clustersOf(image: Image, { offset, compressedBytes }: Entry): [number, number] {
  const bytes = compressedBytes ?? image.clusterSize;
  const first = Math.floor(offset / image.clusterSize);
  return [first, Math.ceil((offset + bytes) / image.clusterSize) - first];
}
