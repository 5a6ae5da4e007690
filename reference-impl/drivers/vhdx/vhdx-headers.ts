/**
 * The beginning of a VHDX image: what says that it is one, and its two headers, of which the one with the higher sequence number
 * counts. A header is changed by writing the other.
 *
 * Source: the published specification [MS-VHDX]; texts of errors, and what is refused, as observed.
 */
import { crc32cAround } from '../../crypto/crc32c.ts';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle } from '../driver.ts';

const FILE_TYPE = 'vhdxfile';
const SIGNATURE = 'head';
const HEADER_BYTES = 4096;
const PLACES = [0x10000, 0x20000] as const;
const LOG_VERSION = 0;
const VERSION = 1;
export const MIB = 1 << 20;
/** Where checksums stand, in all structures of the format. */
export const CHECKSUM_AT = 4;
export const GUID_BYTES = 16;

const Field = {
  sequence: 8,
  fileWriteId: 0x10,
  dataWriteId: 0x20,
  logId: 0x30,
  logVersion: 0x40,
  version: 0x42,
  logLength: 0x44,
  logOffset: 0x48,
} as const;

/** Where something lies in the file; bytes. */
export interface Region {
  readonly offset: number;
  readonly length: number;
}

export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

/** An offset or a length; beyond 2^53 it is rounded, and far out anyway. */
export const uint64At = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

export function startsWith(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.subarray(0, text.length)).toString('latin1') === text;
}

export function isVhdx(start: Uint8Array): boolean {
  return startsWith(start, FILE_TYPE);
}

/** Whether a structure holds its own checksum. */
export function isWhole(bytes: Uint8Array): boolean {
  return crc32cAround(bytes, CHECKSUM_AT) === viewOf(bytes).getUint32(CHECKSUM_AT, true);
}

/** Puts the checksum of a structure into it. */
export function seal(bytes: Uint8Array): Uint8Array {
  viewOf(bytes).setUint32(CHECKSUM_AT, crc32cAround(bytes, CHECKSUM_AT), true);
  return bytes;
}

/** The bytes at a place; zeroes behind the end of the file. */
export async function bytesAt(file: ChildHandle, place: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.read(place, bytes.subarray(0, Math.max(0, file.length() - place)));
  return bytes;
}

/** What a header says that changes. */
export interface HeaderChanges {
  readonly fileWriteId?: Uint8Array;
  readonly dataWriteId?: Uint8Array;
  /** Entries of the log that have this id are to be replayed; zeroes: none is. */
  readonly logId?: Uint8Array;
}

/** Both headers. */
export class VhdxHeaders {
  readonly #file: ChildHandle;
  /** The one that counts, and which of the places it has. */
  #current: Uint8Array;
  #place: 0 | 1;

  private constructor(file: ChildHandle, current: Uint8Array, place: 0 | 1) {
    this.#file = file;
    this.#current = current;
    this.#place = place;
  }

  /** Throws `CommandError` or `IoError`. */
  static async open(file: ChildHandle): Promise<VhdxHeaders> {
    if (!isVhdx(await bytesAt(file, 0, FILE_TYPE.length))) throw new IoError('EINVAL');
    const headers = [await readHeader(file, PLACES[0]), await readHeader(file, PLACES[1])];
    const place = pick(headers);
    if (place === undefined) throw new CommandError('No valid VHDX header found');
    const opened = new VhdxHeaders(file, headers[place]!, place);
    const view = viewOf(opened.#current);
    const { offset, length } = opened.log;
    if (view.getUint16(Field.logVersion, true) !== LOG_VERSION) throw new IoError('EINVAL');
    if (length === 0 || length % MIB !== 0 || offset % MIB !== 0 || offset + length > file.length())
      throw new IoError('EINVAL');
    return opened;
  }

  get log(): Region {
    const view = viewOf(this.#current);
    return { offset: uint64At(view, Field.logOffset), length: view.getUint32(Field.logLength, true) };
  }

  get logId(): Uint8Array {
    return this.#current.subarray(Field.logId, Field.logId + GUID_BYTES);
  }

  /** Writes the other header, on stable storage; the one that counted so far stays what it is until then. */
  async change(changes: HeaderChanges): Promise<void> {
    const bytes = this.#current.slice();
    const view = viewOf(bytes);
    for (const [field, id] of Object.entries(changes) as [keyof HeaderChanges, Uint8Array][])
      bytes.set(id, Field[field]);
    view.setBigUint64(Field.sequence, view.getBigUint64(Field.sequence, true) + 1n, true);
    const place = this.#place === 0 ? 1 : 0;
    await this.#file.write(PLACES[place], seal(bytes));
    await this.#file.flush();
    this.#current = bytes;
    this.#place = place;
  }
}

/** The header at a place; undefined if it is none. */
async function readHeader(file: ChildHandle, place: number): Promise<Uint8Array | undefined> {
  const bytes = await bytesAt(file, place, HEADER_BYTES);
  const isHeader =
    startsWith(bytes, SIGNATURE) &&
    viewOf(bytes).getUint16(Field.version, true) === VERSION &&
    isWhole(bytes);
  return isHeader ? bytes : undefined;
}

/** Which of both counts. Two that say different things under one number are none. */
function pick([first, second]: (Uint8Array | undefined)[]): 0 | 1 | undefined {
  if (!first || !second) return first ? 0 : second && 1;
  const [a, b] = [first, second].map((header) => viewOf(header).getBigUint64(Field.sequence, true));
  if (a === b) return Buffer.compare(first, second) === 0 ? 0 : undefined;
  return a! > b! ? 0 : 1;
}

/** The first 192 KiB of a new image. */
export function newHeaders(log: Region, sequence: number, newId: () => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(3 * PLACES[0]);
  bytes.set(Buffer.from(FILE_TYPE));
  bytes.set(Buffer.from('QEMU', 'utf16le'), FILE_TYPE.length);
  const [fileWriteId, dataWriteId] = [newId(), newId()];
  for (const [index, place] of PLACES.entries()) {
    const header = bytes.subarray(place, place + HEADER_BYTES);
    const view = viewOf(header);
    header.set(Buffer.from(SIGNATURE));
    view.setBigUint64(Field.sequence, BigInt(sequence + index), true);
    header.set(fileWriteId, Field.fileWriteId);
    header.set(dataWriteId, Field.dataWriteId);
    view.setUint16(Field.version, VERSION, true);
    view.setUint32(Field.logLength, log.length, true);
    view.setBigUint64(Field.logOffset, BigInt(log.offset), true);
    seal(header);
  }
  return bytes;
}
