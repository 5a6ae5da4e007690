/** The digest of headers of iSCSI. */

/** CRC-32C of a header, as it follows it. */
export function crc32c(bytes: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  const digest = Buffer.alloc(4);
  digest.writeUInt32LE((crc ^ 0xffffffff) >>> 0);
  return digest;
}
