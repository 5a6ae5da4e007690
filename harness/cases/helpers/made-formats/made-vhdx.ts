/**
 * Images of Hyper-V (VHDX), built and taken apart. Written from the published specification [MS-VHDX]: two headers, of which the one
 * with the higher number counts; two tables of regions; a log; a table of blocks; metadata. Each region has mebibytes
 * of its own.
 */
import { crc32c } from '../castagnoli.ts';
import { le16, le32, le64, type Patch, patched } from './bytes.ts';

const MIB = 1 << 20;
/** Where both headers lie. */
export const VHDX_HEADERS = [0x10000, 0x20000] as const;
/** Where both tables of regions lie. */
export const VHDX_REGION_TABLES = [0x30000, 0x40000] as const;
/** Where the log, the table of blocks and the metadata of a made image lie; its blocks come behind them. */
export const [VHDX_LOG, VHDX_TABLE, VHDX_METADATA, VHDX_BLOCKS] = [MIB, 2 * MIB, 3 * MIB, 4 * MIB] as const;
/** Where in the metadata the items of a made image lie. */
export const VHDX_ITEMS = 0x10000;
/** States of blocks. */
export const VHDX_STATE = { zero: 2, unmapped: 3, present: 6, partial: 7 } as const;

const TABLE_ID = Buffer.from('6677c22d23f600429d64115e9bfd4a08', 'hex');
const METADATA_ID = Buffer.from('06a27c8b90479a4bb8fe575f050f886e', 'hex');
/** An item: what it is called, its id, its flags, what it holds. */
const itemsOf = (size: number | bigint, blockSize: number) =>
  [
    ['3767a1ca36fa434db3b633f0aa44e76b', 4, Buffer.concat([le32(blockSize), le32(0)])],
    ['2442a52f1bcd7648b2115dbed83bf4b8', 6, le64(size)],
    ['ab12cabee6b2234593efc309e000c746', 6, Buffer.alloc(16, 0x1d)],
    ['1dbf41816fa90947ba47f233a8faab5f', 6, le32(512)],
    ['c748a3cd5d4471449cc9e9885251c556', 6, le32(512)],
  ] as const;

export interface VhdxShape {
  readonly size: number | bigint;
  readonly blockSize: number;
  /** For each block its state, and its place in the file in mebibytes. */
  readonly entries: readonly (readonly [state: number, mebibyte: number])[];
  /** Bytes of the file. */
  readonly length: number;
}

/** An entry of the table of blocks. */
export function vhdxEntry(state: number, mebibyte: number): Buffer {
  return le64(BigInt(state) | (BigInt(mebibyte) << 20n));
}

/** An image as the shape says; the block at mebibyte `n` of the file is full of `n`. */
export function buildVhdx({ size, blockSize, entries, length }: VhdxShape): Buffer {
  const patches: Patch[] = [
    [0, 'vhdxfile'],
    ...VHDX_HEADERS.flatMap((at, index): Patch[] => [
      [at, 'head'],
      [at + 8, le64(index + 1)],
      [at + 0x10, Buffer.alloc(16, 0x1a)],
      [at + 0x20, Buffer.alloc(16, 0x1b)],
      [at + 0x42, le16(1)],
      [at + 0x44, le32(MIB)],
      [at + 0x48, le64(VHDX_LOG)],
    ]),
    ...VHDX_REGION_TABLES.flatMap((at): Patch[] => [
      [at, 'regi'],
      [at + 8, le32(2)],
      [at + 16, Buffer.concat([TABLE_ID, le64(VHDX_TABLE), le32(MIB), le32(1)])],
      [at + 48, Buffer.concat([METADATA_ID, le64(VHDX_METADATA), le32(MIB), le32(1)])],
    ]),
    [VHDX_TABLE, Buffer.concat(entries.map(([state, mebibyte]) => vhdxEntry(state, mebibyte)))],
    [VHDX_METADATA, 'metadata'],
  ];
  const items = itemsOf(size, blockSize);
  patches.push([VHDX_METADATA + 10, le16(items.length)]);
  let end = VHDX_ITEMS;
  for (const [index, [id, flags, bytes]] of items.entries()) {
    const entry = [Buffer.from(id, 'hex'), le32(end), le32(bytes.length), le32(flags)];
    patches.push([VHDX_METADATA + 32 + index * 32, Buffer.concat(entry)], [VHDX_METADATA + end, bytes]);
    end += bytes.length;
  }
  for (const [state, mebibyte] of entries)
    if (state === VHDX_STATE.present) patches.push([mebibyte * MIB, Buffer.alloc(blockSize, mebibyte)]);
  return mendVhdx(patched(Buffer.alloc(length), patches));
}

