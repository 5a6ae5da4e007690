/** Images of the formats that are only read, made from public descriptions of them. */
import { deflateSync } from 'node:zlib';

const SECTOR = 512;

export interface BochsShape {
  readonly version?: number;
  readonly extentBytes?: number;
  readonly bitmapBytes?: number;
}

/** A growing disk of Bochs: sectors of zeroes are left out, and extents that have no other. */
export function buildBochs(
  disk: Buffer,
  { version = 0x20000, extentBytes = 16384, bitmapBytes = 512 }: BochsShape = {},
): Buffer {
  const header = Buffer.alloc(512);
  header.write('Bochs Virtual HD Image', 0);
  header.write('Redolog', 32);
  header.write('Growing', 48);
  const extents = Math.ceil(disk.length / extentBytes);
  for (const [at, value] of [
    [64, version],
    [68, header.length],
    [72, extents],
    [76, bitmapBytes],
    [80, extentBytes],
  ] as const)
    header.writeUInt32LE(value, at);
  header.writeBigUInt64LE(BigInt(disk.length), version === 0x10000 ? 84 : 88);
  const catalog = Buffer.alloc(extents * 4, 0xff);
  const stored: Buffer[] = [];
  // The last ones come first, so that no extent is where it would be by chance.
  for (let extent = extents - 1; extent >= 0; extent--) {
    const data = Buffer.alloc(extentBytes);
    disk.copy(data, 0, extent * extentBytes, (extent + 1) * extentBytes);
    const bitmap = Buffer.alloc(bitmapBytes);
    for (let sector = 0; sector * SECTOR < extentBytes; sector++) {
      const part = data.subarray(sector * SECTOR, (sector + 1) * SECTOR);
      if (part.some((byte) => byte !== 0)) bitmap[sector >> 3]! |= 1 << (sector & 7);
      // What is not there is whatever the file holds.
      else part.fill(0xee);
    }
    if (bitmap.every((byte) => byte === 0)) continue;
    catalog.writeUInt32LE(stored.length / 2, extent * 4);
    stored.push(bitmap, data);
  }
  return Buffer.concat([header, catalog, ...stored]);
}

/** A compressed loop image: a script, sizes, where the blocks are, and the blocks. */
export function buildCloop(disk: Buffer, blockBytes = 4096): Buffer {
  const script = Buffer.alloc(128);
  script.write('#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n');
  const blocks = Array.from({ length: Math.ceil(disk.length / blockBytes) }, (_, index) => {
    const block = Buffer.alloc(blockBytes);
    disk.copy(block, 0, index * blockBytes);
    return deflateSync(block);
  });
  const table = Buffer.alloc(8 + (blocks.length + 1) * 8);
  table.writeUInt32BE(blockBytes, 0);
  table.writeUInt32BE(blocks.length, 4);
  let offset = script.length + table.length;
  for (const [index, block] of [...blocks, Buffer.alloc(0)].entries()) {
    table.writeBigUInt64BE(BigInt(offset), 8 + index * 8);
    offset += block.length;
  }
  return Buffer.concat([script, table, ...blocks]);
}

/** How the runs of a disk image of macOS may be packed. */
export const packings = {
  zeroes: { kind: 0, pack: () => Buffer.alloc(0) },
  plain: { kind: 1, pack: (bytes: Buffer) => bytes },
  adc: { kind: 0x80000004, pack: packAdc },
  zlib: { kind: 0x80000005, pack: (bytes: Buffer) => deflateSync(bytes) },
} as const;

export interface PackedRun {
  readonly kind: number;
  readonly sectors: number;
  readonly bytes: Buffer;
}

