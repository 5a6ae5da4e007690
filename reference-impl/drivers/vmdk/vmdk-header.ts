/**
 * The header of a sparse extent of a VMDK image.
 *
 * Source: VMware's Virtual Disk Format 1.1 and 5.0; limits and texts of errors as observed.
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle } from '../driver.ts';

export const SECTOR = 512;
export const SPARSE_MAGIC = 0x564d444b;
const DEFLATE = 1;
const MAX_ENTRIES_PER_TABLE = 512;
/** Sectors. */
const MAX_GRAIN = 0x200000;
/** Sectors of a grain that is unpacked in memory. */
const MAX_PACKED_GRAIN = 0x20000;
/** The place of a directory that the footer tells. */
const AT_END = 2 ** 64;
const FOOTER_MARKER = 3;

export const HeaderFlag = { newlines: 1, redundantTables: 2, zeroedGrains: 4 } as const;

/** Numbers are of sectors unless their names say otherwise. */
export interface SparseHeader {
  readonly version: number;
  /** Bits of `HeaderFlag`. */
  readonly flags: number;
  readonly capacity: number;
  readonly grain: number;
  readonly descriptorOffset: number;
  readonly descriptorSize: number;
  readonly entriesPerTable: number;
  readonly redundantDirectoryOffset: number;
  readonly directoryOffset: number;
  /** What metadata takes at the start of the file. */
  readonly overhead: number;
  readonly isCompressed: boolean;
  /** It stood at the end of the file, where it does not stay once the file grows. */
  readonly fromFooter?: boolean;
}

const number64 = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

/** Does a file begin like a sparse extent? */
export function isSparse(start: Uint8Array): boolean {
  return new DataView(start.buffer, start.byteOffset).getUint32(0, true) === SPARSE_MAGIC;
}

function parse(view: DataView): SparseHeader {
  return {
    version: view.getUint32(4, true),
    flags: view.getUint32(8, true),
    capacity: number64(view, 12),
    grain: number64(view, 20),
    descriptorOffset: number64(view, 28),
    descriptorSize: number64(view, 36),
    entriesPerTable: view.getUint32(44, true),
    redundantDirectoryOffset: number64(view, 48),
    directoryOffset: number64(view, 56),
    overhead: number64(view, 64),
    isCompressed: view.getUint16(77, true) === DEFLATE,
  };
}

/** Throws `CommandError` for what cannot be opened at all. */
export async function readSparseHeader(file: ChildHandle, writable: boolean): Promise<SparseHeader> {
  const start = new Uint8Array(SECTOR);
  await file.read(0, start);
  if (!isSparse(start)) throw new CommandError('Image not in VMDK format');
  const first = parse(new DataView(start.buffer));
  const header = first.directoryOffset === AT_END ? await readFooter(file) : first;
  check(header, file, writable);
  return header;
}

/** Three sectors from the end: a marker, the header as it came to be, and a marker of the end. */
async function readFooter(file: ChildHandle): Promise<SparseHeader> {
  const bytes = new Uint8Array(3 * SECTOR);
  await file.read(Math.max(0, file.length() - bytes.length), bytes);
  const view = new DataView(bytes.buffer);
  const isFooter =
    view.getUint32(8, true) === 0 &&
    view.getUint32(12, true) === FOOTER_MARKER &&
    isSparse(bytes.subarray(SECTOR)) &&
    number64(view, 2 * SECTOR) === 0 &&
    number64(view, 2 * SECTOR + 8) === 0;
  if (!isFooter) throw new CommandError('Invalid footer');
  return { ...parse(new DataView(bytes.buffer, SECTOR)), fromFooter: true };
}

function check(header: SparseHeader, file: ChildHandle, writable: boolean): void {
  const { version, grain, entriesPerTable, overhead, isCompressed } = header;
  if (version > 3) throw new CommandError(`Unsupported VMDK version ${version}`);
  checkWritable(header, writable);
  if (entriesPerTable > MAX_ENTRIES_PER_TABLE) throw new CommandError('L2 table size too big');
  if (entriesPerTable * grain === 0) throw new CommandError('L1 entry size is invalid');
  if (grain > (isCompressed ? MAX_PACKED_GRAIN : MAX_GRAIN))
    throw new CommandError('Invalid granularity, image may be corrupt');
  if (overhead * SECTOR > file.length())
    throw new CommandError(`File truncated, expecting at least ${BigInt(overhead) * BigInt(SECTOR)} bytes`);
}

/** Throws `CommandError`. */
export function checkWritable({ version, isCompressed }: SparseHeader, writable: boolean): void {
  if (version === 3 && !isCompressed && writable) throw new CommandError('VMDK version 3 must be read only');
}

/** The first sector of an extent. */
export function serialiseSparseHeader(header: SparseHeader): Uint8Array {
  const view = new DataView(new ArrayBuffer(SECTOR));
  view.setUint32(0, SPARSE_MAGIC, true);
  view.setUint32(4, header.version, true);
  view.setUint32(8, header.flags, true);
  for (const [at, value] of [
    [12, header.capacity],
    [20, header.grain],
    [28, header.descriptorOffset],
    [36, header.descriptorSize],
    [48, header.redundantDirectoryOffset],
    [56, header.directoryOffset],
    [64, header.overhead],
  ] as const)
    view.setBigUint64(at, BigInt(value), true);
  view.setUint32(44, header.entriesPerTable, true);
  // Whoever copies the file as a text spoils these.
  for (const [index, character] of ['\n', ' ', '\r', '\n'].entries())
    view.setUint8(73 + index, character.charCodeAt(0));
  view.setUint16(77, header.isCompressed ? DEFLATE : 0, true);
  return new Uint8Array(view.buffer);
}
