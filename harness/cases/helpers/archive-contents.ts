/** What is in images of formats that are only read, packed in all the ways that they have. */
import { deflateSync } from 'node:zlib';
import { buildCloop, DMG, type DmgRun } from './archive-images.ts';

const SECTOR = 512;

/** Three sectors. */
export const TEXT = Buffer.concat([
  Buffer.from('of all that a list of words has, none is longer than another; '.repeat(12)).subarray(0, 700),
  Buffer.alloc(68),
  Buffer.from('x'.repeat(300) + 'yyyyzzzzz'.repeat(40)),
  Buffer.alloc(108),
]);
/** The same, packed by bzip2. */
export const BZIPPED = Buffer.from(
  'QlpoMTFBWSZTWVD3xT0AASZdgOAAQCQACEAAJ+Wc8AAIMADYBQADQMmQUAA0DJkCaqKTNTTT0RpmKf2czapb1L4prTyXsvBd6ZL7LUtC9l6p1LfQvgtfFT0WCwLkWpei5FsLkXYuhYFpku1TFO9MFgukWSyWC0wWhcy3LJfkWhbFuXUsU75pguouZYLw44y2qG4rjioealz/xdyRThQkFD3xT0A=',
  'base64',
);

/** Twelve sectors: all bytes, then words, letters and runs in a wild mixture, which takes several tables of codes. */
export function mixture(): Buffer {
  let state = 7;
  const below = (limit: number): number => {
    state = (state * 75 + 74) % 65_537;
    return state % limit;
  };
  const bytes = Array.from({ length: 256 }, (_, i) => i);
  while (bytes.length < 12 * SECTOR) {
    const kind = below(64);
    if (kind === 0) bytes.push(...Array<number>(4 + below(300)).fill(below(256)));
    else if (kind < 8) bytes.push(...Array<number>(1 + below(3)).fill(65 + below(20)));
    else bytes.push(...Buffer.from(['ab', 'the ', 'x', 'yz'][below(4)]!));
  }
  return Buffer.from(bytes.slice(0, 12 * SECTOR));
}
/** That, packed by bzip2. */
export const PACKED_MIXTURE = Buffer.from(
  [
    'QlpoMTFBWSZTWQhclv0AAAB/////////////////////////////////////////////0AUngAAAAAvBSUDKeQTT1MCZpPSZHqGT',
    'GgaA0TNEzRNNMmgZGTCMBDAAAAmRiYEaMJkaaaYIaBkMTTCYmAAJgJhMAAASYACYAAmAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAACTAATAAEwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ9T1AAEwAAAAAAAABMAAAAAAAAJk0yYAAAAAAAAAAAEyYAAARp',
    'gTJo0wNMKISZCZFP0Ej9UPUz0KA0A0AABtQ0DT1BtQGQANAaZGgAABkAAAAAAAAAAADQAAAAAdwCMDmYFzQKAKEAL4Awb+8I1NuC',
    'b8Idwzg5Ojs8PeIfH49A4pB74yEh7RAiABERtCEIQgCAQHKckRF5iMj9oWSSUpLTE0mSTk9QUVJTKQSrzVZXKrCzzlpbLccBbm6P',
    'PnwSdmyZFiBwSiKv1qzFNX64iI0IQpx0w68ER1Y4YKpw2mAsSevxvSlWNWNWPZuGw5nZxMNVfhaMLrsdIi5AZBc48ZJWNDhWrhK+',
    'DFiEasRhe4hVKws2WQMrA3agcZ6YYM/Zc0GmWOGUcTWRJJrUIE1jM3IPtAeoEFgmRkasaGFjd8gNyRjpVjch6cxvGBpYZ8bQ2eEA',
    'Nzw6Zu1YsWem7K0CA2BSNGUUGRq3JtgLxWQDMzWKl4k5QllVZz2ntXa+MrDtl+2iEdu5Hku39w2dsNI7bWSOtyMG1ax3q3FlEscm',
    'ucy295K7Gzs4wTmzHLxGLJsgkIMHfRvnarRfe2RiOvgoQQpSw2pYwmorOYEQnaiI7lBjAocC20eJkiBOm3uDgeKi4orXxAbzFJae',
    'i0zK1NXLaZZKBDJ6ynklwDcXUQZLRKJaYaDTSpjfMCAyBMFptFt6T07KyJsVRJJzGNBG9g4DCCiWmUWQsCFRkZbIT3zTCzoWZ3Rv',
    'J3MAUKHpjQoVQfdeD3mqqqFDu/Hd45WqqqFDk7d6733zIVws+7Y76R37v/KeA5SsskOVK4gbso7qmyW9+nEgdnoDcCK2i3g6QZKe',
    '24Ck6cwudWzOA/5yQeKKKLbD2kGxAtDWWTq8JvQTYLyICJBDhbSSZDIb38hL0GkbEExI0WkQoUOeoWdEK2/IZdQtmkmWGeLyTBsN',
    '/pTCIqrENt0SFRNOiizmbBaBKRNSs6REC0JWSKocBhl2CCZCKVYQSBVwGw7eW5+nazLpKk9DDE2OJ8Fy8x3GZDHVzM6Uw0bm0uFq',
    'MPbzizjDuePkO6xb3mbGw3RXRroYCAjdsRyiQs6jPR2ERZIiIE0lo05rZWGAMOYhPFAtA7xRiJkMcQYIIyUmGSwcjHQ27T1G8+Hk',
    'Dck2sSEUkm09hSdBQDJYMsFCYabYBbSIVFJNI0pHgpbnGwnfVLaRNwWdckhKQEPbqxZIhNNlVmQREyTsEqxS1MWE8LolC6FgYZ4S',
    'CQEQIFWWUrVI2xl8GkSNhtwtl7sgR6LXzXsD5LDSw3jz3CgWCTLaohFgg6sc3DDFiYNhZEWOQNwbmPXUcaDDBCSYbphU0yWf/FBn',
    'BN2bvEGIFrwLeGwLOoqv4bUdrpLXSJxSzY3qEJQrWihiRTrULiETQb26sbZ0jc3BISSD7FI1Emt7JNFkSwjH4eqAFAEb5IGhAFYU',
    'pDQ/WCMiBY2JAAxED4IqL8PiHRnLFxvIjvHHk/zIj5KTlPJ5ZXzeeWl5iZ9FLTU9RUsYBZVA1dZW11fYWNlZ2lrbW9xc3V3eXt9f',
    '4GDhYeIbgEeKDjY+Rk5WXmZudn5YCnoA6P20tP76mrra+xs7W3ubu9v8HDxbwDXxg8nLzc/R0/j89X66+zt7u/w/fj5fzz/rw5gI',
    'n+BIqqkO/T6//19vcXckU4UJAIXJb9A=',
  ].join(''),
  'base64',
);
/** 400 sectors of which every seventh byte is the same: more than a block of bzip2 takes. */
export const periodic = (): Buffer => Buffer.alloc(400 * SECTOR).map((_, i) => (i % 7) * 30) as Buffer;
/** That, packed by bzip2. */
export const PACKED_PERIODIC = Buffer.from(
  'QlpoMTFBWSZTWSoNjm0AG+VqqEAAAAEABAAQAEABAAQAIABQhgBNVA0wlAmiUCbJQJwlAnSUCeJQJhKBPmKCskymslQbHNoAN8rVUIAAAAIACAAgAIACAAgAQAChDACaqBphKBNEoE2SgThKBOkoE8SgTCUCfMUFZJlNZmnrh6QABWeqoQAAAAQAEABAAQAEABAAgAFCGAE1UDTCiWqRLZRLhRLpRLxRLCiXxdyRThQkGZXxIcA=',
  'base64',
);

