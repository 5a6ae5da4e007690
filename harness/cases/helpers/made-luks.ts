/**
 * LUKS volumes that cases make by themselves, with a key that they know, and a reader of those that an endpoint made. Written
 * from the public on-disk format specification (version 1), over `aes-sectors.ts`.
 */
import { createHash, pbkdf2Sync } from 'node:crypto';
import { aesSectors, sumOf } from './aes-sectors.ts';

const SECTOR = 512;
/** As few as the format knows. */
const ITERATIONS = 1000;
const STRIPES = 4000;
const SLOTS = 8;
const MATERIAL_AT = 4096;
const DIGEST_SALT = Buffer.alloc(32, 0x5c);
const ACTIVE = 0x00ac71f3;
/** State of a slot that no passphrase has. */
export const INACTIVE = 0x0000dead;

/** Where a header tells of a slot. Bytes. */
export const slotAt = (slot: number): number => 208 + slot * 48;

/** Identity of all volumes made here, as queries tell it. */
export const LUKS_UUID = 'd1f2a3b4-0102-4304-8506-0708090a0b0c';

/** What a volume is like; without it AES-256 in mode XTS with one passphrase. */
export interface LuksShape {
  readonly cipher?: string;
  readonly mode?: string;
  readonly hash?: string;
  readonly keyBytes?: number;
  /** By the number of the slot that takes them. */
  readonly passphrases?: Readonly<Record<number, string>>;
  readonly iterations?: number;
  readonly digestIterations?: number;
  /**
   * The digest of the volume's key where that is not the one that all volumes have here, but what comes of key material
   * that is stored as zeroes.
   */
  readonly digest?: Buffer;
}

const headers = new Map<string, Buffer>();

/** The header with the key material: all that lies before the payload. Making one takes a while, so each is made once. */
export function luksHeader(passphrase: string): Buffer {
  const header = headers.get(passphrase) ?? luksVolume({ passphrases: { 0: passphrase } });
  headers.set(passphrase, header);
  return Buffer.from(header);
}

/** The header of such a volume with its key material, and behind it what is stored of the payload. */
export function luksVolume(shape: LuksShape, stored: Buffer = Buffer.alloc(0)): Buffer {
  const { cipher = 'aes', mode = 'xts-plain64', hash = 'sha256', keyBytes = 64 } = shape;
  const { iterations = ITERATIONS, digestIterations = ITERATIONS, passphrases = {} } = shape;
  const key = luksKey(keyBytes);
  const slotBytes = Math.ceil((keyBytes * STRIPES) / 4096) * 4096;
  const payloadOffset = MATERIAL_AT + SLOTS * slotBytes;
  const bytes = Buffer.alloc(payloadOffset + stored.length);
  stored.copy(bytes, payloadOffset);
  bytes.write('LUKS\xba\xbe\0\x01', 0, 'latin1');
  bytes.write(cipher, 8);
  bytes.write(mode, 40);
  bytes.write(hash, 72);
  bytes.writeUInt32BE(payloadOffset / SECTOR, 104);
  bytes.writeUInt32BE(keyBytes, 108);
  (shape.digest ?? pbkdf2Sync(key, DIGEST_SALT, digestIterations, 20, hash)).copy(bytes, 112);
  DIGEST_SALT.copy(bytes, 132);
  bytes.writeUInt32BE(digestIterations, 164);
  bytes.write(LUKS_UUID, 168);
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const at = slotAt(slot);
    const materialAt = MATERIAL_AT + slot * slotBytes;
    const passphrase = passphrases[slot];
    bytes.writeUInt32BE(passphrase === undefined ? INACTIVE : ACTIVE, at);
    bytes.writeUInt32BE(materialAt / SECTOR, at + 40);
    bytes.writeUInt32BE(STRIPES, at + 44);
    if (passphrase === undefined) continue;
    const salt = Buffer.alloc(32, 0xa0 + slot);
    bytes.writeUInt32BE(iterations + slot, at + 4);
    salt.copy(bytes, at + 8);
    if (shape.digest !== undefined) continue;
    const slotKey = pbkdf2Sync(passphrase, salt, iterations + slot, keyBytes, hash);
    aesSectors({ key: slotKey, mode }, stripesOf(keyBytes, hash), 0, 'encrypt').copy(bytes, materialAt);
  }
  return bytes;
}

/** The key of the volumes made here; with a length for other ciphers than the usual one. */
export function luksKey(keyBytes = 64): Buffer {
  return Buffer.from(Array.from({ length: keyBytes }, (_, index) => index * 3 + 1));
}

/** What the volumes made here hold at byte `offset`, counted as their cipher counts. */
export function decrypted(stored: Buffer, offset: number): Buffer {
  return aesSectors({ key: luksKey(), mode: 'xts-plain64' }, stored, offset, 'decrypt');
}

