/**
 * The anti-forensic splitter of LUKS: blows a key up to many stripes of which every bit is needed to get it back.
 *
 * Source: LUKS On-Disk Format Specification 1.2.3, chapter 2.4.
 */
import { createHash } from 'node:crypto';

/** `random`: all stripes but the last one are what it gives. */
export function split(
  key: Uint8Array,
  stripes: number,
  hash: string,
  random: (bytes: number) => Uint8Array,
): Uint8Array {
  const result = Uint8Array.from(random(key.length * stripes));
  const sum = fold(result, key.length, stripes, hash);
  result.set(
    key.map((byte, i) => byte ^ sum[i]!),
    key.length * (stripes - 1),
  );
  return result;
}

export function merge(material: Uint8Array, keyBytes: number, stripes: number, hash: string): Uint8Array {
  const sum = fold(material, keyBytes, stripes, hash);
  return sum.map((byte, i) => byte ^ material[keyBytes * (stripes - 1) + i]!);
}

/** All stripes but the last one, each mixed into the diffused sum of those before. */
function fold(material: Uint8Array, keyBytes: number, stripes: number, hash: string): Uint8Array {
  const size = createHash(hash).digest().length;
  let sum = new Uint8Array(keyBytes);
  for (let stripe = 0; stripe < stripes - 1; stripe++) {
    for (let i = 0; i < keyBytes; i++) sum[i]! ^= material[stripe * keyBytes + i]!;
    sum = diffuse(sum, hash, size);
  }
  return sum;
}

/** Replaces each piece as long as a digest by the digest of its number and itself. `size`: of a digest. */
function diffuse(block: Uint8Array, hash: string, size: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(block.length);
  for (let index = 0; index * size < block.length; index++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(index);
    const piece = block.subarray(index * size, (index + 1) * size);
    result.set(
      createHash(hash).update(number).update(piece).digest().subarray(0, piece.length),
      index * size,
    );
  }
  return result;
}