/** Bytes that differ from sector to sector. */
export function disk(sectors: number): Buffer {
  const bytes = Buffer.alloc(sectors * SECTOR);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i >> 9) * 7 + (i & 0xff) + 1;
  return bytes;
}

/** A disk of Bochs of extents of 16 sectors, of which every third sector is not there. */
export function sparseBochs(version: 1 | 2): { image: Buffer; shows: Buffer } {
  const extent = 16 * SECTOR;
  const order = [2, null, 0, 1];
  const content = disk(64);
  const header = Buffer.alloc(512);
  header.write('Bochs Virtual HD Image', 0);
  header.write('Redolog', 32);
  header.write('Growing', 48);
  for (const [at, value] of [
    [64, version * 0x10000],
    [68, 1024],
    [72, 4],
    [76, 512],
    [80, extent],
  ] as const)
    header.writeUInt32LE(value, at);
  header.writeBigUInt64LE(BigInt(content.length), version === 1 ? 84 : 88);
  const catalog = Buffer.alloc(16);
  for (const [index, place] of order.entries()) catalog.writeUInt32LE(place ?? 0xffffffff, index * 4);
  const stored: Buffer[] = [];
  const shows = Buffer.alloc(content.length);
  for (const [index, place] of order.entries()) {
    if (place === null) continue;
    const map = Buffer.alloc(512);
    const bytes = Buffer.alloc(extent, 0xee);
    for (let sector = 0; sector < 16; sector++) {
      if ((sector + index) % 3 === 0) continue;
      map[sector >> 3]! |= 1 << (sector & 7);
      const at = index * extent + sector * SECTOR;
      content.copy(bytes, sector * SECTOR, at, at + SECTOR);
      content.copy(shows, at, at, at + SECTOR);
    }
    stored[place] = Buffer.concat([map, bytes]);
  }
  return { image: Buffer.concat([header, Buffer.alloc(512, 0xee), catalog, ...stored]), shows };
}

