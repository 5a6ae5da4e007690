/** All counts of a qcow2 image. Written from the public format specification. */
import { nonzeroEntries } from './nonzero.ts';
import { parseQcow2Header, type Qcow2Header } from './qcow2-header.ts';

/** How often the image says that each cluster of the file is used, without those that are not; by cluster. */
export function nonzeroRefcounts(bytes: Buffer, header: Qcow2Header): ReadonlyMap<number, bigint> {
  const { clusterSize, refcountBits, refcountTableOffset: table, refcountTableClusters } = header;
  const counts = new Map<number, bigint>();
  const width = refcountBits / 8;
  const perBlock = (clusterSize * 8) / refcountBits;
  const end = Math.min(table + refcountTableClusters * clusterSize, bytes.length);
  for (const at of nonzeroEntries(bytes, table, end, 8)) {
    const block = Number(bytes.readBigUInt64BE(at));
    if (block >= bytes.length) continue;
    const blockEnd = Math.min(block + clusterSize, bytes.length);
    for (const byte of nonzeroEntries(bytes, block, blockEnd, Math.max(1, width))) {
      const first = ((at - table) / 8) * perBlock + (byte - block) / width;
      if (refcountBits < 8) narrowCounts(bytes[byte]!, refcountBits, first, counts);
      else counts.set(first, BigInt(`0x${bytes.toString('hex', byte, byte + width)}`));
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
  for (let index = 0; index < 8 / bits; index += 1) {
    const count = (byte >> (index * bits)) & (2 ** bits - 1);
    if (count !== 0) counts.set(first + index, BigInt(count));
  }
}
