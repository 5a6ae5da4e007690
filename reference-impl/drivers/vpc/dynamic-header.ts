/** The header of a dynamic VHD image: where its table of blocks lies, and how large blocks are. */
import { CommandError } from '../../qapi/command-error.ts';
import { checksum, NOWHERE, viewOf } from './footer.ts';

export const DYNAMIC_HEADER_BYTES = 1024;
/** Bytes of an entry of the table of blocks. */
export const ENTRY_BYTES = 4;
const COOKIE = 'cxsparse';
const VERSION = 0x10000;
const MAX_ENTRIES = 0x20000000;
const MIN_BLOCK = 512;

const Field = {
  dataOffset: 0x08,
  tableOffset: 0x10,
  version: 0x18,
  entries: 0x1c,
  blockSize: 0x20,
  checksum: 0x24,
};

export interface DynamicHeader {
  /** Bytes of the file; beyond 2^53 rounded. */
  readonly tableOffset: number;
  readonly entries: number;
  /** Bytes, a power of two. */
  readonly blockSize: number;
}

/** Throws `CommandError` for one that no disk of `size` bytes can have. */
export function parseDynamicHeader(bytes: Uint8Array, size: number): DynamicHeader {
  if (Buffer.from(bytes.subarray(0, COOKIE.length)).toString('latin1') !== COOKIE)
    throw new CommandError('Invalid header magic');
  const view = viewOf(bytes);
  const blockSize = view.getUint32(Field.blockSize);
  if (blockSize < MIN_BLOCK || !Number.isInteger(Math.log2(blockSize)))
    throw new CommandError(`Invalid block size ${blockSize}`);
  const entries = view.getUint32(Field.entries);
  if (entries * blockSize < size) throw new CommandError('Page table too small');
  if (entries > MAX_ENTRIES)
    throw new CommandError(`Max Table Entries too large (${view.getInt32(Field.entries)})`);
  return { tableOffset: Number(view.getBigUint64(Field.tableOffset)), entries, blockSize };
}

export function newDynamicHeader({ tableOffset, entries, blockSize }: DynamicHeader): Uint8Array {
  const bytes = new Uint8Array(DYNAMIC_HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(COOKIE));
  view.setBigUint64(Field.dataOffset, NOWHERE);
  view.setBigUint64(Field.tableOffset, BigInt(tableOffset));
  view.setUint32(Field.version, VERSION);
  view.setUint32(Field.entries, entries);
  view.setUint32(Field.blockSize, blockSize);
  view.setUint32(Field.checksum, checksum(bytes, Field.checksum));
  return bytes;
}
