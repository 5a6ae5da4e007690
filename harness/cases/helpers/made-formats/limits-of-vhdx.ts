/** What makes a VHDX image, and what does not. */
import { le16, le32, le64, type Patch, patched } from './bytes.ts';
import { type FormatLimits, field, type Limit } from './limits.ts';
import {
  buildVhdx,
  mendVhdx,
  VHDX_BLOCKS,
  VHDX_HEADERS,
  VHDX_ITEMS,
  VHDX_METADATA,
  VHDX_REGION_TABLES,
  VHDX_STATE,
  VHDX_TABLE,
  vhdxEntry,
} from './made-vhdx.ts';

const MIB = 1 << 20;
const TIB = 2 ** 40;
const SIZE = 4 * MIB;
const UNKNOWN_ID = Buffer.alloc(16, 0x77);
const BROKEN = Buffer.from('xxxx');

/** The same change of both copies. */
const inBoth = (places: readonly number[], patches: readonly Patch[]): Patch[] =>
  places.flatMap((place) => patches.map(([at, bytes]): Patch => [place + at, bytes]));

const header = (what: string, patches: readonly Patch[], opens: boolean): Limit => ({
  what: `headers with ${what}`,
  image: inBoth(VHDX_HEADERS, patches),
  opens,
});
const regions = (what: string, patches: readonly Patch[], opens: boolean): Limit => ({
  what: `regions with ${what}`,
  image: inBoth(VHDX_REGION_TABLES, patches),
  opens,
});
const metadata = (what: string, patches: readonly Patch[], opens: boolean): Limit => ({
  what: `metadata with ${what}`,
  image: inBoth([VHDX_METADATA], patches),
  opens,
});
const entry = (what: string, index: number, bytes: Buffer, opens: boolean): Limit => ({
  what: `an entry of ${what}`,
  image: [[VHDX_TABLE + index * 8, bytes]],
  opens,
});

/** A third region. */
const region = (id: Buffer, offset: number, length: number, flags: number): Patch[] => [
  [8, le32(3)],
  [80, Buffer.concat([id, le64(offset), le32(length), le32(flags)])],
];

/** A sixth item of metadata. */
const item = (flags: number): Patch[] => [
  [10, le16(6)],
  [32 + 5 * 32, Buffer.concat([UNKNOWN_ID, le32(VHDX_ITEMS), le32(8), le32(flags)])],
];