/** Makes the checksums of headers and tables of regions right. */
export function mendVhdx(image: Buffer): Buffer {
  for (const [at, length] of guarded(image)) image.writeUInt32LE(checksum(image, at, length), at + 4);
  return image;
}

const guarded = (image: Buffer) =>
  [
    ...VHDX_HEADERS.map((at) => [at, 4096] as const),
    ...VHDX_REGION_TABLES.map((at) => [at, 65536] as const),
  ].filter(([at, length]) => at + length <= image.length);

function checksum(image: Buffer, at: number, length: number): number {
  return crc32c(patched(image.subarray(at, at + length), [[4, le32(0)]]));
}

export interface ParsedVhdx {
  /** Which structures do not hold their own checksum, by their offset. */
  readonly broken: readonly number[];
  /** Of the header that counts. */
  readonly sequence: bigint;
  readonly fileWriteId: Buffer;
  readonly dataWriteId: Buffer;
  readonly logId: Buffer;
  readonly log: readonly [offset: number, length: number];
  readonly size: number;
  readonly blockSize: number;
  readonly sectors: readonly [logical: number, physical: number];
  readonly flags: number;
  /** Of each item of the metadata, its bytes and its flags. */
  readonly items: readonly (readonly [length: number, flags: number])[];
  /** Bytes of the region of the table of blocks. */
  readonly tableLength: number;
  /** For each entry of the table of blocks its state, and its place in bytes. */
  readonly entries: readonly (readonly [state: number, place: number])[];
}

/** What stands in an image. */
export function parseVhdx(bytes: Buffer): ParsedVhdx {
  const [first, second] = VHDX_HEADERS;
  const isFirst = bytes.readBigUInt64LE(first + 8) > bytes.readBigUInt64LE(second + 8);
  const header = bytes.subarray(isFirst ? first : second);
  const region = (id: Buffer) => bytes.subarray(bytes.indexOf(id, VHDX_REGION_TABLES[0]) + 16);
  const metadata = bytes.subarray(Number(region(METADATA_ID).readBigUInt64LE()));
  const told = itemsOf(0, 0).map(([id]) => metadata.subarray(metadata.indexOf(Buffer.from(id, 'hex'))));
  const items = told.map((item) => metadata.subarray(item.readUInt32LE(16)));
  const [parameters, size, , logical, physical] = items as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const blockSize = parameters.readUInt32LE();
  const blocks = Math.ceil(Number(size.readBigUInt64LE()) / blockSize);
  const count = blocks + Math.floor(Math.max(0, blocks - 1) / (2 ** 32 / blockSize));
  const table = Number(region(TABLE_ID).readBigUInt64LE());
  return {
    broken: guarded(bytes).flatMap(([at, length]) =>
      bytes.readUInt32LE(at + 4) === checksum(bytes, at, length) ? [] : [at],
    ),
    sequence: header.readBigUInt64LE(8),
    fileWriteId: header.subarray(0x10, 0x20),
    dataWriteId: header.subarray(0x20, 0x30),
    logId: header.subarray(0x30, 0x40),
    log: [Number(header.readBigUInt64LE(0x48)), header.readUInt32LE(0x44)],
    size: Number(size.readBigUInt64LE()),
    blockSize,
    sectors: [logical.readUInt32LE(), physical.readUInt32LE()],
    flags: parameters.readUInt32LE(4),
    items: told.map((item) => [item.readUInt32LE(20), item.readUInt32LE(24)] as const),
    tableLength: region(TABLE_ID).readUInt32LE(8),
    entries: Array.from({ length: count }, (_, index) => {
      const entry = bytes.readBigUInt64LE(table + index * 8);
      return [Number(entry & 7n), Number(entry >> 20n) * MIB] as const;
    }),
  };
}
