/** Whether all bytes are zero. */
export function isZero(data: Uint8Array): boolean {
  const words = data.byteOffset % 8 === 0 ? Math.floor(data.length / 8) : 0;
  const wide = new BigUint64Array(data.buffer, words > 0 ? data.byteOffset : 0, words);
  for (let index = 0; index < words; index += 1) if (wide[index] !== 0n) return false;
  for (let index = words * 8; index < data.length; index += 1) if (data[index] !== 0) return false;
  return true;
}
