/** The header of a qcow2 image as it is in the file, and the bits of its tables. Written from the public format specification. */

/** The first word of a header. */
export const MAGIC = 0x514649fb;
/** Bytes of a version 3 header, without extensions. */
export const HEADER_LENGTH = 104;
const HEADER_LENGTH_OF_2 = 72;

/** Types of header extensions. */
export const EXTENSION = {
  backingFormat: 0xe2792aca,
  bitmaps: 0x23852875,
  encryption: 0x0537be77,
  featureNames: 0x6803f857,
};
/** The field of features that a reader must know, and its bits. */
export const INCOMPATIBLE = { at: 72, dirty: 1n, corrupt: 2n } as const;
/** The field of features that need not be known, and its bit. */
export const COMPATIBLE = { at: 80, lazyRefcounts: 1n } as const;
/** The field of features that are void once a program that does not know them wrote to the image, and its bit. */
export const AUTOCLEAR = { at: 88, bitmaps: 1n } as const;

/** Bit of an entry of an L1 or L2 table: what it refers to is counted once, and may be written in place. */
export const COPIED = 1n << 63n;
/** Bit of an entry of an L2 table. */
export const COMPRESSED = 1n << 62n;
/** Where an entry says that a table or a cluster is; in entries of bitmap tables, too. */
export const OFFSET_MASK = 0x00ff_ffff_ffff_fe00n;

/** What the header says. */
export interface Qcow2Header {
  readonly version: number;
  /** Name of the backing file, null without one. */
  readonly backing: string | null;
  /** Its format by the header extension, null without that. */
  readonly backingFormat: string | null;
  readonly clusterSize: number;
  /** Virtual size, bytes. */
  readonly size: number;
  /** 0 none, 1 AES, 2 LUKS. */
  readonly encryption: number;
  /** Entries. */
  readonly l1Size: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  readonly snapshots: number;
  readonly snapshotsOffset: number;
  readonly incompatible: bigint;
  readonly compatible: bigint;
  readonly autoclear: bigint;
  /** Bytes, without extensions. */
  readonly headerLength: number;
  readonly refcountBits: number;
  readonly extensions: ReadonlyMap<number, Buffer>;
}

/** Throws if it is no qcow2 image. */
export function parseQcow2Header(bytes: Buffer): Qcow2Header {
  if (bytes.length < HEADER_LENGTH || bytes.readUInt32BE(0) !== MAGIC) throw new Error('not a qcow2 image');
  const offsetAt = (at: number): number => Number(bytes.readBigUInt64BE(at));
  const version = bytes.readUInt32BE(4);
  const featureAt = (at: number): bigint => (version < 3 ? 0n : bytes.readBigUInt64BE(at));
  const nameOffset = offsetAt(8);
  const headerLength = version < 3 ? HEADER_LENGTH_OF_2 : bytes.readUInt32BE(100);
  const extensions = parseExtensions(bytes, headerLength);
  return {
    version,
    backing:
      nameOffset === 0 ? null : bytes.toString('utf8', nameOffset, nameOffset + bytes.readUInt32BE(16)),
    backingFormat: extensions.get(EXTENSION.backingFormat)?.toString('utf8') ?? null,
    clusterSize: 2 ** bytes.readUInt32BE(20),
    size: offsetAt(24),
    encryption: bytes.readUInt32BE(32),
    l1Size: bytes.readUInt32BE(36),
    l1Offset: offsetAt(40),
    refcountTableOffset: offsetAt(48),
    refcountTableClusters: bytes.readUInt32BE(56),
    snapshots: bytes.readUInt32BE(60),
    snapshotsOffset: offsetAt(64),
    incompatible: featureAt(INCOMPATIBLE.at),
    compatible: featureAt(COMPATIBLE.at),
    autoclear: featureAt(AUTOCLEAR.at),
    headerLength,
    refcountBits: version < 3 ? 16 : 2 ** bytes.readUInt32BE(96),
    extensions,
  };
}

function parseExtensions(bytes: Buffer, from: number): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = from; at + 8 <= bytes.length; ) {
    const type = bytes.readUInt32BE(at);
    const length = bytes.readUInt32BE(at + 4);
    if (type === 0) break;
    found.set(type, bytes.subarray(at + 8, at + 8 + length));
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return found;
}
