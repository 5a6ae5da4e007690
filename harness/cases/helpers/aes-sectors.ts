/**
 * Disks encrypted with AES by sectors, in every mode and with every vector that LUKS names. Written from the public
 * specifications of the modes, over the bare cipher alone: XTS, which is not to be had with keys of 192 bits, among them.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

const SECTOR = 512;
const BLOCK = 16;

/** A key, and the mode of a LUKS header: `xts-plain64`, `cbc-essiv:sha256`. */
export interface AesSectors {
  readonly key: Buffer;
  readonly mode: string;
}

type Way = 'encrypt' | 'decrypt';

/** Whole sectors, of which the first is at byte `offset` as the cipher counts. */
export function aesSectors({ key, mode }: AesSectors, bytes: Buffer, offset: number, way: Way): Buffer {
  const [chaining, ...rest] = mode.split('-');
  const sectors: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += SECTOR) {
    const vector = vectorOf(rest.join('-'), key, (offset + at) / SECTOR);
    const sector = bytes.subarray(at, at + SECTOR);
    sectors.push(
      chaining === 'xts' ? xts(key, vector, sector, way) : aes(chaining!, key, vector, sector, way),
    );
  }
  return Buffer.concat(sectors);
}

function aes(chaining: string, key: Buffer, vector: Buffer, bytes: Buffer, way: Way): Buffer {
  const make = way === 'encrypt' ? createCipheriv : createDecipheriv;
  return make(`aes-${key.length * 8}-${chaining}`, key, chaining === 'ecb' ? null : vector)
    .setAutoPadding(false)
    .update(bytes);
}

/** The second half of the key makes the tweaks: the vector encrypted, then doubled from block to block. */
function xts(key: Buffer, vector: Buffer, bytes: Buffer, way: Way): Buffer {
  const half = key.length / 2;
  const first = aes('ecb', key.subarray(half), vector, vector, 'encrypt');
  let tweak = BigInt(`0x${Buffer.from(first.toReversed()).toString('hex')}`);
  const tweaks = Buffer.alloc(bytes.length);
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const bytesOfTweak = Buffer.from(tweak.toString(16).padStart(2 * BLOCK, '0'), 'hex');
    tweaks.set(bytesOfTweak.toReversed(), at);
    tweak = BigInt.asUintN(128, tweak << 1n) ^ (tweak >> 127n === 1n ? 0x87n : 0n);
  }
  return sumOf(aes('ecb', key.subarray(0, half), vector, sumOf(bytes, tweaks), way), tweaks);
}

/** Bit by bit, without carrying. */
export function sumOf(some: Buffer, others: Buffer): Buffer {
  const sum = Buffer.alloc(some.length);
  for (let at = 0; at < sum.length; at += 1) sum[at] = some[at]! ^ others[at]!;
  return sum;
}

function vectorOf(kind: string, key: Buffer, sector: number): Buffer {
  const vector = Buffer.alloc(BLOCK);
  if (kind === 'plain') vector.writeUInt32LE(sector % 2 ** 32);
  else vector.writeBigUInt64LE(BigInt(sector));
  const [name, hash] = kind.split(':');
  if (name !== 'essiv') return vector;
  return aes('ecb', createHash(hash!).update(key).digest(), vector, vector, 'encrypt');
}
