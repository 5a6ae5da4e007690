/**
 * The header of a parallels image: read with the checks that an open makes, and written back in part.
 *
 * Source: the published Parallels Expandable Image File Format; texts of errors as observed.
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle } from '../driver.ts';

const MAGIC = 'WithoutFreeSpace';
/** Entries count clusters, and a disk may be larger than 2 TiB. */
const EXTENDED_MAGIC = 'WithouFreSpacExt';
const VERSION = 2;
/** Bytes; the table follows. */
export const HEADER_LENGTH = 64;
export const SECTOR = 512;
const IN_USE = 0x746f6e59;
const At = { inUse: 44 } as const;
/** Sectors. */
const MOST_OF_CLUSTER = Math.floor((2 ** 31 - 1) / 513);
const MOST_ENTRIES = Math.floor((2 ** 31 - 1) / 4);
const [HEADS, SECTORS_OF_TRACK] = [16, 32];

export interface Header {
  /** Bytes. */
  readonly clusterSize: number;
  /** Clusters that the table has entries for. */
  readonly entries: number;
  /** Bytes of the disk. */
  readonly size: number;
  /** Bytes of the file that an entry of 1 stands for. */
  readonly unit: number;
  /** Where data may start, in bytes. */
  readonly dataStart: number;
  /** Somebody opened the image for writing and has not closed it. */
  readonly inUse: boolean;
}

export function isParallels(start: Uint8Array): boolean {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.length);
  const magic = bytes.toString('latin1', 0, MAGIC.length);
  return (magic === MAGIC || magic === EXTENDED_MAGIC) && bytes.readUInt32LE(MAGIC.length) === VERSION;
}

/** Throws `CommandError`. */
export async function readHeader(file: ChildHandle): Promise<Header> {
  const bytes = Buffer.alloc(HEADER_LENGTH);
  await file.read(0, bytes);
  if (!isParallels(bytes)) throw new CommandError('Image not in Parallels format');
  const isExtended = bytes.toString('latin1', 0, EXTENDED_MAGIC.length) === EXTENDED_MAGIC;
  const sectorsOfCluster = bytes.readUInt32LE(28);
  if (sectorsOfCluster === 0) throw new CommandError('Invalid image: Zero sectors per track');
  if (sectorsOfCluster > MOST_OF_CLUSTER) throw new CommandError('Invalid image: Too big cluster');
  const entries = bytes.readUInt32LE(32);
  if (entries > MOST_ENTRIES) throw new CommandError('Catalog too large');
  const sectors = isExtended ? Number(bytes.readBigUInt64LE(36)) : bytes.readUInt32LE(36);
  if (sectors > Number.MAX_SAFE_INTEGER / SECTOR) throw new CommandError('Invalid image: Too big disk');
  const clusterSize = sectorsOfCluster * SECTOR;
  const tableEnd = Math.ceil((HEADER_LENGTH + entries * 4) / SECTOR) * SECTOR;
  return {
    clusterSize,
    entries,
    size: sectors * SECTOR,
    unit: isExtended ? clusterSize : SECTOR,
    dataStart: Math.max(tableEnd, dataOffset(bytes, file.length())),
    inUse: bytes.readUInt32LE(At.inUse) === IN_USE,
  };
}

/** What lies behind the end of the file says nothing. */
function dataOffset(bytes: Buffer, fileLength: number): number {
  const offset = bytes.readUInt32LE(48) * SECTOR;
  return offset > fileLength ? 0 : offset;
}

/** A new header of an image with entries that count clusters. */
export function newHeader(size: number, clusterSize: number, dataStart: number): Uint8Array {
  const bytes = Buffer.alloc(HEADER_LENGTH);
  const sectors = Math.ceil(size / SECTOR);
  bytes.write(EXTENDED_MAGIC, 'latin1');
  bytes.writeUInt32LE(VERSION, 16);
  bytes.writeUInt32LE(HEADS, 20);
  bytes.writeUInt32LE(Math.floor(sectors / (HEADS * SECTORS_OF_TRACK)) % 2 ** 32, 24);
  bytes.writeUInt32LE(clusterSize / SECTOR, 28);
  bytes.writeUInt32LE(Math.ceil(size / clusterSize), 32);
  bytes.writeBigUInt64LE(BigInt(sectors), 36);
  bytes.writeUInt32LE(dataStart / SECTOR, 48);
  return bytes;
}

/** Says in the file whether the image is being written. */
export async function writeInUse(file: ChildHandle, inUse: boolean): Promise<void> {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(inUse ? IN_USE : 0);
  await file.write(At.inUse, bytes);
}
