/** The bitmaps that a qcow2 image stores. Written from the public format specification. */
import { EXTENSION, OFFSET_MASK, type Qcow2Header } from './qcow2-header.ts';

interface Place {
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
}

interface Qcow2Bitmap {
  readonly name: string;
  readonly flags: number;
  /** Bytes. */
  readonly granularity: number;
  readonly table: Place;
  /** Where the clusters of its data begin, bytes; those without a place are left out. */
  readonly clusters: readonly number[];
}

/** The directory and its bitmaps, and what is wrong with them in plain words, to be said of the image. */
export interface Qcow2Bitmaps {
  readonly directory: Place;
  readonly bitmaps: readonly Qcow2Bitmap[];
  readonly faults: readonly string[];
}

const ENTRY = 24;
const IN_USE = 1;
const KNOWN_FLAGS = 7;
const RESERVED = 0xff00_0000_0000_01fen;

/** Of an image that has the extension for bitmaps. Throws RangeError if something leads out of the file. */
export function parseBitmaps(bytes: Buffer, header: Qcow2Header): Qcow2Bitmaps {
  const extension = header.extensions.get(EXTENSION.bitmaps)!;
  const count = extension.readUInt32BE(0);
  const directory = {
    length: Number(extension.readBigUInt64BE(8)),
    offset: Number(extension.readBigUInt64BE(16)),
  };
  const faults: string[] = [];
  if (count === 0) faults.push('has an extension for bitmaps, and none in it');
  if (extension.length !== 24 || extension.readUInt32BE(4) !== 0)
    faults.push('has an extension for bitmaps of another form');
  const bitmaps: Qcow2Bitmap[] = [];
  let at = directory.offset;
  for (let index = 0; index < count; index += 1) {
    const flags = bytes.readUInt32BE(at + 12);
    const [type, granularity] = [bytes[at + 16]!, 2 ** bytes[at + 17]!];
    const nameAt = at + ENTRY + bytes.readUInt32BE(at + 20);
    const nameEnd = nameAt + bytes.readUInt16BE(at + 18);
    const name = bytes.toString('utf8', nameAt, nameEnd);
    const table = { offset: Number(bytes.readBigUInt64BE(at)), length: bytes.readUInt32BE(at + 8) * 8 };
    if ((flags & IN_USE) !== 0) faults.push('has a bitmap that is still marked as in use');
    if ((flags & ~KNOWN_FLAGS) !== 0) faults.push('has a bitmap with flags that are not defined');
    if (type !== 1) faults.push(`has a bitmap of type ${type}`);
    if (name === '' || bitmaps.some((other) => other.name === name))
      faults.push('has a bitmap without a name of its own');
    const bits = Math.ceil(header.size / granularity);
    if (table.length !== Math.ceil(bits / 8 / header.clusterSize) * 8)
      faults.push('has a bitmap whose table is not of its size');
    bitmaps.push({ name, flags, granularity, table, clusters: clustersOf(bytes, table, faults) });
    at = Math.ceil(nameEnd / 8) * 8;
  }
  if (at - directory.offset !== directory.length)
    faults.push('has a bitmap directory that is not of the size that the header tells');
  return { directory, bitmaps, faults };
}

function clustersOf(bytes: Buffer, { offset, length }: Place, faults: string[]): number[] {
  const clusters: number[] = [];
  for (let at = offset; at < offset + length; at += 8) {
    const entry = bytes.readBigUInt64BE(at);
    const cluster = Number(entry & OFFSET_MASK);
    if ((entry & RESERVED) !== 0n || (cluster !== 0 && (entry & 1n) !== 0n))
      faults.push('has reserved bits in a bitmap table');
    if (cluster !== 0) clusters.push(cluster);
  }
  return clusters;
}
