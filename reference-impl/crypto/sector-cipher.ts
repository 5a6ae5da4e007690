/**
 * Disk encryption by sectors of 512 bytes: a cipher, Node's where it has it, and an initialization vector from the
 * sector's number.
 */
import { createCipheriv, createDecipheriv, createHash, getCiphers } from 'node:crypto';
import type { QCryptoHashAlgorithm } from '../../spec/generated/qmp.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { BlockCipher } from './block-cipher.ts';
import { type Mode, type ModeCipher, modeCipher, XTS_BLOCK } from './block-modes.ts';
import { cast5 } from './cast5.ts';
import { serpent } from './serpent.ts';
import { twofish } from './twofish.ts';

/** Bytes that are encrypted together, by LUKS and by qcow2 alike. */
export const SECTOR = 512;

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

interface Family {
  /** As messages call it. */
  readonly title: string;
  readonly blockBytes: number;
  /** Bytes. */
  readonly keys: readonly number[];
  readonly withKey: (key: Uint8Array) => BlockCipher;
}

const AES_BLOCK = 16;
const NO_VECTOR = new Uint8Array();
const KEYS = [16, 24, 32];

const FAMILIES: Readonly<Record<string, Family>> = {
  aes: { title: 'AES', blockBytes: AES_BLOCK, keys: KEYS, withKey: aes },
  serpent: { title: 'Serpent', blockBytes: 16, keys: KEYS, withKey: serpent },
  twofish: { title: 'Twofish', blockBytes: 16, keys: KEYS, withKey: twofish },
  cast5: { title: 'CAST5', blockBytes: 8, keys: [16], withKey: cast5 },
};

const MODES: ReadonlySet<string> = new Set<Mode>(['ecb', 'cbc', 'ctr', 'xts']);

/** `cipher`: as `CipherSpec.cipher`. */
export function hasCipher(cipher: string): boolean {
  return Object.hasOwn(FAMILIES, cipher);
}

function familyOf({ cipher }: CipherSpec): Family | undefined {
  return hasCipher(cipher) ? FAMILIES[cipher] : undefined;
}

/** For what Node has no mode of its own. */
function aes(key: Uint8Array): BlockCipher {
  const { encrypt, decrypt } = ofNode(`aes-${key.length * 8}-ecb`, 'ecb', key);
  const block = (bytes: DataView, at: number) =>
    new Uint8Array(bytes.buffer, bytes.byteOffset + at, AES_BLOCK);
  return {
    blockBytes: AES_BLOCK,
    encrypt: (bytes, at) => encrypt(block(bytes, at), NO_VECTOR),
    decrypt: (bytes, at) => decrypt(block(bytes, at), NO_VECTOR),
  };
}

/** Node's name of a cipher with a key of so many bytes; undefined if it has none. */
function nodeCipher({ cipher, mode }: CipherSpec, keyBytes: number): string | undefined {
  const name = `${cipher}-${cipherBits(mode, keyBytes)}-${mode}`;
  return getCiphers().includes(name) ? name : undefined;
}

/** The key's size by which a cipher is called: in XTS mode there are two keys. */
function cipherBits(mode: string, keyBytes: number): number {
  return mode === 'xts' ? keyBytes * 4 : keyBytes * 8;
}

/** `QCryptoCipherAlgorithm` */
export function algorithmName({ cipher, mode }: CipherSpec, keyBytes: number): string {
  return `${cipher}-${cipherBits(mode, keyBytes)}`;
}

/** `QCryptoHashAlgorithm` */
const HASHES: ReadonlySet<string> = new Set<QCryptoHashAlgorithm>([
  'md5',
  'sha1',
  'sha224',
  'sha256',
  'sha384',
  'sha512',
  'ripemd160',
]);

export function hasHash(name: string): boolean {
  return HASHES.has(name);
}

/** Throws `CommandError` for a cipher that there is not, or not with a key of so many bytes. */
export function checkCipher(spec: CipherSpec, keyBytes: number): void {
  const { cipher, mode, ivgen, ivgenHash } = spec;
  if (!MODES.has(mode)) throw new CommandError(`Cipher mode '${mode}' not supported`);
  const family = familyOf(spec);
  const bytes = cipherBits(mode, keyBytes) / 8;
  if (!family?.keys.includes(bytes))
    throw new CommandError(`Algorithm '${cipher}' with key size ${Math.floor(bytes)} bytes not supported`);
  if (ivgen === 'essiv') checkEssiv(family, algorithmName(spec, keyBytes), ivgenHash!);
  else if (ivgen !== 'plain' && ivgen !== 'plain64')
    throw new CommandError(`IV generator '${ivgen}' not supported`);
  if (mode === 'xts' && family.blockBytes !== XTS_BLOCK)
    throw new CommandError(`Unsupported cipher mode ${mode}`);
}

/** The key that makes the vectors is as long as a sum of the hash. */
function checkEssiv({ title, keys }: Family, algorithm: string, hash: string): void {
  const bytes = createHash(hash).digest().length;
  if (keys.includes(bytes)) return;
  throw new CommandError(
    keys.length === 1
      ? `Cipher ${algorithm} not supported with essiv`
      : `No ${title} cipher with key size ${bytes} available`,
  );
}

/** `checkCipher` has said nothing. */
export function sectorCipher(spec: CipherSpec, key: Uint8Array): SectorCipher {
  const { withKey } = familyOf(spec)!;
  const name = nodeCipher(spec, key.length);
  const cipher =
    name === undefined ? modeCipher(spec.mode as Mode, withKey, key) : ofNode(name, spec.mode, key);
  const vector = vectors(spec, key);
  const eachSector = (run: ModeCipher['encrypt'], offset: number, data: Uint8Array) => {
    for (let at = 0; at < data.length; at += SECTOR)
      run(data.subarray(at, at + SECTOR), vector((offset + at) / SECTOR));
  };
  return {
    encrypt: (offset, data) => {
      const result = Uint8Array.from(data);
      eachSector(cipher.encrypt, offset, result);
      return result;
    },
    decrypt: (offset, data) => eachSector(cipher.decrypt, offset, data),
  };
}

function ofNode(name: string, mode: string, key: Uint8Array): ModeCipher {
  const vector = (iv: Uint8Array) => (mode === 'ecb' ? null : iv);
  return {
    encrypt: (data, iv) => data.set(createCipheriv(name, key, vector(iv)).setAutoPadding(false).update(data)),
    decrypt: (data, iv) =>
      data.set(createDecipheriv(name, key, vector(iv)).setAutoPadding(false).update(data)),
  };
}

function vectors(spec: CipherSpec, key: Uint8Array): (sector: number) => Uint8Array {
  const { blockBytes, withKey } = familyOf(spec)!;
  const plain = (sector: number) => {
    const iv = new Uint8Array(blockBytes);
    const view = new DataView(iv.buffer);
    if (spec.ivgen === 'plain') view.setUint32(0, sector, true);
    else view.setBigUint64(0, BigInt(sector), true);
    return iv;
  };
  if (spec.ivgen !== 'essiv') return plain;
  const cipher = withKey(createHash(spec.ivgenHash!).update(key).digest());
  return (sector) => {
    const iv = plain(sector);
    cipher.encrypt(new DataView(iv.buffer), 0);
    return iv;
  };
}
