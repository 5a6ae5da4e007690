/** Grains of streamOptimized extents: a number of the disk's sector, a length, and a zlib stream of that length. */
import zlib from 'node:zlib';
import { IoError } from '../../host/errno.ts';
import type { ChildHandle } from '../driver.ts';
import { SECTOR } from './vmdk-header.ts';

const MARKER_BYTES = 12;

/**
 * The grain of `length` bytes whose marker is at `offset`. One that is broken, too long or too short is an I/O error; the last
 * one of a disk of `size` bytes may end with it.
 */
export async function inflateGrain(
  file: ChildHandle,
  offset: number,
  length: number,
  size: number,
): Promise<Uint8Array> {
  const marker = new Uint8Array(MARKER_BYTES);
  await file.read(offset, marker);
  const view = new DataView(marker.buffer);
  const packed = view.getUint32(8, true);
  const toEnd = size - Number(view.getBigUint64(0, true)) * SECTOR;
  const start = offset + MARKER_BYTES;
  // What lies behind the end of the file would only be zeroes; a stream is hardly longer than what it stands for.
  const stream = new Uint8Array(Math.max(0, Math.min(packed, 2 * length, file.length() - start)));
  await file.read(start, stream);
  try {
    const grain = zlib.inflateSync(stream, { maxOutputLength: length });
    if (grain.length === length) return grain;
    if (grain.length >= toEnd && toEnd > 0) return Buffer.concat([grain], length);
  } catch {
    // falls through: the stream is broken
  }
  throw new IoError('EINVAL');
}

/** What stands in the file for a grain that starts at this sector of the extent: whole sectors. */
export function deflateGrain(grain: Uint8Array, sector: number): Uint8Array {
  const stream = zlib.deflateSync(grain);
  const bytes = new Uint8Array(Math.ceil((MARKER_BYTES + stream.length) / SECTOR) * SECTOR);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(sector), true);
  view.setUint32(8, stream.length, true);
  bytes.set(stream, MARKER_BYTES);
  return bytes;
}
