/** CRC-32C (Castagnoli), as formats and protocols guard their structures with it. */

const POLYNOMIAL = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** The checksum of `bytes`, or of what had the checksum `before` with them behind it. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let at = 0; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const NOTHING = new Uint8Array(4);

/** The checksum of `bytes` where they hold it themselves, at `at`: as if those four bytes were zeroes. */
export function crc32cAround(bytes: Uint8Array, at: number): number {
  return crc32c(bytes.subarray(at + 4), crc32c(NOTHING, crc32c(bytes.subarray(0, at))));
}
