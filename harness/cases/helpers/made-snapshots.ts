/** Tables of internal snapshots, made without an endpoint. Written from the public format specification. */
import { parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import { refcountBlockOf } from './qcow2-image.ts';

/** What an entry of the table says, but for the place of its L1 table. */
export interface SnapshotEntry {
  readonly id: string;
  readonly name: string;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Nanoseconds. */
  readonly clock: bigint;
  /** The field of 32 bits. */
  readonly stateSize: number;
  /** In hexadecimal: the size of the state, that of the disk, and what readers need not know. */
  readonly extra: string;
}

const FIXED = 40;
const HEADER_SNAPSHOTS = 60;

/** The image, of `buildQcow2` with counts of 16 bits, with snapshots of an empty disk. */
export function withSnapshotTable(image: Buffer, entries: readonly SnapshotEntry[]): Buffer {
  const { clusterSize } = parseQcow2Header(image);
  const first = image.length / clusterSize;
  const grown = Buffer.concat([image, Buffer.alloc((entries.length + 1) * clusterSize)]);
  for (let cluster = first; cluster <= first + entries.length; cluster += 1)
    grown.writeUInt16BE(1, refcountBlockOf(clusterSize) + cluster * 2);
  grown.writeUInt32BE(entries.length, HEADER_SNAPSHOTS);
  grown.writeBigUInt64BE(BigInt(first * clusterSize), HEADER_SNAPSHOTS + 4);
  let at = first * clusterSize;
  for (const [index, entry] of entries.entries()) {
    const extra = Buffer.from(entry.extra, 'hex');
    grown.writeBigUInt64BE(BigInt((first + 1 + index) * clusterSize), at);
    grown.writeUInt32BE(1, at + 8);
    grown.writeUInt16BE(Buffer.byteLength(entry.id), at + 12);
    grown.writeUInt16BE(Buffer.byteLength(entry.name), at + 14);
    grown.writeUInt32BE(entry.seconds, at + 16);
    grown.writeUInt32BE(entry.nanoseconds, at + 20);
    grown.writeBigUInt64BE(entry.clock, at + 24);
    grown.writeUInt32BE(entry.stateSize, at + 32);
    grown.writeUInt32BE(extra.length, at + 36);
    extra.copy(grown, at + FIXED);
    const end = at + FIXED + extra.length + grown.write(entry.id + entry.name, at + FIXED + extra.length);
    at = Math.ceil(end / 8) * 8;
  }
  return grown;
}