/** How much a slot stores: the stripes of a key, in whole sectors. */
const materialBytes = (keyBytes: number): number => Math.ceil((STRIPES * keyBytes) / SECTOR) * SECTOR;

const splitKeys = new Map<string, Buffer>();

/**
 * The key of volumes made here in stripes, of which all are needed: those before the last may be anything. Working them out
 * takes a while, so it is done once.
 */
function stripesOf(keyBytes: number, hash: string): Buffer {
  const id = `${keyBytes} ${hash}`;
  const known = splitKeys.get(id);
  if (known !== undefined) return known;
  const all = Buffer.alloc(materialBytes(keyBytes));
  const last = (STRIPES - 1) * keyBytes;
  for (let at = 0; at < last; at += 1) all[at] = at * 167 + (at >> 8);
  sumOf(luksKey(keyBytes), mixed(all, keyBytes, hash)).copy(all, last);
  splitKeys.set(id, all);
  return all;
}

/** The stripes but for the last, each added to what those before come to. */
function mixed(stripes: Buffer, keyBytes: number, hash: string): Buffer {
  const size = createHash(hash).digest().length;
  let sum = Buffer.alloc(keyBytes);
  for (let stripe = 0; stripe < STRIPES - 1; stripe += 1)
    sum = diffused(sumOf(sum, stripes.subarray(stripe * keyBytes, (stripe + 1) * keyBytes)), hash, size);
  return sum;
}

function diffused(bytes: Buffer, hash: string, size: number): Buffer<ArrayBuffer> {
  const digests: Buffer[] = [];
  for (let block = 0; block * size < bytes.length; block += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(block);
    const piece = bytes.subarray(block * size, (block + 1) * size);
    digests.push(createHash(hash).update(number).update(piece).digest().subarray(0, piece.length));
  }
  return Buffer.concat(digests);
}

/** What a header says. Places are bytes. */
export interface LuksHeader {
  readonly version: number;
  readonly cipher: string;
  readonly mode: string;
  readonly hash: string;
  readonly payloadOffset: number;
  readonly keyBytes: number;
  readonly digest: Buffer;
  readonly digestSalt: Buffer;
  readonly digestIterations: number;
  readonly uuid: string;
  readonly slots: readonly LuksSlot[];
}

/** What a header says of a slot. */
export interface LuksSlot {
  /** Null if it is neither. */
  readonly active: boolean | null;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly offset: number;
  readonly stripes: number;
}

/** Reads the header that a volume begins with. */
export function parseLuks(bytes: Buffer): LuksHeader {
  const text = (at: number, length: number) =>
    bytes.toString('latin1', at, at + length).replace(/\0.*$/s, '');
  const slot = (index: number): LuksSlot => {
    const at = slotAt(index);
    const state = bytes.readUInt32BE(at);
    return {
      active: state === ACTIVE ? true : state === INACTIVE ? false : null,
      iterations: bytes.readUInt32BE(at + 4),
      salt: bytes.subarray(at + 8, at + 40),
      offset: bytes.readUInt32BE(at + 40) * SECTOR,
      stripes: bytes.readUInt32BE(at + 44),
    };
  };
  return {
    version: bytes.readUInt16BE(6),
    cipher: text(8, 32),
    mode: text(40, 32),
    hash: text(72, 32),
    payloadOffset: bytes.readUInt32BE(104) * SECTOR,
    keyBytes: bytes.readUInt32BE(108),
    digest: bytes.subarray(112, 132),
    digestSalt: bytes.subarray(132, 164),
    digestIterations: bytes.readUInt32BE(164),
    uuid: text(168, 40),
    slots: Array.from({ length: SLOTS }, (_, index) => slot(index)),
  };
}

/** The key of a volume encrypted with AES, by the passphrase of slot `index`; null if that does not open it. */
export function unlocked(bytes: Buffer, passphrase: string, index = 0): Buffer | null {
  const { hash, keyBytes, mode, digest, digestSalt, digestIterations, slots } = parseLuks(bytes);
  const { salt, iterations, offset } = slots[index]!;
  const slotKey = pbkdf2Sync(passphrase, salt, iterations, keyBytes, hash);
  const stored = bytes.subarray(offset, offset + materialBytes(keyBytes));
  const stripes = aesSectors({ key: slotKey, mode }, stored, 0, 'decrypt');
  const last = stripes.subarray((STRIPES - 1) * keyBytes, STRIPES * keyBytes);
  const key = sumOf(last, mixed(stripes, keyBytes, hash));
  return pbkdf2Sync(key, digestSalt, digestIterations, 20, hash).equals(digest) ? key : null;
}