/** A disk image of macOS; `tables`: the runs of each partition. */
export function buildDmg(tables: readonly (readonly PackedRun[])[], place: 'list' | 'fork' = 'list'): Buffer {
  const data: Buffer[] = [];
  let offset = 0;
  let first = 0;
  const resources = tables.map((packed) => {
    const start = { sector: first, offset };
    const runs = packed.map(({ kind, sectors, bytes }) => {
      const entry = run(kind, first - start.sector, sectors, offset - start.offset, bytes.length);
      data.push(bytes);
      offset += bytes.length;
      first += sectors;
      return entry;
    });
    runs.splice(1, 0, run(0x7ffffffe, packed[0]?.sectors ?? 0, 0, 0, 0));
    runs.push(run(0xffffffff, first - start.sector, 0, offset - start.offset, 0));
    const table = Buffer.alloc(204);
    table.write('mish', 0);
    table.writeUInt32BE(1, 4);
    for (const [at, value] of [
      [8, start.sector],
      [16, first - start.sector],
      [24, start.offset],
    ] as const)
      table.writeBigUInt64BE(BigInt(value), at);
    table.writeUInt32BE(4096, 32);
    table.writeUInt32BE(runs.length, 200);
    return Buffer.concat([table, ...runs]);
  });
  const list = place === 'list' ? propertyList(resources) : Buffer.alloc(0);
  const fork = place === 'fork' ? resourceFork(resources) : Buffer.alloc(0);
  const trailer = Buffer.alloc(512);
  trailer.write('koly', 0);
  trailer.writeUInt32BE(4, 4);
  trailer.writeUInt32BE(trailer.length, 8);
  trailer.writeUInt32BE(1, 12);
  for (const [at, value] of [
    [32, offset],
    [40, fork.length && offset],
    [48, fork.length],
    [216, list.length && offset],
    [224, list.length],
    [492, first],
  ] as const)
    trailer.writeBigUInt64BE(BigInt(value), at);
  return Buffer.concat([...data, fork, list, trailer]);
}

function propertyList(resources: readonly Buffer[]): Buffer {
  const entries = resources.map(
    (bytes, index) => `\t<dict>
\t\t<key>Attributes</key>\n\t\t<string>0x0050</string>
\t\t<key>CFName</key>\n\t\t<string>part ${index}</string>
\t\t<key>Data</key>\n\t\t<data>\n\t\t${bytes.toString('base64').replace(/.{60}/g, '$&\n\t\t')}\n\t\t</data>
\t\t<key>ID</key>\n\t\t<string>${index}</string>
\t\t<key>Name</key>\n\t\t<string>part ${index}</string>
\t</dict>\n`,
  );
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">\n<dict>\n<key>resource-fork</key>\n<dict>
<key>blkx</key>\n<array>\n${entries.join('')}</array>
<key>plst</key>\n<array>\n</array>\n</dict>\n</dict>\n</plist>\n`);
}

function resourceFork(resources: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(256);
  const data = resources.flatMap((bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  const length = data.reduce((sum, bytes) => sum + bytes.length, 0);
  for (const [index, value] of [header.length, header.length + length, length, 0].entries())
    header.writeUInt32BE(value, index * 4);
  return Buffer.concat([header, ...data]);
}

function run(kind: number, first: number, count: number, offset: number, length: number): Buffer {
  const entry = Buffer.alloc(40);
  entry.writeUInt32BE(kind, 0);
  for (const [index, value] of [first, count, offset, length].entries())
    entry.writeBigUInt64BE(BigInt(value), 8 + index * 8);
  return entry;
}

/** Apple Data Compression, with copies of every length and form wherever three bytes were there before. */
export function packAdc(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  const seen = new Map<number, number>();
  let plain = 0;
  const flush = (end: number) => {
    for (; plain < end; plain += Math.min(128, end - plain)) {
      const part = bytes.subarray(plain, Math.min(end, plain + 128));
      pieces.push(Buffer.from([0x80 | (part.length - 1)]), part);
    }
  };
  for (let at = 0; at < bytes.length; ) {
    const key = at + 3 <= bytes.length ? bytes.readUIntBE(at, 3) : -1;
    const from = seen.get(key);
    if (key >= 0) seen.set(key, at);
    let count = 0;
    if (from !== undefined && at - from <= 65_536)
      while (count < 67 && at + count < bytes.length && bytes[from + count] === bytes[at + count]) count += 1;
    const distance = at - (from ?? 0) - 1;
    if (count >= 3 && count <= 18 && distance < 1024) {
      flush(at);
      pieces.push(Buffer.from([((count - 3) << 2) | (distance >> 8), distance & 0xff]));
    } else if (count >= 4) {
      flush(at);
      pieces.push(Buffer.from([0x40 | (count - 4), distance >> 8, distance & 0xff]));
    } else {
      at += 1;
      continue;
    }
    at += count;
    plain = at;
  }
  flush(bytes.length);
  return Buffer.concat(pieces);
}
