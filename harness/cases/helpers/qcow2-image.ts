/**
 * qcow2 images that cases make and read by themselves: what an endpoint wrote is judged by neither the endpoint nor
 * its own tools. Written from the public format specification; only what the cases need (one L2 table when writing; data
 * of encrypted images as it is on disk).
 */
import { inflateRawSync } from 'node:zlib';
import {
  COMPATIBLE,
  COMPRESSED,
  COPIED,
  EXTENSION,
  HEADER_LENGTH,
  INCOMPATIBLE,
  MAGIC,
  OFFSET_MASK,
  parseQcow2Header,
  type Qcow2Header,
} from '../../qcow2/qcow2-header.ts';

const READS_AS_ZERO = 1n;

/** Where the parts of a new image are, in clusters. */
const REFCOUNT_TABLE = 1;
const REFCOUNT_BLOCK = 2;
const L1_TABLE = 3;
const L2_TABLE = 4;
const DATA = 5;

/** What a new image is to be. */
export interface NewQcow2 {
  /** Virtual size, bytes. */
  readonly size: number;
  /** Bytes, a power of two. The virtual size must fit one L2 table: at most its square divided by 8. */
  readonly clusterSize: number;
  /** Default 3. */
  readonly version?: 2 | 3;
  /** Width of a reference count, a power of two; default 16, all that version 2 can have. */
  readonly refcountBits?: number;
  /** Feature bits, and the encryption method; default 0. */
  readonly incompatible?: number;
  readonly compatible?: number;
  readonly encryption?: number;
  /** The header of a LUKS volume: makes the image an encrypted one, whose clusters are given as they are stored. */
  readonly luks?: Buffer;
  /** What the header names as backing file. */
  readonly backing?: { readonly name: string; readonly format?: string };
  /** Allocated clusters: index of the guest cluster, and the byte that fills it. */
  readonly clusters?: ReadonlyMap<number, number>;
  /** Compressed clusters: index of the guest cluster, and a deflated stream that fits one cluster. */
  readonly compressed?: ReadonlyMap<number, Buffer>;
  /** L2 entries to be written as they are, by index of the guest cluster: what makes an image a broken one. */
  readonly entries?: ReadonlyMap<number, bigint>;
}

/** The L2 entry that leads a guest cluster to byte `offset` of the file, which nobody else refers to. */
export function entryTo(offset: number): bigint {
  return BigInt(offset) | COPIED;
}

/** Where `buildQcow2` puts the refcount table, bytes. */
export function refcountTableOf(clusterSize: number): number {
  return REFCOUNT_TABLE * clusterSize;
}

/** Where `buildQcow2` puts its one refcount block, bytes. */
export function refcountBlockOf(clusterSize: number): number {
  return REFCOUNT_BLOCK * clusterSize;
}

/** Where `buildQcow2` puts the L1 table, bytes. */
export function l1TableOf(clusterSize: number): number {
  return L1_TABLE * clusterSize;
}

/** Where `buildQcow2` puts its one L2 table, bytes. */
export function l2TableOf(clusterSize: number): number {
  return L2_TABLE * clusterSize;
}

/** All of these by the names that overlap-check has for them. */
export function tablesOf(clusterSize: number) {
  return {
    'refcount-table': refcountTableOf(clusterSize),
    'refcount-block': refcountBlockOf(clusterSize),
    'active-l1': l1TableOf(clusterSize),
    'active-l2': l2TableOf(clusterSize),
  };
}

/** Where `buildQcow2` puts the first allocated cluster, bytes. */
export function dataOf(clusterSize: number): number {
  return DATA * clusterSize;
}

export interface Qcow2Image {
  readonly size: number;
  readonly clusterSize: number;
  /** Name of the backing file, null without one. */
  readonly backing: string | null;
  /** The format that the header says it has, null where it says none. */
  readonly backingFormat: string | null;
  /** It is marked as in use. */
  readonly dirty: boolean;
  /** It is marked as broken. */
  readonly corrupt: boolean;
  /** Bytes of a guest cluster; `zero` if it is marked as such, null if the image does not have it. */
  cluster(index: number): Buffer | 'zero' | null;
}

