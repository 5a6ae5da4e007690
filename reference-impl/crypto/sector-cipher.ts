/** Disk encryption by sectors of 512 bytes: a cipher of Node's, and an initialization vector from the sector's number. */
import { createCipheriv, createDecipheriv, createHash, getCiphers, getHashes } from 'node:crypto';

/** Bytes that are encrypted together, by LUKS and by qcow2 alike. */
export const SECTOR = 512;
const BLOCK = 16;

/** Encrypts and decrypts whole sectors. Offsets are bytes of what the volume counts from; they start a sector. */
export interface SectorCipher {
  /** A copy. */
  encrypt(offset: number, data: Uint8Array): Uint8Array;
  /** Decrypts `data` in place. */
  decrypt(offset: number, data: Uint8Array): void;
}

export interface CipherSpec {
  /** `QCryptoCipherAlgorithm` without its key size: `aes`. */
  readonly cipher: string;
  /** `QCryptoCipherMode` */
  readonly mode: string;
  /** `QCryptoIVGenAlgorithm` */
  readonly ivgen: string;
  /** For `essiv`: `QCryptoHashAlgorithm`. */
  readonly ivgenHash?: string | undefined;
}

/** Node's name of a cipher with a key of so many bytes; undefined if it has none. */
function nodeCipher({ cipher, mode }: CipherSpec, keyBytes: number): string | undefined {
  const bits = mode === 'xts' ? keyBytes * 4 : keyBytes * 8;
  const name = `${cipher}-${bits}-${mode}`;
  return getCiphers().includes(name) ? name : undefined;
}

export function hasHash(name: string): boolean {
  return getHashes().includes(name);
}

/** Can these be had with a key of so many bytes? */
export function isSupported(spec: CipherSpec, keyBytes: number): boolean {
  if (nodeCipher(spec, keyBytes) === undefined) return false;
  if (spec.ivgen !== 'essiv') return spec.ivgen === 'plain' || spec.ivgen === 'plain64';
  const hash = spec.ivgenHash;
  if (hash === undefined || !hasHash(hash)) return false;
  return essivCipher(spec, createHash(hash).digest()) !== undefined;
}

function essivCipher({ cipher }: CipherSpec, key: Uint8Array): string | undefined {
  const name = `${cipher}-${key.length * 8}-ecb`;
  return getCiphers().includes(name) ? name : undefined;
}

/** `isSupported` has said yes. */
export function sectorCipher(spec: CipherSpec, key: Uint8Array): SectorCipher {
  const name = nodeCipher(spec, key.length)!;
  const vector = vectors(spec, key);
  const sectors = function* (
    offset: number,
    data: Uint8Array,
  ): Generator<[iv: Uint8Array | null, sector: Uint8Array]> {
    for (let at = 0; at < data.length; at += SECTOR)
      yield [vector((offset + at) / SECTOR), data.subarray(at, at + SECTOR)];
  };
  return {
    encrypt: (offset, data) => {
      const result = new Uint8Array(data.length);
      let at = 0;
      for (const [iv, sector] of sectors(offset, data)) {
        result.set(createCipheriv(name, key, iv).setAutoPadding(false).update(sector), at);
        at += SECTOR;
      }
      return result;
    },
    decrypt: (offset, data) => {
      for (const [iv, sector] of sectors(offset, data))
        sector.set(createDecipheriv(name, key, iv).setAutoPadding(false).update(sector));
    },
  };
}

function vectors(spec: CipherSpec, key: Uint8Array): (sector: number) => Uint8Array | null {
  if (spec.mode === 'ecb') return () => null;
  const plain = (sector: number) => {
    const iv = new Uint8Array(BLOCK);
    const view = new DataView(iv.buffer);
    if (spec.ivgen === 'plain') view.setUint32(0, sector % 2 ** 32, true);
    else view.setBigUint64(0, BigInt(sector), true);
    return iv;
  };
  if (spec.ivgen !== 'essiv') return plain;
  const salt = createHash(spec.ivgenHash!).update(key).digest();
  const name = essivCipher(spec, salt)!;
  return (sector) => createCipheriv(name, salt, null).setAutoPadding(false).update(plain(sector));
}
