/** Whether bytes are zeroes: compared with zeroes, which the host does far faster than a loop here. */
const ZEROES = Buffer.alloc(65536);

/** Whether all bytes are zero. */
export function isZero(data: Uint8Array): boolean {
  for (let at = 0; at < data.length; at += ZEROES.length) {
    const length = Math.min(ZEROES.length, data.length - at);
    if (ZEROES.compare(data, at, at + length, 0, length) !== 0) return false;
  }
  return true;
}