/** Whether a file begins as a qcow2 image does. */
export function isQcow2(bytes: Buffer): boolean {
  return bytes.length >= HEADER_LENGTH && bytes.readUInt32BE(0) === MAGIC;
}

/** The bytes of an image, made here so that no tool is needed. */
export function buildQcow2(options: NewQcow2): Buffer {
  const { clusterSize, refcountBits = 16 } = options;
  const { clusters = new Map(), compressed = new Map(), entries = new Map() } = options;
  const at = (cluster: number): number => cluster * clusterSize;
  const luksAt = DATA + clusters.size + compressed.size;
  const total = luksAt + Math.ceil((options.luks?.length ?? 0) / clusterSize);
  const image = Buffer.alloc(at(total));
  writeHeader(image, options);
  if (options.luks) putLuks(image, options.luks, at(luksAt));
  image.writeBigUInt64BE(BigInt(at(REFCOUNT_BLOCK)), at(REFCOUNT_TABLE));
  for (let cluster = 0; cluster < total; cluster += 1)
    countOnce(image.subarray(at(REFCOUNT_BLOCK), at(REFCOUNT_BLOCK + 1)), cluster, refcountBits);
  image.writeBigUInt64BE(BigInt(at(L2_TABLE)) | COPIED, at(L1_TABLE));
  let host = DATA;
  const link = (index: number, entry: bigint): void => {
    image.writeBigUInt64BE(entry, at(L2_TABLE) + index * 8);
  };
  for (const [index, byte] of clusters) {
    link(index, BigInt(at(host)) | COPIED);
    image.fill(byte, at(host), at(host + 1));
    host += 1;
  }
  for (const [index, stream] of compressed) {
    const furtherSectors = BigInt(Math.ceil(stream.length / 512) - 1);
    link(index, BigInt(at(host)) | (furtherSectors << sectorShift(clusterSize)) | COMPRESSED);
    stream.copy(image, at(host));
    host += 1;
  }
  for (const [index, entry] of entries) link(index, entry);
  return image;
}

/** Bits of a compressed cluster's entry below its count of sectors: those of its offset. */
function sectorShift(clusterSize: number): bigint {
  return BigInt(62 - (Math.log2(clusterSize) - 8));
}

/** Counts narrower than a byte begin at its lowest bit; wider ones are big-endian. */
function countOnce(block: Buffer, cluster: number, bits: number): void {
  const first = cluster * bits;
  if (bits < 8) block[Math.floor(first / 8)]! |= 1 << (first % 8);
  else block[(first + bits) / 8 - 1] = 1;
}

function writeHeader(image: Buffer, options: NewQcow2): void {
  const { size, clusterSize, version = 3, refcountBits = 16, encryption = 0, backing } = options;
  image.writeUInt32BE(MAGIC, 0);
  image.writeUInt32BE(version, 4);
  image.writeUInt32BE(Math.log2(clusterSize), 20);
  image.writeBigUInt64BE(BigInt(size), 24);
  image.writeUInt32BE(encryption, 32);
  image.writeUInt32BE(1, 36); // entries of the L1 table
  image.writeBigUInt64BE(BigInt(L1_TABLE * clusterSize), 40);
  image.writeBigUInt64BE(BigInt(REFCOUNT_TABLE * clusterSize), 48);
  image.writeUInt32BE(1, 56); // clusters of the refcount table
  if (version === 3) {
    image.writeBigUInt64BE(BigInt(options.incompatible ?? 0), INCOMPATIBLE.at);
    image.writeBigUInt64BE(BigInt(options.compatible ?? 0), COMPATIBLE.at);
    image.writeUInt32BE(Math.log2(refcountBits), 96);
    image.writeUInt32BE(HEADER_LENGTH, 100);
  }
  if (!backing) return;
  let at = version === 3 ? HEADER_LENGTH : 72;
  if (backing.format !== undefined) {
    image.writeUInt32BE(EXTENSION.backingFormat, at);
    image.writeUInt32BE(backing.format.length, at + 4);
    image.write(backing.format, at + 8);
    at += 8 + Math.ceil(backing.format.length / 8) * 8;
  }
  image.writeBigUInt64BE(BigInt(at + 8), 8);
  image.writeUInt32BE(image.write(backing.name, at + 8), 16);
}

