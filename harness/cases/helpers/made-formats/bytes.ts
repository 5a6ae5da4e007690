/** Numbers as they stand in image files. */

function numbered(length: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
}

/** A little-endian number of 16 bits. */
export const le16 = (value: number): Buffer => numbered(2, (bytes) => bytes.writeUInt16LE(value));
/** A little-endian number of 32 bits. */
export const le32 = (value: number): Buffer => numbered(4, (bytes) => bytes.writeUInt32LE(value));
/** A little-endian number of 64 bits. */
export const le64 = (value: number | bigint): Buffer =>
  numbered(8, (bytes) => bytes.writeBigUInt64LE(BigInt(value)));
/** A big-endian number of 32 bits. */
export const be32 = (value: number): Buffer => numbered(4, (bytes) => bytes.writeUInt32BE(value));
/** A big-endian number of 64 bits. */
export const be64 = (value: number | bigint): Buffer =>
  numbered(8, (bytes) => bytes.writeBigUInt64BE(BigInt(value)));

/** Bytes that are put into an image at an offset. */
export type Patch = readonly [offset: number, bytes: Buffer | string];

/** The image with these bytes in it, which it may grow by. */
export function patched(image: Buffer, patches: readonly Patch[]): Buffer {
  const length = Math.max(image.length, ...patches.map(([offset, bytes]) => offset + bytes.length));
  const copy = Buffer.alloc(length);
  image.copy(copy);
  for (const [offset, bytes] of patches)
    copy.set(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, offset);
  return copy;
}
