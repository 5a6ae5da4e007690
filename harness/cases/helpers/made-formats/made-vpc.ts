/**
 * Images of Virtual PC (VHD), built and taken apart. Written from the published description: numbers are big-endian; a footer,
 * of which dynamic images have a copy at their start; there a header and a table of sectors follow, each of which leads to
 * a bitmap and the block behind it.
 */
import { be32, be64, type Patch, patched } from './bytes.ts';

const SECTOR = 512;
const FOOTER = 512;
/** Where the table of a made dynamic image lies. */
export const VPC_TABLE = FOOTER + 1024;
const UNALLOCATED = 0xffffffff;

export interface VpcShape {
  /** Bytes that the footer tells. */
  readonly size: number;
  /** Who made the image: four characters. */
  readonly creator: string;
  readonly geometry: readonly [cylinders: number, heads: number, sectors: number];
  readonly blockSize: number;
  /** Entries of the table. */
  readonly entries: number;
  /** By the block's number, what it holds. */
  readonly blocks: ReadonlyMap<number, Buffer>;
}

/** Blocks of 4 KiB, whose bitmaps are of one sector. */
export function vpcShape(shape: Partial<VpcShape> = {}): VpcShape {
  const size = shape.size ?? 64 * 1024;
  const blockSize = shape.blockSize ?? 4096;
  return {
    size,
    creator: 'win ',
    geometry: [3, 4, 17],
    blockSize,
    entries: Math.ceil(size / blockSize),
    blocks: new Map(),
    ...shape,
  };
}

/** The ones' complement of the sum of all bytes but those of the checksum at `at`. */
export function vpcChecksum(bytes: Buffer, at: number): number {
  const sum = bytes.reduce((total, byte, index) => (index < at || index >= at + 4 ? total + byte : total), 0);
  return ~sum >>> 0;
}

/** Puts the checksum into a footer, or into the header of a dynamic image. */
function sealed(bytes: Buffer, at: number): Buffer {
  return patched(bytes, [[at, be32(vpcChecksum(bytes, at))]]);
}

/** A footer; `type` is 2 for a fixed image, 3 for a dynamic one. `patches` come before the checksum. */
export function vpcFooter(shape: VpcShape, type: 2 | 3, patches: readonly Patch[] = []): Buffer {
  const [cylinders, heads, sectors] = shape.geometry;
  const bytes = patched(Buffer.alloc(FOOTER), [
    [0, 'conectix'],
    [8, be32(2)],
    [12, be32(0x10000)],
    [16, type === 2 ? be64(0xffffffffffffffffn) : be64(FOOTER)],
    [28, shape.creator],
    [40, be64(shape.size)],
    [48, be64(shape.size)],
    [56, Buffer.from([cylinders >> 8, cylinders & 255, heads, sectors])],
    [60, be32(type)],
    [68, Buffer.alloc(16, 0x1d)],
    ...patches,
  ]);
  return sealed(bytes, 64);
}

/** A fixed image over these bytes. */
export function buildFixedVpc(shape: VpcShape, data: Buffer, patches: readonly Patch[] = []): Buffer {
  return Buffer.concat([data, vpcFooter(shape, 2, patches)]);
}

/** A dynamic image as the shape says, its blocks in the order of the map. */
export function buildVpc(
  shape: VpcShape,
  { footer = [], header = [] }: { footer?: readonly Patch[]; header?: readonly Patch[] } = {},
): Buffer {
  const { blockSize, entries, blocks } = shape;
  const table = Buffer.alloc(Math.ceil((entries * 4) / SECTOR) * SECTOR, 0xff);
  const bitmap = Buffer.alloc(Math.ceil(blockSize / SECTOR / 8 / SECTOR) * SECTOR, 0xff);
  const parts: Buffer[] = [];
  let end = VPC_TABLE + table.length;
  for (const [index, block] of blocks) {
    table.writeUInt32BE(end / SECTOR, index * 4);
    parts.push(bitmap, Buffer.concat([block], blockSize));
    end += bitmap.length + blockSize;
  }
  const dynamic = patched(Buffer.alloc(1024), [
    [0, 'cxsparse'],
    [8, be64(0xffffffffffffffffn)],
    [16, be64(VPC_TABLE)],
    [24, be32(0x10000)],
    [28, be32(entries)],
    [32, be32(blockSize)],
    ...header,
  ]);
  const tail = vpcFooter(shape, 3, footer);
  return Buffer.concat([tail, sealed(dynamic, 36), table, ...parts, tail]);
}

export interface ParsedVpc {
  readonly footer: Buffer;
  readonly isFooterSound: boolean;
  readonly isHeaderSound: boolean;
  readonly size: number;
  readonly geometry: readonly number[];
  readonly blockSize: number;
  /** The sector of each block's bitmap; -1: it has no place. As far as the bytes go. */
  readonly entries: readonly number[];
  /** The copy of the footer at the end of the file is the one at its start. */
  readonly isTailed: boolean;
}

/** What stands in a dynamic image. */
export function parseVpc(bytes: Buffer): ParsedVpc {
  const footer = bytes.subarray(0, FOOTER);
  const header = bytes.subarray(FOOTER, FOOTER + 1024);
  const table = Number(header.readBigUInt64BE(16));
  const entries = Math.min(header.readUInt32BE(28), (bytes.length - table) / 4);
  return {
    footer,
    isFooterSound: footer.readUInt32BE(64) === vpcChecksum(footer, 64),
    isHeaderSound: header.readUInt32BE(36) === vpcChecksum(header, 36),
    size: Number(footer.readBigUInt64BE(48)),
    geometry: [footer.readUInt16BE(56), footer[58]!, footer[59]!],
    blockSize: header.readUInt32BE(32),
    entries: Array.from({ length: entries }, (_, index) => {
      const sector = bytes.readUInt32BE(table + index * 4);
      return sector === UNALLOCATED ? -1 : sector;
    }),
    isTailed: footer.equals(bytes.subarray(bytes.length - FOOTER)),
  };
}
