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

const DMG = { zeroes: 0, plain: 1, deflated: 0x80000005, end: 0xffffffff } as const;

/** A disk image of macOS: its runs, a property list that tells where they are, and a trailer that tells where that is. */
export function buildDmg(): Buffer {
  const stored = PARTS.map((byte, index) => {
    if (byte === null) return { type: DMG.zeroes, bytes: Buffer.alloc(0) };
    const bytes = Buffer.alloc(PART, byte);
    return index === 0 ? { type: DMG.plain, bytes } : { type: DMG.deflated, bytes: deflateSync(bytes) };
  });
  const sectors = PART / 512;
  const runs: Buffer[] = [];
  let offset = 0;
  for (const [index, { type, bytes }] of stored.entries()) {
    runs.push(run(type, index * sectors, sectors, offset, bytes.length));
    offset += bytes.length;
  }
  runs.push(run(DMG.end, PARTS.length * sectors, 0, offset, 0));
  const table = Buffer.alloc(204);
  table.write('mish', 0);
  table.writeUInt32BE(1, 4);
  table.writeBigUInt64BE(BigInt(DISK.length / 512), 16);
  table.writeUInt32BE(PART / 512 + 8, 32);
  table.writeUInt32BE(runs.length, 200);
  const list = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n<key>resource-fork</key>\n<dict>\n\
<key>blkx</key>\n<array>\n<dict>\n<key>Data</key>\n<data>\n${Buffer.concat([table, ...runs]).toString('base64')}\n\
</data>\n<key>ID</key><string>0</string>\n</dict>\n</array>\n</dict>\n</dict>\n</plist>\n`,
  );
  const trailer = Buffer.alloc(512);
  trailer.write('koly', 0);
  trailer.writeUInt32BE(4, 4);
  trailer.writeUInt32BE(trailer.length, 8);
  trailer.writeUInt32BE(1, 12);
  for (const [at, value] of [
    [32, offset],
    [216, offset],
    [224, list.length],
    [492, DISK.length / 512],
  ] as const)
    trailer.writeBigUInt64BE(BigInt(value), at);
  return Buffer.concat([...stored.map(({ bytes }) => bytes), list, trailer]);
}

/** An entry of the table: which sectors of the disk are where in the file. */
function run(type: number, first: number, count: number, offset: number, length: number): Buffer {
  const entry = Buffer.alloc(40);
  entry.writeUInt32BE(type, 0);
  for (const [index, value] of [first, count, offset, length].entries())
    entry.writeBigUInt64BE(BigInt(value), 8 + index * 8);
  return entry;
}
