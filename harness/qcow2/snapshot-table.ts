/** The table of a qcow2 image's internal snapshots. Written from the public format specification. */
import type { Qcow2Header } from './qcow2-header.ts';

/** Bytes of an entry ahead of its extra data. */
const ENTRY = 40;
/** Bytes of extra data that tell the size of the disk. */
const WITH_SIZE = 16;

/** An internal snapshot. Sizes and places are bytes. */
export interface StoredSnapshot {
  /** Empty: it has none, which is an error. */
  readonly id: string;
  readonly name: string;
  readonly l1Offset: number;
  /** Entries. */
  readonly l1Size: number;
  /** When it was taken. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** How long the machine had run then. Nanoseconds. */
  readonly clock: bigint;
  /** Of the machine's state; the field of 32 bits. */
  readonly stateSize: number;
  /** What the entry holds besides: the size of the state, that of the disk, and what readers need not know. */
  readonly extra: Buffer;
  /** Of the disk; null where the entry does not tell it. */
  readonly size: number | null;
  /** Where the entry ends in the file. */
  readonly end: number;
}

/** The snapshots in the order of the table. Throws RangeError where it leads out of the file. */
export function* storedSnapshots(
  bytes: Buffer,
  { snapshots, snapshotsOffset }: Qcow2Header,
): Generator<StoredSnapshot> {
  let at = snapshotsOffset;
  for (let index = 0; index < snapshots; index += 1) {
    const extraLength = bytes.readUInt32BE(at + 36);
    const idAt = at + ENTRY + extraLength;
    const nameAt = idAt + bytes.readUInt16BE(at + 12);
    const nameEnd = nameAt + bytes.readUInt16BE(at + 14);
    const end = Math.ceil(nameEnd / 8) * 8;
    yield {
      id: bytes.toString('utf8', idAt, nameAt),
      name: bytes.toString('utf8', nameAt, nameEnd),
      l1Offset: Number(bytes.readBigUInt64BE(at)),
      l1Size: bytes.readUInt32BE(at + 8),
      seconds: bytes.readUInt32BE(at + 16),
      nanoseconds: bytes.readUInt32BE(at + 20),
      clock: bytes.readBigUInt64BE(at + 24),
      stateSize: bytes.readUInt32BE(at + 32),
      extra: bytes.subarray(at + ENTRY, idAt),
      // behind the size of a machine's state
      size: extraLength < WITH_SIZE ? null : Number(bytes.readBigUInt64BE(at + ENTRY + 8)),
      end,
    };
    at = end;
  }
}
