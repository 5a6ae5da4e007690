/** What makes a VMDK image, and what does not. */
import { le16, le32, le64, patched } from './bytes.ts';
import { type FormatLimits, field, type Limit } from './limits.ts';
import { buildVmdk, vmdkDescriptor, vmdkPlaces, vmdkShape } from './made-vmdk.ts';

const SECTOR = 512;
const SIZE = 80 * 4096;
const FOOTER_MARK = [
  [0, le64(1)],
  [12, le32(3)],
] as const;

const described = (what: string, text: string, opens: boolean): Limit => ({
  what,
  image: buildVmdk(vmdkShape({ descriptor: text })),
  opens,
});

/** An image whose directory stands in a footer alone. */
function withFooter(sound: Buffer): Buffer {
  const mark = patched(Buffer.alloc(SECTOR), FOOTER_MARK);
  const start = patched(sound, [[56, Buffer.alloc(8, 0xff)]]);
  return Buffer.concat([start, mark, sound.subarray(0, SECTOR), Buffer.alloc(SECTOR)]);
}

/** The limits of sparse extents in one file. */
export function vmdkLimits(): FormatLimits {
  const shape = vmdkShape({ grains: new Map([[3, Buffer.alloc(4096, 0x11)]]) });
  const sound = buildVmdk(shape);
  const { overhead } = vmdkPlaces(shape);
  const fileSectors = sound.length / SECTOR;
  const footed = withFooter(sound);
  const foot = (what: string, at: number, bytes: Buffer): Limit => ({
    what: `a footer with ${what}`,
    image: patched(footed, [[footed.length - 3 * SECTOR + at, bytes]]),
    opens: false,
  });
  const text = vmdkDescriptor(shape.capacity);
  return {
    driver: 'vmdk',
    sound,
    size: SIZE,
    limits: [
      ...field('magic', 0, [], ['KDMX', 'XDMV']),
      ...field('version', 4, [le32(0), le32(1), le32(2)], [le32(4), le32(0xffffffff)]),
      { what: 'version 3', image: [[4, le32(3)]], opens: 'reading' },
      {
        what: 'version 3, compressed',
        image: [
          [4, le32(3)],
          [77, le16(1)],
        ],
        opens: true,
      },
      ...field('grain', 20, [le64(1), le64(0x200000)], [le64(0), le64(0x200001), le64(1n << 40n)]),
      ...field('entries of a table', 44, [le32(1), le32(512)], [le32(0), le32(513), le32(1024)]),
      ...field('overhead', 64, [le64(overhead), le64(fileSectors)], [le64(fileSectors + 1), le64(1n << 40n)]),
      ...field('directory at the end', 56, [], [Buffer.alloc(8, 0xff)]),
      { what: 'a footer', image: footed, opens: true },
      foot('a size', 8, le32(1)),
      foot('another kind', 12, le32(2)),
      foot('no magic', SECTOR, le32(0)),
      foot('a count in what ends it', 2 * SECTOR, le64(1)),
      foot('a kind in what ends it', 2 * SECTOR + 12, le32(1)),
      described('a content id without digits', text.replace('CID=fedcba98', 'CID=xyz'), false),
      described('no content id', text.replace('CID=fedcba98\n', ''), true),
      described('no parent', text.replace('parentCID=ffffffff\n', ''), false),
      { what: 'three bytes', image: sound.subarray(0, 3), opens: false },
      { what: 'four bytes', image: sound.subarray(0, 4), opens: false },
    ],
  };
}
