/**
 * qcow2 images that cases make and read by themselves: what an endpoint wrote is judged by neither the endpoint nor
 * its own tools. Written from the public format specification; only what the cases need (version 3, 16-bit
 * refcounts, one L2 table when writing; no encryption and no compressed clusters when reading).
 */

const MAGIC = 0x514649fb;
const HEADER_LENGTH = 104;
const BACKING_FORMAT_EXTENSION = 0xe2792aca;
const INCOMPATIBLE_FEATURES = 72;
const CORRUPT = 2n;
const COPIED = 1n << 63n;
const COMPRESSED = 1n << 62n;
const READS_AS_ZERO = 1n;
const OFFSET_MASK = 0x00ff_ffff_ffff_fe00n;

/** Where the parts of a new image are, in clusters. */
const REFCOUNT_TABLE = 1;
const REFCOUNT_BLOCK = 2;
const L1_TABLE = 3;
const L2_TABLE = 4;
const DATA = 5;

export interface NewQcow2 {
  /** Virtual size, bytes. */
  readonly size: number;
  /** Bytes, a power of two. The virtual size must fit one L2 table: at most its square divided by 8. */
  readonly clusterSize: number;
  /** What the header names as backing file. */
  readonly backing?: { readonly name: string; readonly format: string };
  /** Allocated clusters: index of the guest cluster, and the byte that fills it. */
  readonly clusters?: ReadonlyMap<number, number>;
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

/** Where `buildQcow2` puts the first allocated cluster, bytes. */
export function dataOf(clusterSize: number): number {
  return DATA * clusterSize;
}

export interface Qcow2Image {
  readonly size: number;
  readonly clusterSize: number;
  /** Name of the backing file, null without one. */
  readonly backing: string | null;
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
  const { size, clusterSize, backing, clusters = new Map(), entries = new Map() } = options;
  const at = (cluster: number): number => cluster * clusterSize;
  const total = DATA + clusters.size;
  const image = Buffer.alloc(at(total));
  writeHeader(image, size, clusterSize, backing);
  image.writeBigUInt64BE(BigInt(at(REFCOUNT_BLOCK)), at(REFCOUNT_TABLE));
  for (let cluster = 0; cluster < total; cluster += 1)
    image.writeUInt16BE(1, at(REFCOUNT_BLOCK) + cluster * 2);
  image.writeBigUInt64BE(BigInt(at(L2_TABLE)) | COPIED, at(L1_TABLE));
  let host = DATA;
  for (const [index, byte] of clusters) {
    image.writeBigUInt64BE(BigInt(at(host)) | COPIED, at(L2_TABLE) + index * 8);
    image.fill(byte, at(host), at(host + 1));
    host += 1;
  }
  for (const [index, entry] of entries) image.writeBigUInt64BE(entry, at(L2_TABLE) + index * 8);
  return image;
}

function writeHeader(image: Buffer, size: number, clusterSize: number, backing: NewQcow2['backing']): void {
  const format = Buffer.from(backing?.format ?? '');
  const name = Buffer.from(backing?.name ?? '');
  const extensionEnd = HEADER_LENGTH + 8 + Math.ceil(format.length / 8) * 8;
  const nameOffset = extensionEnd + 8;
  image.writeUInt32BE(MAGIC, 0);
  image.writeUInt32BE(3, 4);
  image.writeBigUInt64BE(BigInt(backing ? nameOffset : 0), 8);
  image.writeUInt32BE(name.length, 16);
  image.writeUInt32BE(Math.log2(clusterSize), 20);
  image.writeBigUInt64BE(BigInt(size), 24);
  image.writeUInt32BE(1, 36); // entries of the L1 table
  image.writeBigUInt64BE(BigInt(L1_TABLE * clusterSize), 40);
  image.writeBigUInt64BE(BigInt(REFCOUNT_TABLE * clusterSize), 48);
  image.writeUInt32BE(1, 56); // clusters of the refcount table
  image.writeUInt32BE(4, 96); // refcounts of 2 ** 4 bits
  image.writeUInt32BE(HEADER_LENGTH, 100);
  if (!backing) return;
  image.writeUInt32BE(BACKING_FORMAT_EXTENSION, HEADER_LENGTH);
  image.writeUInt32BE(format.length, HEADER_LENGTH + 4);
  format.copy(image, HEADER_LENGTH + 8);
  name.copy(image, nameOffset);
}

/** Throws if it is no qcow2 image, or has what cases do not make. */
export function parseQcow2(bytes: Buffer): Qcow2Image {
  if (!isQcow2(bytes)) throw new Error('not a qcow2 image');
  const clusterSize = 2 ** bytes.readUInt32BE(20);
  const nameOffset = Number(bytes.readBigUInt64BE(8));
  const l1Offset = Number(bytes.readBigUInt64BE(40));
  const perTable = clusterSize / 8;
  const entry = (table: number, index: number): bigint => bytes.readBigUInt64BE(table + index * 8);
  return {
    size: Number(bytes.readBigUInt64BE(24)),
    clusterSize,
    corrupt: (bytes.readBigUInt64BE(INCOMPATIBLE_FEATURES) & CORRUPT) !== 0n,
    backing:
      nameOffset === 0 ? null : bytes.toString('utf8', nameOffset, nameOffset + bytes.readUInt32BE(16)),
    cluster(index) {
      const table = Number(entry(l1Offset, Math.floor(index / perTable)) & OFFSET_MASK);
      if (table === 0) return null;
      const found = entry(table, index % perTable);
      if ((found & COMPRESSED) !== 0n) throw new Error(`guest cluster ${index} is compressed`);
      if ((found & READS_AS_ZERO) !== 0n) return 'zero';
      const offset = Number(found & OFFSET_MASK);
      if (offset === 0) return null;
      const data = Buffer.alloc(clusterSize);
      bytes.copy(data, 0, offset, offset + clusterSize);
      return data;
    },
  };
}
