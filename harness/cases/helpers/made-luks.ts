/**
 * LUKS volumes that cases make by themselves, with a key that they know: what an endpoint stored is decrypted here. Written
 * from the public on-disk format specification (version 1): AES-256 in XTS mode, plain64, SHA-256, one passphrase.
 */
import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';

const SECTOR = 512;
const KEY = Buffer.from(Array.from({ length: 64 }, (_, index) => index * 3 + 1));
const SALT = Buffer.alloc(32, 0x5c);
/** As few as the format knows. */
const ITERATIONS = 1000;
const STRIPES = 4000;
const SLOTS = 8;
const MATERIAL_AT = 4096;
const SLOT_BYTES = Math.ceil((KEY.length * STRIPES) / 4096) * 4096;
const ACTIVE = 0x00ac71f3;
const INACTIVE = 0x0000dead;

/** Identity of all volumes made here, as queries tell it. */
export const LUKS_UUID = 'd1f2a3b4-0102-4304-8506-0708090a0b0c';

/** The header with the key material: all that lies before the payload. */
export function luksHeader(passphrase: string): Buffer {
  const bytes = Buffer.alloc(MATERIAL_AT + SLOTS * SLOT_BYTES);
  bytes.write('LUKS\xba\xbe\0\x01', 0, 'latin1');
  bytes.write('aes', 8);
  bytes.write('xts-plain64', 40);
  bytes.write('sha256', 72);
  bytes.writeUInt32BE(bytes.length / SECTOR, 104);
  bytes.writeUInt32BE(KEY.length, 108);
  pbkdf2Sync(KEY, SALT, ITERATIONS, 20, 'sha256').copy(bytes, 112);
  SALT.copy(bytes, 132);
  bytes.writeUInt32BE(ITERATIONS, 164);
  bytes.write(LUKS_UUID, 168);
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const at = 208 + slot * 48;
    bytes.writeUInt32BE(slot === 0 ? ACTIVE : INACTIVE, at);
    if (slot === 0) {
      bytes.writeUInt32BE(ITERATIONS, at + 4);
      SALT.copy(bytes, at + 8);
    }
    bytes.writeUInt32BE((MATERIAL_AT + slot * SLOT_BYTES) / SECTOR, at + 40);
    bytes.writeUInt32BE(STRIPES, at + 44);
  }
  const slotKey = pbkdf2Sync(passphrase, SALT, ITERATIONS, KEY.length, 'sha256');
  crypt(splitKey(), slotKey, 0, 'encrypt').copy(bytes, MATERIAL_AT);
  return bytes;
}

/** What the volumes made here hold at byte `offset`, counted as their cipher counts. */
export function decrypted(stored: Buffer, offset: number): Buffer {
  return crypt(stored, KEY, offset, 'decrypt');
}

function crypt(bytes: Buffer, key: Buffer, offset: number, way: 'encrypt' | 'decrypt'): Buffer {
  const sectors: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += SECTOR) {
    const tweak = Buffer.alloc(16);
    tweak.writeBigUInt64LE(BigInt((offset + at) / SECTOR));
    const make = way === 'encrypt' ? createCipheriv : createDecipheriv;
    sectors.push(make('aes-256-xts', key, tweak).update(bytes.subarray(at, at + SECTOR)));
  }
  return Buffer.concat(sectors);
}

/** The key in stripes, of which all are needed: those before the last may be anything, here zeroes. */
function splitKey(): Buffer {
  let mixed: Buffer = Buffer.alloc(KEY.length);
  for (let stripe = 1; stripe < STRIPES; stripe += 1) mixed = diffused(mixed);
  const last = Buffer.from(KEY.map((byte, index) => byte ^ mixed[index]!));
  return Buffer.concat([Buffer.alloc((STRIPES - 1) * KEY.length), last]);
}

function diffused(bytes: Buffer): Buffer {
  const digests: Buffer[] = [];
  for (let block = 0; block * 32 < bytes.length; block += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(block);
    digests.push(
      createHash('sha256')
        .update(number)
        .update(bytes.subarray(block * 32, block * 32 + 32))
        .digest(),
    );
  }
  return Buffer.concat(digests);
}
