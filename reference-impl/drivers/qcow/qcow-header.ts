/**
 * The header of a qcow image, which is qcow2's first version: read with the checks that an open makes.
 *
 * Source: public descriptions of the format (libqcow's among them); texts of errors as observed.
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { BackingName, ChildHandle } from '../driver.ts';

const MAGIC = 0x514649fb;
const VERSION = 1;
/** Bytes. */
export const HEADER_LENGTH = 48;
export const ENTRY = 8;
const MAX_BACKING_NAME = 1023;
const MOST_L1_ENTRIES = Math.floor((2 ** 31 - 1) / ENTRY);

export interface Header {
  readonly clusterBits: number;
  /** log2 of the entries of an L2 table. */
  readonly l2Bits: number;
  /** Bytes of the disk. */
  readonly size: number;
  readonly encryption: 'none' | 'aes';
  /** Entries. */
  readonly l1Size: number;
  readonly l1Offset: number;
  readonly backing: BackingName | undefined;
}

export function isQcow(start: Uint8Array): boolean {
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  return view.getUint32(0) === MAGIC && view.getUint32(4) === VERSION;
}

/** Throws `CommandError`. */
export async function readHeader(file: ChildHandle): Promise<Header> {
  const bytes = Buffer.alloc(HEADER_LENGTH);
  await file.read(0, bytes);
  if (bytes.readUInt32BE(0) !== MAGIC) throw new CommandError('Image not in qcow format');
  const version = bytes.readUInt32BE(4);
  if (version !== VERSION)
    throw new CommandError(
      `qcow (v1) does not support qcow version ${version}\nTry the 'qcow2' driver instead.`,
    );
  const size = bytes.readBigUInt64BE(24);
  if (size <= 1n) throw new CommandError('Image size is too small (must be at least 2 bytes)');
  const [clusterBits, l2Bits] = [bytes[32]!, bytes[33]!];
  if (clusterBits < 9 || clusterBits > 16) throw new CommandError('Cluster size must be between 512 and 64k');
  if (l2Bits < 6 || l2Bits > 13) throw new CommandError('L2 table size must be between 512 and 64k');
  const encryption = bytes.readUInt32BE(36);
  if (encryption > 1) throw new CommandError('invalid encryption method in qcow header');
  const l1Size = l1SizeOf(Number(size), clusterBits, l2Bits);
  const l1Offset = Number(bytes.readBigUInt64BE(40));
  if (l1Size > MOST_L1_ENTRIES || !Number.isSafeInteger(l1Offset + l1Size * ENTRY))
    throw new CommandError('Image too large');
  return {
    clusterBits,
    l2Bits,
    size: Number(size),
    encryption: encryption === 1 ? 'aes' : 'none',
    l1Size,
    l1Offset,
    backing: await readBacking(file, bytes),
  };
}

function l1SizeOf(size: number, clusterBits: number, l2Bits: number): number {
  return Math.ceil(size / 2 ** (clusterBits + l2Bits));
}

async function readBacking(file: ChildHandle, header: Buffer): Promise<BackingName | undefined> {
  const offset = Number(header.readBigUInt64BE(8));
  const length = header.readUInt32BE(16);
  if (offset === 0) return undefined;
  if (length > MAX_BACKING_NAME) throw new CommandError('Backing file name too long');
  const name = Buffer.alloc(length);
  if (offset < file.length()) await file.read(offset, name);
  const end = name.indexOf(0);
  const text = name.toString('utf8', 0, end === -1 ? length : end);
  return text === '' ? undefined : { name: text };
}

/** The start of a new image, its header and the backing file's name, and where its L1 table is. Throws `CommandError`. */
export function newStart(
  size: number,
  backingName: string | undefined,
): { readonly bytes: Uint8Array; readonly l1Offset: number; readonly l1Length: number } {
  // over a backing file the least is copied with small clusters
  const [clusterBits, l2Bits] = backingName === undefined ? [12, 9] : [9, 12];
  const name = Buffer.from(backingName ?? '');
  if (name.length > MAX_BACKING_NAME) throw new CommandError('Backing file name too long');
  const l1Size = l1SizeOf(size, clusterBits, l2Bits);
  if (l1Size > MOST_L1_ENTRIES) throw new CommandError('Image too large');
  const l1Offset = Math.ceil((HEADER_LENGTH + name.length) / ENTRY) * ENTRY;
  const bytes = Buffer.alloc(l1Offset);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(VERSION, 4);
  if (backingName !== undefined) {
    bytes.writeBigUInt64BE(BigInt(HEADER_LENGTH), 8);
    bytes.writeUInt32BE(name.length, 16);
    name.copy(bytes, HEADER_LENGTH);
  }
  bytes.writeBigUInt64BE(BigInt(size), 24);
  bytes[32] = clusterBits;
  bytes[33] = l2Bits;
  bytes.writeBigUInt64BE(BigInt(l1Offset), 40);
  return { bytes, l1Offset, l1Length: Math.ceil((l1Size * ENTRY) / 512) * 512 };
}
