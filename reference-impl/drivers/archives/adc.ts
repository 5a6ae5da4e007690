/**
 * Apple Data Compression, as old disk images of macOS use it: bytes as they are, and copies of earlier ones.
 *
 * Each piece begins with a byte that says its kind: 1nnnnnnn is followed by n+1 bytes as they are; 01nnnnnn and two bytes stand
 * for n+4 bytes from 1 + those two bytes back; 00nnnndd and one byte for n+3 from 1 + those ten bits back.
 */
import { IoError } from '../../host/errno.ts';

/** Unpacks a stream of this many bytes. One that is cut short, too long, or points before its start is an I/O error. */
export function unpackAdc(stream: Uint8Array, length: number): Uint8Array {
  const data = new Uint8Array(length);
  let done = 0;
  for (let at = 0; done < length; ) {
    if (at >= stream.length) throw new IoError('EIO');
    const kind = stream[at]!;
    const { count, distance, bytes } = piece(kind, stream[at + 1] ?? 0, stream[at + 2] ?? 0);
    const isCut = at + bytes > stream.length;
    if (isCut || done + count > length || distance > done) throw new IoError('EIO');
    if (distance === 0) data.set(stream.subarray(at + 1, at + bytes), done);
    // One by one: a copy may reach into itself, and so repeat.
    else for (let i = 0; i < count; i++) data[done + i] = data[done + i - distance]!;
    done += count;
    at += bytes;
  }
  return data;
}

/** `distance` is 0 where the bytes follow. */
function piece(kind: number, second: number, third: number) {
  if (kind & 0x80) {
    const count = (kind & 0x7f) + 1;
    return { count, distance: 0, bytes: count + 1 };
  }
  if (kind & 0x40) return { count: (kind & 0x3f) + 4, distance: second * 256 + third + 1, bytes: 3 };
  return { count: (kind >> 2) + 3, distance: (kind & 3) * 256 + second + 1, bytes: 2 };
}
