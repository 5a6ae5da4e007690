/**
 * Directories of a FAT: entries of 32 bytes, made from what the host knows of a file, and read again.
 *
 * Source: "Microsoft FAT Specification", section 6.
 */
import { ENTRY_BYTES } from './fat-layout.ts';
import { Attribute, checksum, DELETED, LongName, longNameEntries, nameOfShort } from './fat-names.ts';

/** Milliseconds since the epoch. */
export interface FileTimes {
  readonly changed: number;
  readonly read: number;
  readonly written: number;
}

export interface EntryFields {
  /** 11 bytes. */
  readonly short: string;
  readonly attributes: number;
  readonly times?: FileTimes;
  /** The cluster that it starts with; 0 if it has none. */
  readonly first: number;
  readonly size: number;
}

/** The years that a date can name. */
const FIRST_YEAR = 1980;
const YEARS = 128;
const NO_MORE = 0;

export function entry({ short, attributes, times, first, size }: EntryFields): Uint8Array {
  const bytes = Buffer.alloc(ENTRY_BYTES);
  bytes.write(short, 'latin1');
  bytes[11] = attributes;
  if (times) {
    const [changed, read, written] = [times.changed, times.read, times.written].map(dateAndTime) as [
      DateAndTime,
      DateAndTime,
      DateAndTime,
    ];
    bytes.writeUInt16LE(changed.time, 14);
    bytes.writeUInt16LE(changed.date, 16);
    bytes.writeUInt16LE(read.date, 18);
    bytes.writeUInt16LE(written.time, 22);
    bytes.writeUInt16LE(written.date, 24);
  }
  bytes.writeUInt16LE(first >>> 16, 20);
  bytes.writeUInt16LE(first & 0xffff, 26);
  bytes.writeUInt32LE(size, 28);
  return bytes;
}

/** The entries of a file: those of its long name, if that is one, and the short one. */
export function entriesOf(name: string | undefined, fields: EntryFields): Uint8Array[] {
  const short = Buffer.from(fields.short, 'latin1');
  return [...(name === undefined ? [] : longNameEntries(name, checksum(short))), entry(fields)];
}

interface DateAndTime {
  readonly date: number;
  readonly time: number;
}

/** In the endpoint's time zone, as guests take it. What lies outside of the years is the first or last moment of them. */
function dateAndTime(milliseconds: number): DateAndTime {
  const date = new Date(milliseconds);
  const year = date.getFullYear() - FIRST_YEAR;
  if (!(year >= 0)) return { date: (1 << 5) | 1, time: 0 };
  if (year >= YEARS) return { date: ((YEARS - 1) << 9) | (12 << 5) | 31, time: (23 << 11) | (59 << 5) | 29 };
  return {
    date: (year << 9) | ((date.getMonth() + 1) << 5) | date.getDate(),
    time: (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1),
  };
}

/** An entry of a directory that names a file or a directory. */
export interface ParsedEntry {
  readonly name: string;
  /** It is not known in which case it was written. */
  readonly hasNoCase: boolean;
  readonly isDirectory: boolean;
  readonly first: number;
  readonly size: number;
}

/** What a directory of these bytes lists, `.` and `..` included. Labels and what is deleted is left out. */
export function* parseDirectory(bytes: Buffer): Generator<ParsedEntry> {
  const longName = new LongName();
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    const one = bytes.subarray(at, at + ENTRY_BYTES);
    if (one[0] === NO_MORE) return;
    const attributes = one[11]!;
    if (one[0] === DELETED) longName.take(one);
    else if ((attributes & 0x3f) === Attribute.longName) longName.add(one);
    else {
      const name = longName.take(one);
      if (attributes & Attribute.volume) continue;
      yield {
        name: name ?? nameOfShort(one),
        hasNoCase: name === undefined,
        isDirectory: (attributes & Attribute.directory) !== 0,
        first: one.readUInt16LE(20) * 0x10000 + one.readUInt16LE(26),
        size: one.readUInt32LE(28),
      };
    }
  }
}
