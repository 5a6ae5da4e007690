/** What makes an image of VHD or VDI, and what does not. */
import { be32, be64, le32, le64, type Patch } from './bytes.ts';
import { type FormatLimits, field, type Limit } from './limits.ts';
import { buildVdi, VDI_BLOCK, VDI_DATA, VDI_MAP } from './made-vdi.ts';
import { buildFixedVpc, buildVpc, VPC_TABLE, type VpcShape, vpcShape } from './made-vpc.ts';

const MIB = 1 << 20;
const FOOTER = 512;
/** The largest disk of VHD. */
const MOST = 0xff000000 * 512;
const GEOMETRY_SIZE = 3 * 4 * 17 * 512;

/** A footer says how long the disk is, by its size or its geometry; which, depends on who made the image. */
const sizes = (make: (shape: VpcShape) => Buffer): Limit[] => [
  ...['win ', 'd2v ', 'tap\0', 'CTXS', 'qem2'].map((creator) => ({
    what: `the size of an image by ${creator}`,
    image: make(vpcShape({ creator })),
    opens: true,
  })),
  ...['vpc ', 'qemu', 'WIN '].map((creator) => ({
    what: `the geometry of an image by ${creator}`,
    image: make(vpcShape({ creator })),
    opens: true,
    size: GEOMETRY_SIZE,
  })),
  {
    what: 'the size of an image of the largest geometry',
    image: make(vpcShape({ creator: 'vpc ', geometry: [65535, 16, 255] })),
    opens: true,
  },
  {
    what: 'a size that is not of whole sectors',
    image: make(vpcShape({ size: 48 * 1024 + 511 })),
    opens: true,
    size: 48 * 1024,
  },
];

/** The limits of dynamic images. */
export function vpcLimits(): FormatLimits {
  const shape = vpcShape({ entries: 30, blocks: new Map([[2, Buffer.alloc(4096, 0x11)]]) });
  const footer = (what: string, patches: readonly Patch[], opens: boolean): Limit => ({
    what,
    image: buildVpc(shape, { footer: patches }),
    opens,
  });
  const header = (what: string, patches: readonly Patch[], opens: boolean): Limit => ({
    what,
    image: buildVpc(shape, { header: patches }),
    opens,
  });
  const large = { blockSize: 1 << 30, entries: MOST / (1 << 30) };
  const sound = buildVpc(shape);
  return {
    driver: 'vpc',
    sound,
    size: shape.size,
    limits: [
      ...sizes((told) => buildVpc({ ...told, entries: 30, blocks: shape.blocks })),
      footer('another cookie', [[0, 'conectiy']], false),
      { what: 'a checksum that is wrong', image: [[64, be32(1)]], opens: false },
      { what: 'a byte that the checksum does not hold', image: [[84, be32(7)]], opens: false },
      {
        what: 'the largest disk',
        image: buildVpc(vpcShape({ ...large, size: MOST })),
        opens: true,
        size: MOST,
      },
      {
        what: 'a disk that is too large',
        image: buildVpc(vpcShape({ ...large, entries: large.entries + 1, size: MOST + 512 })),
        opens: false,
      },
      footer('a header behind the end of the file', [[16, be64(1 << 30)]], false),
      header('another cookie of the header', [[0, 'cxsparsf']], false),
      header('blocks of 256 bytes', [[32, be32(256)]], false),
      header(
        'blocks of 512 bytes',
        [
          [28, be32(128)],
          [32, be32(512)],
        ],
        true,
      ),
      header(
        'blocks of three sectors',
        [
          [28, be32(128)],
          [32, be32(3 * 512)],
        ],
        false,
      ),
      header('one entry less than the disk needs', [[28, be32(15)]], false),
      header('as many entries as the disk needs', [[28, be32(16)]], true),
      header('a table behind the end of the file', [[16, be64(1 << 30)]], false),
      {
        what: 'a block behind the end of the file',
        image: [[VPC_TABLE + 4, be32(sound.length / 512)]],
        opens: false,
      },
      { what: 'the last block cut off', image: sound.subarray(0, VPC_TABLE + 512 + 4096), opens: false },
      { what: 'the footer cut off', image: sound.subarray(0, sound.length - FOOTER), opens: true },
    ],
  };
}

/** The limits of fixed images. */
export function fixedVpcLimits(): FormatLimits {
  const data = Buffer.alloc(GEOMETRY_SIZE, 0x11);
  const shape = vpcShape();
  return {
    driver: 'vpc',
    variant: 'fixed',
    sound: buildFixedVpc(shape, data),
    size: shape.size,
    limits: [
      ...sizes((told) => buildFixedVpc(told, data)),
      { what: 'another cookie', image: buildFixedVpc(shape, data, [[0, 'conectiy']]), opens: false },
      { what: 'another kind', image: buildFixedVpc(shape, data, [[60, be32(3)]]), opens: false },
      {
        what: 'a disk of all the file',
        image: buildFixedVpc(shape, data.subarray(0, shape.size)),
        opens: true,
      },
      { what: 'a footer alone', image: buildFixedVpc(shape, data).subarray(-FOOTER), opens: false },
      { what: 'less than a footer', image: buildFixedVpc(shape, data).subarray(-FOOTER + 1), opens: false },
    ],
  };
}

/** The limits of VDI. */
export function vdiLimits(): FormatLimits {
  const size = 2 * MIB + 512;
  const sound = buildVdi(size, [0, 0xffffffff, 0xfffffffe], 1);
  return {
    driver: 'vdi',
    sound,
    size,
    limits: [
      ...field('signature', 0x40, [], [le32(0xbeda107e)]),
      ...field('version', 0x44, [], [le32(0x10000), le32(0x10002), le32(0x20001)]),
      ...field('place of the map', 0x154, [], [le32(VDI_MAP + 256)]),
      ...field('place of blocks', 0x158, [], [le32(VDI_DATA + 256)]),
      ...field('sectors', 0x168, [], [le32(4096), le32(0)]),
      ...field('size of blocks', 0x178, [], [le32(VDI_BLOCK * 2), le32(VDI_BLOCK / 2)]),
      ...field('number of blocks', 0x180, [le32(3), le32(4)], [le32(2)]),
      ...field('link', 0x1a8, [], [le32(1)]),
      ...field('end of the link', 0x1b4, [], [le32(1 << 24)]),
      ...field('parent', 0x1b8, [], [le32(1)]),
      ...field('end of the parent', 0x1c4, [], [le32(1 << 24)]),
      ...field('image', 0x188, [Buffer.alloc(16)], []),
      ...field('size of the disk', 0x170, [], [le64(3 * MIB + 1), le64(1n << 60n)]),
      { what: 'a disk of all blocks', image: [[0x170, le64(3 * MIB)]], opens: true, size: 3 * MIB },
      {
        what: 'a disk that ends within a sector',
        image: [[0x170, le64(2 * MIB + 513)]],
        opens: true,
        size: 2 * MIB + 1024,
      },
    ],
  };
}