/** A compressed loop image of blocks of this many sectors. */
export function cloopOf(content: Buffer, sectors: number): Buffer {
  const head = buildCloop().subarray(0, 128);
  const size = sectors * SECTOR;
  const blocks = Array.from({ length: content.length / size }, (_, i) =>
    deflateSync(content.subarray(i * size, (i + 1) * size), { level: 1 }),
  );
  const table = Buffer.alloc(8 + (blocks.length + 1) * 8);
  table.writeUInt32BE(size, 0);
  table.writeUInt32BE(blocks.length, 4);
  let offset = head.length + table.length;
  for (const [index, block] of [...blocks, Buffer.alloc(0)].entries()) {
    table.writeBigUInt64BE(BigInt(offset), 8 + index * 8);
    offset += block.length;
  }
  return Buffer.concat([head, table, ...blocks]);
}

/** Packed by ADC: a hundred bytes as they are, copies from near and far, and one that reaches into itself. */
export function adc(): { bytes: Buffer; shows: Buffer } {
  const pieces: number[] = [];
  const shows: number[] = [];
  const plain = (bytes: readonly number[]) => {
    pieces.push(0x80 + bytes.length - 1, ...bytes);
    shows.push(...bytes);
  };
  const copy = (count: number, distance: number, short: boolean) => {
    if (short) pieces.push(((count - 3) << 2) + ((distance - 1) >> 8), (distance - 1) & 0xff);
    else pieces.push(0x40 + count - 4, (distance - 1) >> 8, (distance - 1) & 0xff);
    for (let i = 0; i < count; i++) shows.push(shows[shows.length - distance]!);
  };
  plain(Array.from({ length: 128 }, (_, i) => i * 3 + 1));
  plain(Array.from({ length: 100 }, (_, i) => i * 5 + 2));
  copy(18, 200, true);
  copy(3, 1, true);
  copy(67, 228, false);
  copy(4, 2, false);
  while (shows.length < 1100) copy(50, 17, false);
  copy(18, 1000, true);
  copy(40, 1025, false);
  plain([1]);
  while (shows.length < 1536 - 67) copy(63, 300, false);
  copy(1536 - shows.length, 5, false);
  return { bytes: Buffer.from(pieces), shows: Buffer.from(shows) };
}

/** A run of each kind, in partitions. */
export function mixedRuns(): { partitions: DmgRun[][]; shows: Buffer } {
  const [first, second] = [disk(5), disk(40).subarray(20 * SECTOR)];
  const nothing = Buffer.alloc(0);
  return {
    partitions: [
      [
        { type: DMG.plain, sectors: 5, bytes: first },
        { type: DMG.comment, sectors: 0, bytes: nothing },
        { type: DMG.deflated, sectors: 20, bytes: deflateSync(second) },
        { type: DMG.unused, sectors: 3, bytes: nothing },
      ],
      [
        { type: DMG.deflated, sectors: 3, bytes: deflateSync(TEXT) },
        { type: DMG.zeroes, sectors: 2, bytes: nothing },
        { type: DMG.plain, sectors: 2, bytes: first.subarray(SECTOR, 3 * SECTOR) },
      ],
    ],
    shows: Buffer.concat([
      first,
      second,
      Buffer.alloc(3 * SECTOR),
      TEXT,
      Buffer.alloc(2 * SECTOR),
      first.subarray(SECTOR, 3 * SECTOR),
    ]),
  };
}
