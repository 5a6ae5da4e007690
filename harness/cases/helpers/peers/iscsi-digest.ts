/** The digest of headers of iSCSI. */
import { crc32c as checksum } from '../castagnoli.ts';
import { le32 } from '../made-formats/bytes.ts';

/** CRC-32C of a header, as it follows it. */
export function crc32c(bytes: Buffer): Buffer {
  return le32(checksum(bytes));
}
