/** Images of Parallels, built and taken apart. Written from the published format: a header, one table, clusters. */
import { le32, le64, type Patch, patched } from './bytes.ts';

/** Of images whose table counts sectors, and of those whose counts clusters. */
export const [PARALLELS_OLD, PARALLELS_NEW] = ['WithoutFreeSpace', 'WithouFreSpacExt'] as const;
/** What marks an image that is being written. */
export const PARALLELS_IN_USE = 0x746f6e59;

export interface ParallelsShape {
  readonly magic: string;
  /** Bytes of the disk. */
  readonly size: number;
  /** Sectors of a cluster. */
  readonly sectors: number;
  /** Clusters, as they stand in the table. */
  readonly entries: readonly number[];
  /** Clusters of the file behind the first one; the first of them is full of 0x11, the next of 0x12 … */
  readonly inFile: number;
}

/** An image as the shape says. */
export function buildParallels(
  { magic, size, sectors, entries, inFile }: ParallelsShape,
  patches: readonly Patch[] = [],
): Buffer {
  const cluster = sectors * 512;
  return patched(Buffer.alloc(cluster), [
    [0, magic],
    [16, le32(2)],
    [20, le32(16)],
    [24, le32(1)],
    [28, le32(sectors)],
    [32, le32(entries.length)],
    [36, le64(size / 512)],
    [48, le32(sectors)],
    [64, Buffer.concat(entries.map(le32))],
    ...Array.from(
      { length: inFile },
      (_, index): Patch => [(index + 1) * cluster, Buffer.alloc(cluster, 0x11 + index)],
    ),
    ...patches,
  ]);
}

/** What stands in an image. */
export function parseParallels(bytes: Buffer) {
  return {
    magic: bytes.toString('latin1', 0, 16),
    version: bytes.readUInt32LE(16),
    heads: bytes.readUInt32LE(20),
    cylinders: bytes.readUInt32LE(24),
    sectors: bytes.readUInt32LE(28),
    size: Number(bytes.readBigUInt64LE(36)) * 512,
    inUse: bytes.readUInt32LE(44),
    dataAt: bytes.readUInt32LE(48) * 512,
    entries: Array.from({ length: bytes.readUInt32LE(32) }, (_, index) => bytes.readUInt32LE(64 + index * 4)),
  };
}
