/**
 * Images of the format qcow, and the encryption that it and qcow2 had at first. Written from the public descriptions of the
 * formats: AES-128 in CBC mode, the passphrase is the key, the number of the guest's sector is the initialisation vector.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';

const SECTOR = 512;
const MAGIC = 0x514649fb;
const CLUSTER_BITS = 12;
const CLUSTER = 2 ** CLUSTER_BITS;
const HEADER_LENGTH = 48;

/** Bytes of a guest cluster of `buildQcow`. */
export const QCOW_CLUSTER = CLUSTER;

/** An image of 64 KiB whose guest cluster `index` holds these bytes, as they are stored. */
export function buildQcow(index: number, stored: Buffer, encryption: 0 | 1): Buffer {
  const image = Buffer.alloc(3 * CLUSTER);
  image.writeUInt32BE(MAGIC, 0);
  image.writeUInt32BE(1, 4);
  image.writeBigUInt64BE(BigInt(16 * CLUSTER), 24);
  image[32] = CLUSTER_BITS;
  image[33] = CLUSTER_BITS - 3;
  image.writeUInt32BE(encryption, 36);
  image.writeBigUInt64BE(BigInt(HEADER_LENGTH), 40);
  image.writeBigUInt64BE(BigInt(CLUSTER), HEADER_LENGTH);
  image.writeBigUInt64BE(BigInt(2 * CLUSTER), CLUSTER + index * 8);
  stored.copy(image, 2 * CLUSTER);
  return image;
}

/** Where each cluster of an image lies, in bytes; 0: nowhere. */
export function parseQcow(bytes: Buffer) {
  const [clusterSize, perTable] = [2 ** bytes[32]!, 2 ** bytes[33]!];
  const [size, l1] = [Number(bytes.readBigUInt64BE(24)), Number(bytes.readBigUInt64BE(40))];
  return {
    size,
    clusterSize,
    perTable,
    entries: Array.from({ length: Math.ceil(size / clusterSize) }, (_, index) => {
      const table = Number(bytes.readBigUInt64BE(l1 + Math.floor(index / perTable) * 8));
      return table === 0 ? 0 : Number(bytes.readBigUInt64BE(table + (index % perTable) * 8));
    }),
  };
}

/** What an image encrypted the old way stores of the guest's bytes at `offset`. */
export function oldEncrypted(bytes: Buffer, passphrase: string, offset: number): Buffer {
  return bySector(bytes, offset, (vector) => createCipheriv('aes-128-cbc', keyOf(passphrase), vector));
}

/** The guest's bytes at `offset` of what such an image stores. */
export function oldDecrypted(stored: Buffer, passphrase: string, offset: number): Buffer {
  return bySector(stored, offset, (vector) => createDecipheriv('aes-128-cbc', keyOf(passphrase), vector));
}

function bySector(
  bytes: Buffer,
  offset: number,
  make: (vector: Buffer) => ReturnType<typeof createCipheriv> | ReturnType<typeof createDecipheriv>,
): Buffer {
  const sectors: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += SECTOR) {
    const vector = Buffer.alloc(16);
    vector.writeBigUInt64LE(BigInt((offset + at) / SECTOR));
    const cipher = make(vector).setAutoPadding(false);
    sectors.push(cipher.update(bytes.subarray(at, at + SECTOR)), cipher.final());
  }
  return Buffer.concat(sectors);
}

/** 16 bytes, filled up with zeroes. */
function keyOf(passphrase: string): Buffer {
  const key = Buffer.alloc(16);
  key.write(passphrase);
  return key;
}
