/**
 * Images of formats that are only read, made from public descriptions of them: growing disks of Bochs, compressed loop
 * images of Knoppix, disk images of macOS. Each shows the same disk.
 */
import { deflateSync } from 'node:zlib';
import { KiB } from './shared-setup.ts';

/** Bytes of each part of the disk. */
export const PART = 64 * KiB;
/** What fills each part: two that are stored, with nothing between them. */
const PARTS: readonly (number | null)[] = [0x11, null, 0x22, null];
/** What a guest reads. */
export const DISK: Buffer = Buffer.concat(PARTS.map((byte) => Buffer.alloc(PART, byte ?? 0)));

/** A disk of Bochs: a catalog of extents, each with a map of its sectors that are there. */
export function buildBochs(): Buffer {
  const header = Buffer.alloc(512);
  header.write('Bochs Virtual HD Image', 0);
  header.write('Redolog', 32);
  header.write('Growing', 48);
  for (const [at, value] of [
    [64, 0x20000],
    [68, header.length],
    [72, PARTS.length],
    [76, 512],
    [80, PART],
  ] as const)
    header.writeUInt32LE(value, at);
  header.writeBigUInt64LE(BigInt(DISK.length), 88);
  const catalog = Buffer.alloc(PARTS.length * 4, 0xff);
  const stored = PARTS.flatMap((byte, index) => (byte === null ? [] : [{ byte, index }]));
  for (const [place, { index }] of stored.entries()) catalog.writeUInt32LE(place, index * 4);
  const map = Buffer.alloc(512);
  map.fill(0xff, 0, PART / 512 / 8);
  return Buffer.concat([header, catalog, ...stored.flatMap(({ byte }) => [map, Buffer.alloc(PART, byte)])]);
}

/** A compressed loop image: a script, sizes, offsets of the blocks, and the blocks. */
export function buildCloop(): Buffer {
  const script = Buffer.alloc(128);
  script.write('#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n');
  const blocks = PARTS.map((byte) => deflateSync(Buffer.alloc(PART, byte ?? 0)));
  const table = Buffer.alloc(8 + (blocks.length + 1) * 8);
  table.writeUInt32BE(PART, 0);
  table.writeUInt32BE(blocks.length, 4);
  let offset = script.length + table.length;
  for (const [index, block] of [...blocks, Buffer.alloc(0)].entries()) {
    table.writeBigUInt64BE(BigInt(offset), 8 + index * 8);
    offset += block.length;
  }
  return Buffer.concat([script, table, ...blocks]);
}

/** How runs are packed; a comment and the end are none. */
export const DMG = {
  zeroes: 0,
  plain: 1,
  unused: 2,
  adc: 0x80000004,
  deflated: 0x80000005,
  bzip2: 0x80000006,
  comment: 0x7ffffffe,
  end: 0xffffffff,
} as const;

/** A run of a partition of such an image: how it is packed, and what is in the file. */
export interface DmgRun {
  readonly type: number;
  readonly sectors: number;
  readonly bytes: Buffer;
  /** Default: that of `bytes`. */
  readonly length?: number;
}

/** What else there is in such an image. */
export interface DmgOptions {
  /** Where its list is: a property list (default) or a resource fork. */
  readonly fork?: boolean;
  /** Bytes behind the trailer. */
  readonly behind?: number;
  /** Bytes in front of the data. */
  readonly front?: number;
}

/** A disk image of macOS: its runs, a list that tells where they are, and a trailer that tells where that is. */
export function buildDmgOf(partitions: readonly (readonly DmgRun[])[], options: DmgOptions = {}): Buffer {
  const { fork = false, behind = 0, front = 0 } = options;
  let [offset, sector] = [0, 0];
  const tables = partitions.map((runs) => {
    const [dataStart, first] = [offset, sector];
    const entries: Buffer[] = [];
    for (const { type, sectors, bytes, length = bytes.length } of runs) {
      entries.push(run(type, sector - first, sectors, offset - dataStart, length));
      offset += bytes.length;
      sector += sectors;
    }
    entries.push(run(DMG.end, sector - first, 0, offset - dataStart, 0));
    const table = Buffer.alloc(204);
    table.write('mish', 0);
    table.writeUInt32BE(1, 4);
    table.writeBigUInt64BE(BigInt(first), 8);
    table.writeBigUInt64BE(BigInt(sector - first), 16);
    table.writeBigUInt64BE(BigInt(dataStart), 24);
    table.writeUInt32BE(PART / 512 + 8, 32);
    table.writeUInt32BE(entries.length, 200);
    return Buffer.concat([table, ...entries]);
  });
  const data = partitions.flat().map(({ bytes }) => bytes);
  const list = fork ? forkOf(tables) : listOf(tables);
  const trailer = Buffer.alloc(512);
  trailer.write('koly', 0);
  trailer.writeUInt32BE(4, 4);
  trailer.writeUInt32BE(trailer.length, 8);
  trailer.writeUInt32BE(1, 12);
  const at = fork ? 40 : 216;
  for (const [place, value] of [
    [24, front],
    [32, offset],
    [at, front + offset],
    [at + 8, list.length],
    [492, sector],
  ] as const)
    trailer.writeBigUInt64BE(BigInt(value), place);
  return Buffer.concat([Buffer.alloc(front, 0xee), ...data, list, trailer, Buffer.alloc(behind)]);
}

function listOf(tables: readonly Buffer[]): Buffer {
  const entries = tables.map(
    (table, id) =>
      `<dict>\n<key>Data</key>\n<data>\n${table.toString('base64')}\n</data>\n<key>ID</key><string>${id}</string>\n</dict>\n`,
  );
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n<key>resource-fork</key>\n<dict>\n\
<key>blkx</key>\n<array>\n${entries.join('')}</array>\n</dict>\n</dict>\n</plist>\n`,
  );
}

function forkOf(tables: readonly Buffer[]): Buffer {
  const resources = tables.map((table) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(table.length);
    return Buffer.concat([length, table]);
  });
  const header = Buffer.alloc(256);
  const length = resources.reduce((sum, { length: one }) => sum + one, 0);
  header.writeUInt32BE(header.length, 0);
  header.writeUInt32BE(header.length + length, 4);
  header.writeUInt32BE(length, 8);
  return Buffer.concat([header, ...resources]);
}

/** The disk that all formats show. */
export function buildDmg(): Buffer {
  const sectors = PART / 512;
  return buildDmgOf([
    PARTS.map((byte, index) => {
      if (byte === null) return { type: DMG.zeroes, sectors, bytes: Buffer.alloc(0) };
      const bytes = Buffer.alloc(PART, byte);
      return index === 0
        ? { type: DMG.plain, sectors, bytes }
        : { type: DMG.deflated, sectors, bytes: deflateSync(bytes) };
    }),
  ]);
}

/** An entry of the table: which sectors of the disk are where in the file. */
function run(type: number, first: number, count: number, offset: number, length: number): Buffer {
  const entry = Buffer.alloc(40);
  entry.writeUInt32BE(type, 0);
  for (const [index, value] of [first, count, offset, length].entries())
    entry.writeBigUInt64BE(BigInt(value), 8 + index * 8);
  return entry;
}
