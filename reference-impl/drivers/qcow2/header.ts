/**
 * The header cluster of a qcow2 image: fixed fields, header extensions and the backing file's name, read with every
 * check that an open makes before it trusts the rest, and written back whole.
 *
 * Source: the published qcow2 format specification; texts of errors as observed.
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { BackingName } from '../driver.ts';

const MAGIC = 0x514649fb;
const V2_LENGTH = 72;
const V3_LENGTH = 104;
/** log2 of the bytes of a cluster. */
export const MIN_CLUSTER_BITS = 9;
export const MAX_CLUSTER_BITS = 21;
/** Bytes. */
export const MAX_BACKING_NAME = 1023;
/** The size of the largest L1 table that images may have, the disk's or a snapshot's. */
export const MAX_L1_BYTES = 32 << 20;
/** The size of the largest reference count table that images may have. */
export const MAX_REFTABLE_BYTES = 8 << 20;
export const MAX_SNAPSHOTS = 65536;

export const Incompatible = { dirty: 1, corrupt: 2 } as const;
export const Compatible = { lazyRefcounts: 1 } as const;
export const Autoclear = { bitmaps: 1 } as const;

const KNOWN_INCOMPATIBLE = 3n;

const ExtensionType = {
  end: 0,
  backingFormat: 0xe2792aca,
  featureNames: 0x6803f857,
  bitmaps: 0x23852875,
  fullDiskEncryption: 0x0537be77,
} as const;

export type EncryptionMethod = 'none' | 'aes' | 'luks';
const METHODS: readonly EncryptionMethod[] = ['none', 'aes', 'luks'];

/** Where a structure lies in the file; bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export interface BitmapDirectory extends Extent {
  readonly count: number;
}

export interface Header {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  /** Virtual size in bytes. */
  size: number;
  encryption: EncryptionMethod;
  /** log2 of the width of a reference count in bits. */
  readonly refcountOrder: number;
  /** Entries. */
  l1Size: number;
  l1Offset: number;
  refcountTableOffset: number;
  refcountTableClusters: number;
  snapshotCount: number;
  snapshotsOffset: number;
  incompatible: bigint;
  compatible: bigint;
  autoclear: bigint;
  backing: BackingName | undefined;
  bitmaps: BitmapDirectory | undefined;
  luksHeader: Extent | undefined;
  /** Fields behind those that we know: kept as they are. */
  readonly extraFields: Uint8Array;
  /** Extensions that we do not know, and the table of feature names: kept as they are. */
  readonly otherExtensions: readonly { readonly type: number; readonly data: Uint8Array }[];
}

/** Bytes of an offset field. Values beyond 2^53 lose low bits, and all of those are refused as out of range. */
function offsetAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at));
}

export function hasLazyRefcounts(header: Header): boolean {
  return (header.compatible & BigInt(Compatible.lazyRefcounts)) !== 0n;
}

export function entriesOfL1(size: number, clusterBits: number): number {
  return Math.ceil(size / 2 ** (clusterBits * 2 - 3));
}

/** Does the file begin like an image of a version that we know? */
export function isQcow2(start: Uint8Array): boolean {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return start.length >= V2_LENGTH && view.getUint32(0) === MAGIC && [2, 3].includes(view.getUint32(4));
}

/** Bytes of the first cluster of an image that begins so; of one that no cluster can be of, those of the smallest. */
export function firstClusterBytes(start: Uint8Array): number {
  const bits = new DataView(start.buffer, start.byteOffset, start.byteLength).getUint32(20);
  return 2 ** (bits > MAX_CLUSTER_BITS ? MIN_CLUSTER_BITS : bits);
}

/**
 * Parses the first cluster of an image. `start` is at least as long: what the file holds of it, then zeroes. Throws
 * `CommandError` for what cannot be opened at all.
 */