/** An image has either this extension or a backing file: both begin behind the header. */
function putLuks(image: Buffer, luks: Buffer, offset: number): void {
  image.writeUInt32BE(2, 32);
  image.writeUInt32BE(EXTENSION.encryption, HEADER_LENGTH);
  image.writeUInt32BE(16, HEADER_LENGTH + 4);
  image.writeBigUInt64BE(BigInt(offset), HEADER_LENGTH + 8);
  image.writeBigUInt64BE(BigInt(luks.length), HEADER_LENGTH + 16);
  luks.copy(image, offset);
}

/** Throws if it is no qcow2 image. */
export function parseQcow2(bytes: Buffer): Qcow2Image {
  const header = parseQcow2Header(bytes);
  const { size, clusterSize, backing, backingFormat, incompatible } = header;
  return {
    size,
    clusterSize,
    dirty: (incompatible & INCOMPATIBLE.dirty) !== 0n,
    corrupt: (incompatible & INCOMPATIBLE.corrupt) !== 0n,
    backing,
    backingFormat,
    cluster(index) {
      const entry = l2EntryOf(bytes, header, index);
      if (entry === null) return null;
      if ((entry & COMPRESSED) !== 0n) return inflated(bytes, entry, clusterSize);
      if ((entry & READS_AS_ZERO) !== 0n) return 'zero';
      const offset = Number(entry & OFFSET_MASK);
      if (offset === 0) return null;
      const data = bytes.subarray(offset, offset + clusterSize);
      // what lies behind the end of the file is zeroes
      return data.length === clusterSize ? data : Buffer.concat([data], clusterSize);
    },
  };
}

/**
 * What a guest reads of an image above what it reads of `below`. `plain` gives what a cluster holds that is not stored as
 * it is.
 */
export function contentAbove(
  { size, clusterSize, cluster }: Qcow2Image,
  below: Buffer | null,
  plain: (stored: Buffer, index: number) => Buffer = (stored) => stored,
): Buffer {
  const content = Buffer.alloc(size);
  below?.copy(content);
  for (let index = 0; index * clusterSize < size; index += 1) {
    const found = cluster(index);
    const start = index * clusterSize;
    if (found === 'zero') content.fill(0, start, Math.min(start + clusterSize, size));
    else if (found !== null) plain(found, index).copy(content, start);
  }
  return content;
}

function inflated(bytes: Buffer, entry: bigint, clusterSize: number): Buffer {
  const { offset, length } = compressedPlace(entry, clusterSize);
  return inflateRawSync(bytes.subarray(offset, offset + length), { maxOutputLength: clusterSize });
}

/** The whole sectors that a compressed cluster's stream touches. */
function compressedPlace(entry: bigint, clusterSize: number): { offset: number; length: number } {
  const shift = sectorShift(clusterSize);
  const offset = Number(entry & ((1n << shift) - 1n));
  const sectors = Number((entry & (COMPRESSED - 1n)) >> shift) + 1;
  return { offset, length: sectors * 512 - (offset % 512) };
}

/** The L2 entry of a guest cluster as it is in the file; null without an L2 table. */
function l2EntryOf(bytes: Buffer, { clusterSize, l1Offset }: Qcow2Header, index: number): bigint | null {
  const perTable = clusterSize / 8;
  const table = Number(bytes.readBigUInt64BE(l1Offset + Math.floor(index / perTable) * 8) & OFFSET_MASK);
  return table === 0 ? null : bytes.readBigUInt64BE(table + (index % perTable) * 8);
}

/** Whether a guest cluster is stored compressed. */
export function isCompressed(bytes: Buffer, index: number): boolean {
  const entry = l2EntryOf(bytes, parseQcow2Header(bytes), index);
  return entry !== null && (entry & COMPRESSED) !== 0n;
}

/** Where in the file a guest cluster has its place, bytes, whether or not it reads as zeroes; null if it has none. */
export function placeOf(bytes: Buffer, index: number): number | null {
  const entry = l2EntryOf(bytes, parseQcow2Header(bytes), index);
  if (entry === null || (entry & COMPRESSED) !== 0n) return null;
  const offset = Number(entry & OFFSET_MASK);
  return offset === 0 ? null : offset;
}
