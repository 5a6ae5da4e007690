/**
 * The log of a VHDX image, built and taken apart. Written from the published specification [MS-VHDX]: a ring of entries, each of a
 * header, descriptors of what becomes of sectors of 4 KiB, and a sector for each that holds data.
 */
import { crc32c } from '../castagnoli.ts';
import { le32, le64, type Patch, patched } from './bytes.ts';
import { mendVhdx, VHDX_HEADERS } from './made-vhdx.ts';

/** Bytes of what is logged as a whole, and the unit of the ring. */
export const LOG_SECTOR = 4096;
/** The id of the entries that the header names. */
export const LOG_ID = Buffer.alloc(16, 0x1e);

/** Zeroes for so many bytes, or a sector of data, at an offset of the file. */
export type Logged = readonly [offset: number, what: number | Buffer];

/** What an entry is to say. */
export interface LogEntry {
  /** Where it begins in the log, and where the sequence that it ends does. */
  readonly at: number;
  readonly tail: number;
  readonly sequence: bigint;
  readonly changes: readonly Logged[];
  readonly id?: Buffer;
  /** How long the file must be, and how long it becomes. */
  readonly flushed: number;
  readonly last: number;
  /** What is wrong with it; the checksum is right all the same. */
  readonly flaw?: readonly Patch[];
}

const whole = (bytes: number) => Math.ceil(bytes / LOG_SECTOR) * LOG_SECTOR;

/** The bytes of an entry. */
export function buildLogEntry(entry: LogEntry): Buffer {
  const { tail, sequence, changes, id = LOG_ID, flushed, last, flaw = [] } = entry;
  const descriptors = changes.map(([offset, what]) =>
    Buffer.concat([
      ...(typeof what === 'number'
        ? [Buffer.from('zero'), le32(0), le64(what)]
        : [Buffer.from('desc'), what.subarray(-4), what.subarray(0, 8)]),
      le64(offset),
      le64(sequence),
    ]),
  );
  const sectors = changes.flatMap(([, what]) =>
    typeof what === 'number'
      ? []
      : [
          patched(what, [
            [0, 'data'],
            [4, le32(Number(sequence >> 32n))],
            [LOG_SECTOR - 4, le32(Number(sequence & 0xffffffffn))],
          ]),
        ],
  );
  const head = Buffer.alloc(whole(64 + descriptors.length * 32));
  Buffer.concat(descriptors).copy(head, 64);
  const bytes = Buffer.concat([head, ...sectors]);
  const made = patched(bytes, [
    [0, 'loge'],
    [8, le32(bytes.length)],
    [12, le32(tail)],
    [16, le64(sequence)],
    [24, le32(changes.length)],
    [32, id],
    [48, le64(flushed)],
    [56, le64(last)],
    ...flaw,
  ]);
  return patched(made, [[4, le32(crc32c(patched(made, [[4, le32(0)]])))]]);
}

/** The image with a log in which these entries stand, over the end of the ring too, and that is to be replayed. */
export function withLog(
  image: Buffer,
  [offset, length]: readonly [offset: number, length: number],
  entries: readonly { readonly at: number; readonly bytes: Buffer }[],
): Buffer {
  const logged = entries.flatMap(({ at, bytes }): Patch[] => [
    [offset + at, bytes.subarray(0, length - at)],
    [offset, bytes.subarray(length - at)],
  ]);
  const named = VHDX_HEADERS.flatMap((header): Patch[] => [
    [header + 0x30, LOG_ID],
    [header + 0x44, le32(length)],
    [header + 0x48, le64(offset)],
  ]);
  return mendVhdx(patched(image, [[offset + length, ''], ...logged, ...named]));
}

/** What an entry says. */
export interface ParsedEntry {
  readonly sequence: bigint;
  readonly id: Buffer;
  readonly flushed: number;
  readonly last: number;
  /** Sectors of the file as the entry has them. */
  readonly sectors: readonly { readonly offset: number; readonly bytes: Buffer }[];
  /** What is not as it must be. */
  readonly flaws: readonly string[];
}

/** The entries of a log that hold their own checksum, and do not go over its end; the oldest first. */
export function parseLog(log: Buffer): ParsedEntry[] {
  const entries: ParsedEntry[] = [];
  for (let at = 0; at < log.length; at += LOG_SECTOR) {
    const length = log.readUInt32LE(at + 8);
    const bytes = log.subarray(at, at + length);
    if (!bytes.subarray(0, 4).equals(Buffer.from('loge')) || bytes.length < LOG_SECTOR) continue;
    if (bytes.readUInt32LE(4) === crc32c(patched(bytes, [[4, le32(0)]]))) entries.push(parseEntry(bytes));
  }
  return entries.toSorted((a, b) => (a.sequence < b.sequence ? -1 : 1));
}

function parseEntry(entry: Buffer): ParsedEntry {
  const sequence = entry.readBigUInt64LE(16);
  const count = entry.readUInt32LE(24);
  const head = whole(64 + count * 32);
  const flaws: string[] = [];
  if (entry.length !== head + count * LOG_SECTOR) flaws.push('its length');
  const sectors = Array.from({ length: count }, (_, index) => {
    const descriptor = entry.subarray(64 + index * 32, 96 + index * 32);
    const data = entry.subarray(head + index * LOG_SECTOR, head + (index + 1) * LOG_SECTOR);
    if (descriptor.subarray(0, 4).toString('latin1') !== 'desc') flaws.push(`the kind of change ${index}`);
    if (descriptor.readBigUInt64LE(24) !== sequence) flaws.push(`the number of change ${index}`);
    const mark = (BigInt(data.readUInt32LE(4)) << 32n) | BigInt(data.readUInt32LE(LOG_SECTOR - 4));
    if (data.subarray(0, 4).toString('latin1') !== 'data') flaws.push(`the mark of sector ${index}`);
    if (mark !== sequence) flaws.push(`the number of sector ${index}`);
    const bytes = Buffer.concat([
      descriptor.subarray(8, 16),
      data.subarray(8, LOG_SECTOR - 4),
      descriptor.subarray(4, 8),
    ]);
    return { offset: Number(descriptor.readBigUInt64LE(16)), bytes };
  });
  const [flushed, last] = [Number(entry.readBigUInt64LE(48)), Number(entry.readBigUInt64LE(56))];
  return { sequence, id: entry.subarray(32, 48), flushed, last, sectors, flaws };
}
