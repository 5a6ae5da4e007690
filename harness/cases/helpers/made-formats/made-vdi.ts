/** Images of VirtualBox (VDI), built and taken apart. Written from public descriptions: a header, a map of blocks of 1 MiB, blocks. */
import { le32, le64, type Patch, patched } from './bytes.ts';

/** Bytes of a block. */
export const VDI_BLOCK = 1 << 20;
/** Where the map of a made image lies, and where its blocks begin. */
export const [VDI_MAP, VDI_DATA] = [512, 1024];

/** An image with a map of these entries, and so many blocks in the file, each full of its number and 1. */
export function buildVdi(size: number, entries: readonly number[], inFile: number): Buffer {
  const patches: Patch[] = [
    [0, '<<< a disk >>>\n'],
    [0x40, le32(0xbeda107f)],
    [0x44, le32(0x10001)],
    [0x48, le32(0x180)],
    [0x4c, le32(1)],
    [0x154, le32(VDI_MAP)],
    [0x158, le32(VDI_DATA)],
    [0x168, le32(512)],
    [0x170, le64(size)],
    [0x178, le32(VDI_BLOCK)],
    [0x180, le32(entries.length)],
    [0x184, le32(inFile)],
    [0x188, Buffer.alloc(32, 0x1d)],
    [VDI_MAP, Buffer.concat(entries.map(le32))],
    ...Array.from(
      { length: inFile },
      (_, index): Patch => [VDI_DATA + index * VDI_BLOCK, Buffer.alloc(VDI_BLOCK, index + 1)],
    ),
  ];
  return patched(Buffer.alloc(VDI_DATA), patches);
}

/** What stands in such an image. */
export function parseVdi(bytes: Buffer) {
  const [map, blocks] = [bytes.readUInt32LE(0x154), bytes.readUInt32LE(0x180)];
  return {
    signature: bytes.readUInt32LE(0x40),
    version: bytes.readUInt32LE(0x44),
    headerSize: bytes.readUInt32LE(0x48),
    imageType: bytes.readUInt32LE(0x4c),
    data: bytes.readUInt32LE(0x158),
    sectorSize: bytes.readUInt32LE(0x168),
    size: Number(bytes.readBigUInt64LE(0x170)),
    blockSize: bytes.readUInt32LE(0x178),
    allocated: bytes.readUInt32LE(0x184),
    imageId: bytes.subarray(0x188, 0x198),
    snapshotId: bytes.subarray(0x198, 0x1a8),
    parents: bytes.subarray(0x1a8, 0x1c8),
    entries: Array.from({ length: blocks }, (_, index) => bytes.readUInt32LE(map + index * 4)),
  };
}
