/** All counts of a qcow2 image. Written from the public format specification. */
import { parseQcow2Header, type Qcow2Header } from './qcow2-header.ts';

/** How often the image says that each cluster of the file is used, without those that are not; by cluster. */
export function nonzeroRefcounts(bytes: Buffer, header: Qcow2Header): ReadonlyMap<number, bigint> {
  const { clusterSize, refcountBits, refcountTableOffset, refcountTableClusters } = header;
  const counts = new Map<number, bigint>();
  const width = refcountBits / 8;
  const perBlock = (clusterSize * 8) / refcountBits;
  const end = Math.min(refcountTableOffset + refcountTableClusters * clusterSize, bytes.length - 7);
  for (let at = refcountTableOffset, index = 0; at < end; at += 8, index += 1) {
    const block = Number(bytes.readBigUInt64BE(at));
    if (block === 0 || block >= bytes.length) continue;
    const present = Math.min(clusterSize, bytes.length - block);
    for (let byte = 0; byte < present; byte += Math.max(1, width)) {
      const first = index * perBlock + byte / width;
      if (refcountBits < 8) narrowCounts(bytes[block + byte]!, refcountBits, first, counts);
      else {
        if (bytes.subarray(block + byte, block + byte + width).every((value) => value === 0)) continue;
        counts.set(first, BigInt(`0x${bytes.toString('hex', block + byte, block + byte + width)}`));
      }
    }
  }
  return counts;
}

/** How often the image says that one cluster of the file is used. */
export function refcountOf(bytes: Buffer, cluster: number): bigint {
  return nonzeroRefcounts(bytes, parseQcow2Header(bytes)).get(cluster) ?? 0n;
}

/** Counts narrower than a byte begin at its lowest bit. */
function narrowCounts(byte: number, bits: number, first: number, counts: Map<number, bigint>): void {
  if (byte === 0) return;
  for (let index = 0; index < 8 / bits; index += 1) {
    const count = (byte >> (index * bits)) & (2 ** bits - 1);
    if (count !== 0) counts.set(first + index, BigInt(count));
  }
}