export function parseHeader(start: Uint8Array): Header {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (view.getUint32(0) !== MAGIC) throw new CommandError('Image is not in qcow2 format');
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) throw new CommandError(`Unsupported qcow2 version ${version}`);
  const clusterBits = view.getUint32(20);
  if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS)
    throw new CommandError(`Unsupported cluster size: 2^${clusterBits}`);
  const clusterSize = 2 ** clusterBits;
  const headerLength = version === 2 ? V2_LENGTH : view.getUint32(100);
  if (version === 3 && headerLength < V3_LENGTH) throw new CommandError('qcow2 header too short');
  if (headerLength > clusterSize) throw new CommandError('qcow2 header exceeds cluster size');

  const backingOffset = offsetAt(view, 8);
  if (backingOffset > clusterSize) throw new CommandError('Invalid backing file offset');
  const extensions = parseExtensions(start, headerLength, backingOffset || clusterSize);
  const [incompatible, compatible, autoclear] =
    version === 2 ? [0n, 0n, 0n] : [view.getBigUint64(72), view.getBigUint64(80), view.getBigUint64(88)];
  checkFeatures(incompatible, extensions.featureNames);
  const refcountOrder = version === 2 ? 4 : view.getUint32(96);
  if (refcountOrder > 6) {
    throw new CommandError('Reference count entry width too large; may not exceed 64 bits');
  }
  const method = view.getUint32(32);
  const encryption = METHODS[method];
  if (encryption === undefined) throw new CommandError(`Unsupported encryption method ${method}`);

  const size = offsetAt(view, 24);
  const header: Header = {
    version,
    clusterBits,
    size,
    encryption,
    refcountOrder,
    refcountTableOffset: offsetAt(view, 48),
    refcountTableClusters: view.getUint32(56),
    snapshotCount: view.getUint32(60),
    snapshotsOffset: offsetAt(view, 64),
    l1Size: view.getUint32(36),
    l1Offset: offsetAt(view, 40),
    incompatible,
    compatible,
    autoclear,
    backing: undefined,
    // without its mark the extension is out of date: somebody has changed the image who does not know it
    bitmaps: (autoclear & BigInt(Autoclear.bitmaps)) === 0n ? undefined : extensions.bitmaps,
    luksHeader: extensions.luksHeader,
    extraFields: start.slice(version === 2 ? V2_LENGTH : V3_LENGTH, headerLength),
    otherExtensions: extensions.others,
  };
  if (header.luksHeader && encryption !== 'luks') {
    throw new CommandError('CRYPTO header extension only expected with LUKS encryption method');
  }
  checkTables(header);
  header.backing = parseBacking(
    start,
    backingOffset,
    view.getUint32(16),
    clusterSize,
    extensions.backingFormat,
  );
  return header;
}

/** A table that starts off a cluster boundary or goes beyond what an offset in a file can be is no table. */
export function isTableOffset(offset: number, bytes: number, clusterSize: number): boolean {
  return offset % clusterSize === 0 && offset + bytes < 2 ** 63;
}

function checkTables(header: Header): void {
  const clusterSize = 2 ** header.clusterBits;
  const reftableBytes = header.refcountTableClusters * clusterSize;
  if (header.refcountTableClusters === 0)
    throw new CommandError('Image does not contain a reference count table');
  if (reftableBytes > MAX_REFTABLE_BYTES) throw new CommandError('Reference count table too large');
  if (!isTableOffset(header.refcountTableOffset, reftableBytes, clusterSize)) {
    throw new CommandError('Reference count table offset invalid');
  }
  if (header.snapshotCount > MAX_SNAPSHOTS) throw new CommandError('Snapshot table too large');
  if (!isTableOffset(header.snapshotsOffset, 0, clusterSize))
    throw new CommandError('Snapshot table offset invalid');
  if (header.l1Size * 8 > MAX_L1_BYTES) throw new CommandError('Active L1 table too large');
  if (!isTableOffset(header.l1Offset, header.l1Size * 8, clusterSize)) {
    throw new CommandError('Active L1 table offset invalid');
  }
  const needed = entriesOfL1(header.size, header.clusterBits);
  if (header.l1Size < needed)
    throw new CommandError(needed > 2 ** 31 - 1 ? 'Image is too big' : 'L1 table is too small');
}

function checkFeatures(incompatible: bigint, names: ReadonlyMap<number, string>): void {
  const unknown = incompatible & ~KNOWN_INCOMPATIBLE;
  if (unknown !== 0n) {
    const listed: string[] = [];
    let unnamed = unknown;
    for (const [bit, name] of names) {
      if (!(unknown & (1n << BigInt(bit)))) continue;
      listed.push(name);
      unnamed &= ~(1n << BigInt(bit));
    }
    if (unnamed) listed.push(`Unknown incompatible feature: ${unnamed.toString(16)}`);
    throw new CommandError(`Unsupported qcow2 feature(s): ${listed.join(', ')}`);
  }
}

interface Extensions {
  backingFormat: string | undefined;
  readonly featureNames: Map<number, string>;
  bitmaps: BitmapDirectory | undefined;
  luksHeader: Extent | undefined;
  readonly others: { type: number; data: Uint8Array }[];
}

const cString = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8').replace(/\0.*$/s, '');

