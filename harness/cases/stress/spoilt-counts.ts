/** qcow2 images as after a crash that took the counts with it. */
import type { Random } from '../../../generators/random.ts';
import { COMPRESSED, COPIED, INCOMPATIBLE, OFFSET_MASK, parseQcow2Header } from '../../qcow2/qcow2-header.ts';

/**
 * The image, of version 3, marked as in use, with any counts for its clusters, but for those of the counts themselves, and
 * with any marks of what may be written in place.
 */
export function withSpoiltCounts(image: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(image);
  const { clusterSize, refcountBits, refcountTableOffset, refcountTableClusters, l1Offset, l1Size } =
    parseQcow2Header(bytes);
  bytes.writeBigUInt64BE(INCOMPATIBLE.dirty, INCOMPATIBLE.at);
  const tableEnd = refcountTableOffset + refcountTableClusters * clusterSize;
  const blocks = offsets(bytes, refcountTableOffset, tableEnd);
  const kept = new Set(blocks.map((at) => at / clusterSize));
  kept.add(0);
  for (let at = refcountTableOffset; at < tableEnd; at += clusterSize) kept.add(at / clusterSize);
  const perBlock = (clusterSize * 8) / refcountBits;
  const clusters = Math.ceil(bytes.length / clusterSize);
  for (const [index, block] of blocks.entries())
    for (let entry = 0; entry < perBlock && index * perBlock + entry < clusters; entry += 1)
      if (!kept.has(index * perBlock + entry))
        putCount(bytes, block, entry, refcountBits, random.below(Math.min(4, 2 ** refcountBits)));
  for (const table of offsets(bytes, l1Offset, l1Offset + l1Size * 8))
    for (let at = table; at < table + clusterSize; at += 8) {
      const entry = bytes.readBigUInt64BE(at);
      // neither compressed nor without a place
      if ((entry & OFFSET_MASK) !== 0n && (entry & COMPRESSED) === 0n && random.chance(20))
        bytes.writeBigUInt64BE(entry ^ COPIED, at);
    }
  return bytes;
}

/** Where entries of a table lead, without those that lead nowhere. */
function offsets(bytes: Buffer, from: number, to: number): number[] {
  const found: number[] = [];
  for (let at = from; at < to; at += 8) {
    const offset = Number(bytes.readBigUInt64BE(at) & OFFSET_MASK);
    if (offset !== 0) found.push(offset);
  }
  return found;
}

function putCount(bytes: Buffer, block: number, entry: number, bits: number, count: number): void {
  const first = entry * bits;
  if (bits < 8) {
    const at = block + Math.floor(first / 8);
    const shift = first % 8;
    bytes[at] = (bytes[at]! & ~((2 ** bits - 1) << shift)) | (count << shift);
  } else {
    const at = block + first / 8;
    bytes.fill(0, at, at + bits / 8);
    bytes[at + bits / 8 - 1] = count;
  }
}
