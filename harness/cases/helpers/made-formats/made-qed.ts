/** Images of qed, built and taken apart. Written from the published specification: tables of two levels, with entries of bytes. */
import { le32, le64, type Patch, patched } from './bytes.ts';

/** Bytes of a cluster of a made image; tables are of two. */
export const QED_CLUSTER = 4096;
/** Where the L1 table and the first L2 table of a made image lie, and its clusters begin. */
export const [QED_L1, QED_L2, QED_DATA] = [QED_CLUSTER, 3 * QED_CLUSTER, 5 * QED_CLUSTER] as const;

/** An image of `size` bytes with one L2 table of these entries, and two clusters of 0x11 behind it. */
export function buildQed(
  size: number,
  entries: readonly number[],
  { features = 0, patches = [] }: { features?: number; patches?: readonly Patch[] } = {},
): Buffer {
  return patched(Buffer.alloc(7 * QED_CLUSTER), [
    [0, 'QED\0'],
    [4, le32(QED_CLUSTER)],
    [8, le32(2)],
    [12, le32(1)],
    [16, le64(features)],
    [40, le64(QED_L1)],
    [48, le64(size)],
    [QED_L1, le64(QED_L2)],
    [QED_L2, Buffer.concat(entries.map(le64))],
    [QED_DATA, Buffer.alloc(2 * QED_CLUSTER, 0x11)],
    ...patches,
  ]);
}

/** What stands in an image. */
export function parseQed(bytes: Buffer) {
  const at64 = (at: number) => Number(bytes.readBigUInt64LE(at));
  const [clusterSize, tableClusters, size] = [bytes.readUInt32LE(4), bytes.readUInt32LE(8), at64(48)];
  const [perTable, l1] = [(tableClusters * clusterSize) / 8, at64(40)];
  const [nameAt, nameLength] = [bytes.readUInt32LE(56), bytes.readUInt32LE(60)];
  return {
    clusterSize,
    tableClusters,
    headerClusters: bytes.readUInt32LE(12),
    features: at64(16),
    autoclear: at64(32),
    size,
    backing: bytes.toString('utf8', nameAt, nameAt + nameLength),
    /** Where each cluster lies; 0: nowhere, 1: it is zeroes. */
    entries: Array.from({ length: Math.ceil(size / clusterSize) }, (_, index) => {
      const table = at64(l1 + Math.floor(index / perTable) * 8);
      return table === 0 ? 0 : at64(table + (index % perTable) * 8);
    }),
  };
}