/** The limits of images without parents. */
export function vhdxLimits(): FormatLimits {
  const sound = buildVhdx({
    size: SIZE,
    blockSize: MIB,
    entries: [
      [VHDX_STATE.present, 5],
      [VHDX_STATE.zero, 0],
      [VHDX_STATE.present, 4],
      [VHDX_STATE.unmapped, 0],
    ],
    length: 6 * MIB,
  });
  const ITEMS = VHDX_METADATA + VHDX_ITEMS;
  const [first, second] = VHDX_HEADERS;
  const large = (size: number): Limit => ({
    what: `a disk of ${size} bytes`,
    image: mendVhdx(
      patched(sound, [
        ...inBoth(VHDX_REGION_TABLES, [
          [32, le64(VHDX_BLOCKS)],
          [40, le32(3 * MIB)],
        ]),
        [VHDX_BLOCKS, Buffer.alloc(3 * MIB)],
        [ITEMS, le32(256 * MIB)],
        [ITEMS + 8, le64(size)],
      ]),
    ),
    opens: true,
    size,
  });
  return {
    driver: 'vhdx',
    sound,
    size: SIZE,
    mend: mendVhdx,
    limits: [
      ...field('file type', 0, [], ['vhdxfilf', 'VHDXFILE']),
      header('no signature', [[0, BROKEN]], false),
      header('version 0', [[0x42, le16(0)]], false),
      header('version 2', [[0x42, le16(2)]], false),
      header('a log of version 1', [[0x40, le16(1)]], false),
      header('a log that begins within a mebibyte', [[0x48, le64(MIB + 4096)]], false),
      header('a log over the headers', [[0x48, le64(0)]], false),
      header('a log over the blocks', [[0x48, le64(VHDX_TABLE)]], false),
      { what: 'the first header alone', image: [[second, BROKEN]], opens: true },
      { what: 'the second header alone', image: [[first, BROKEN]], opens: true },
      {
        what: 'a first header that is newer and wrong',
        image: [
          [first + 8, le64(9)],
          [first + 0x40, le16(1)],
        ],
        opens: false,
      },
      {
        what: 'a second header that is newer and wrong',
        image: [[second + 0x40, le16(1)]],
        opens: false,
      },
      { what: 'a first header that is older and wrong', image: [[first + 0x40, le16(1)]], opens: true },
      {
        what: 'headers that differ under one number',
        image: [
          [second + 8, le64(1)],
          [second + 0x10, le32(7)],
        ],
        opens: false,
      },
      {
        what: 'headers that are the same',
        image: [[second + 8, le64(1)]],
        opens: true,
      },
      {
        what: 'headers whose checksums are wrong',
        image: patched(sound, inBoth(VHDX_HEADERS, [[4, le32(1)]])),
        opens: false,
      },
      regions('no signature', [[0, BROKEN]], false),
      { what: 'the first table of regions alone', image: [[VHDX_REGION_TABLES[1], BROKEN]], opens: true },
      {
        what: 'regions whose checksums are wrong',
        image: patched(sound, inBoth(VHDX_REGION_TABLES, [[4, le32(1)]])),
        opens: false,
      },
      regions('too many entries', [[8, le32(2048)]], false),
      regions('one entry', [[8, le32(1)]], false),
      regions(
        'the table of blocks twice',
        region(Buffer.from(sound.subarray(0x30010, 0x30020)), 5 * MIB, MIB, 1),
        false,
      ),
      regions('another one that must be known', region(UNKNOWN_ID, 16 * MIB, MIB, 1), false),
      regions('another one', region(UNKNOWN_ID, 16 * MIB, MIB, 0), true),
      regions('another one over the log', region(UNKNOWN_ID, MIB, MIB, 0), false),
      regions('another one over a block', region(UNKNOWN_ID, 4 * MIB, MIB, 0), false),
      regions('another one right behind a block', region(UNKNOWN_ID, 6 * MIB, MIB, 0), true),
      regions('a table of blocks within a mebibyte', [[32, le64(VHDX_TABLE + 4096)]], false),
      regions('a table of blocks over the headers', [[32, le64(0)]], false),
      regions('a table of blocks over the metadata', [[32, le64(VHDX_METADATA)]], false),
      regions('a table of blocks that is too short', [[40, le32(0)]], false),
      metadata('no signature', [[0, BROKEN]], false),
      metadata('too many items', [[10, le16(2048)]], false),
      metadata('an item missing', [[10, le16(4)]], false),
      metadata('another item', item(2), true),
      metadata('another item that must be known', item(4), false),
      metadata('a parent', [[VHDX_ITEMS + 4, le32(2)]], false),
      metadata('blocks that stay', [[VHDX_ITEMS + 4, le32(1)]], true),
      metadata('blocks of 512 KiB', [[VHDX_ITEMS, le32(MIB / 2)]], false),
      metadata('blocks of 3 MiB', [[VHDX_ITEMS, le32(3 * MIB)]], false),
      metadata('blocks of 512 MiB', [[VHDX_ITEMS, le32(512 * MIB)]], false),
      metadata('sectors of 4 KiB', [[VHDX_ITEMS + 32, le32(4096)]], false),
      metadata('sectors of the device of 4 KiB', [[VHDX_ITEMS + 36, le32(4096)]], true),
      large(64 * TIB),
      entry('a block behind the file', 1, vhdxEntry(VHDX_STATE.present, 6), false),
      entry('a block over the metadata', 1, vhdxEntry(VHDX_STATE.present, 3), false),
      entry('a block behind the file that is not there', 1, vhdxEntry(VHDX_STATE.unmapped, 6), true),
      { what: 'a file without its last sector', image: sound.subarray(0, 6 * MIB - 512), opens: false },
      { what: 'a file of headers alone', image: sound.subarray(0, 0x30000), opens: false },
    ],
  };
}
