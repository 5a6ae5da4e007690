/** zlib streams that unpack to a known number of bytes. */
import zlib from 'node:zlib';
import { IoError } from '../../host/errno.ts';

/** Unpacks a zlib stream; what follows it is left aside. One that is broken, too long or too short is an I/O error. */
export function inflate(stream: Uint8Array, length: number): Uint8Array {
  try {
    const data = zlib.inflateSync(stream, { maxOutputLength: length });
    if (data.length === length) return data;
  } catch {
    // falls through: the stream is broken
  }
  throw new IoError('EIO');
}