function parseExtensions(start: Uint8Array, from: number, to: number): Extensions {
  const found: Extensions = {
    backingFormat: undefined,
    featureNames: new Map(),
    bitmaps: undefined,
    luksHeader: undefined,
    others: [],
  };
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  for (let at = from; at + 8 <= to; ) {
    const type = view.getUint32(at);
    const length = view.getUint32(at + 4);
    at += 8;
    if (type === ExtensionType.end) break;
    if (length > to - at) throw new CommandError('Header extension too large');
    const data = start.slice(at, at + length);
    switch (type) {
      case ExtensionType.backingFormat:
        if (length >= 16) {
          throw new CommandError(`ERROR: ext_backing_format: len=${length} too large (>=16)`);
        }
        found.backingFormat = cString(data);
        break;
      case ExtensionType.featureNames:
        for (let entry = 0; entry + 48 <= length; entry += 48) {
          if (data[entry] === 0)
            found.featureNames.set(data[entry + 1]!, cString(data.subarray(entry + 2, entry + 48)));
        }
        found.others.push({ type, data });
        break;
      case ExtensionType.bitmaps:
        if (length !== 24) throw new CommandError('bitmaps_ext: Invalid extension length');
        found.bitmaps = {
          count: view.getUint32(at),
          length: offsetAt(view, at + 8),
          offset: offsetAt(view, at + 16),
        };
        break;
      case ExtensionType.fullDiskEncryption:
        if (length !== 16)
          throw new CommandError(`CRYPTO header extension size ${length}, but expected size 16`);
        found.luksHeader = { offset: offsetAt(view, at), length: offsetAt(view, at + 8) };
        break;
      default:
        found.others.push({ type, data });
    }
    at += Math.ceil(length / 8) * 8;
  }
  return found;
}

function parseBacking(
  start: Uint8Array,
  offset: number,
  length: number,
  clusterSize: number,
  format: string | undefined,
): BackingName | undefined {
  if (offset === 0) return undefined;
  if (length > Math.min(MAX_BACKING_NAME, clusterSize - offset)) {
    throw new CommandError('Backing file name too long');
  }
  const name = Buffer.from(start.subarray(offset, offset + length)).toString('utf8');
  return { name, format };
}

/** The first cluster as it is to be written. Throws `CommandError` when name and extensions do not fit. */
export function serialiseHeader(header: Header): Uint8Array {
  const clusterSize = 2 ** header.clusterBits;
  const bytes = new Uint8Array(clusterSize);
  const view = new DataView(bytes.buffer);
  const setOffset = (at: number, value: number) => view.setBigUint64(at, BigInt(value));
  view.setUint32(0, MAGIC);
  view.setUint32(4, header.version);
  view.setUint32(20, header.clusterBits);
  setOffset(24, header.size);
  view.setUint32(32, METHODS.indexOf(header.encryption));
  view.setUint32(36, header.l1Size);
  setOffset(40, header.l1Offset);
  setOffset(48, header.refcountTableOffset);
  view.setUint32(56, header.refcountTableClusters);
  view.setUint32(60, header.snapshotCount);
  setOffset(64, header.snapshotsOffset);
  const headerLength = (header.version === 2 ? V2_LENGTH : V3_LENGTH) + header.extraFields.length;
  if (header.version === 3) {
    view.setBigUint64(72, header.incompatible);
    view.setBigUint64(80, header.compatible);
    view.setBigUint64(88, header.autoclear);
    view.setUint32(96, header.refcountOrder);
    view.setUint32(100, headerLength);
  }
  bytes.set(header.extraFields, headerLength - header.extraFields.length);
  let at = headerLength;
  const room = (needed: number) => {
    if (at + needed > clusterSize) throw new CommandError('Header does not fit into the first cluster');
  };
  const put = (type: number, data: Uint8Array) => {
    const padded = Math.ceil(data.length / 8) * 8;
    room(8 + padded);
    view.setUint32(at, type);
    view.setUint32(at + 4, data.length);
    bytes.set(data, at + 8);
    at += 8 + padded;
  };
  if (header.backing?.format !== undefined)
    put(ExtensionType.backingFormat, Buffer.from(header.backing.format));
  if (header.luksHeader)
    put(ExtensionType.fullDiskEncryption, words([header.luksHeader.offset, header.luksHeader.length]));
  for (const { type, data } of header.otherExtensions) put(type, data);
  if (header.bitmaps) {
    const { count, length, offset } = header.bitmaps;
    put(ExtensionType.bitmaps, words([count * 2 ** 32, length, offset]));
  }
  put(ExtensionType.end, new Uint8Array());
  if (header.backing) {
    const name = Buffer.from(header.backing.name);
    room(name.length);
    setOffset(8, at);
    view.setUint32(16, name.length);
    bytes.set(name, at);
  }
  return bytes;
}

/** 64-bit numbers as they lie in an image. */
export function words(values: Iterable<number | bigint>): Uint8Array {
  return Buffer.from(BigUint64Array.from(values, BigInt).buffer).swap64();
}

const FEATURE_NAMES: readonly (readonly [type: number, bit: number, name: string])[] = [
  [0, 0, 'dirty bit'],
  [0, 1, 'corrupt bit'],
  [1, 0, 'lazy refcounts'],
];

/** The table of feature names that a new version 3 image carries. */
export function featureNamesExtension(): { type: number; data: Uint8Array } {
  const data = new Uint8Array(FEATURE_NAMES.length * 48);
  FEATURE_NAMES.forEach(([type, bit, name], index) => {
    data.set([type, bit, ...Buffer.from(name)], index * 48);
  });
  return { type: ExtensionType.featureNames, data };
}
