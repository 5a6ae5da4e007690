/** Ciphers and modes, held to published vectors, and to Node's own where it has the same. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandError } from '../qapi/command-error.ts';
import type { BlockCipher } from './block-cipher.ts';
import { type Mode, modeCipher } from './block-modes.ts';
import { cast5 } from './cast5.ts';
import { checkCipher, sectorCipher } from './sector-cipher.ts';
import { serpent } from './serpent.ts';
import { twofish } from './twofish.ts';

const zeroes = (bytes: number) => '00'.repeat(bytes);
const firstBit = (bytes: number) => `80${zeroes(bytes - 1)}`;
const counting = '0123456789ABCDEFFEDCBA987654321000112233445566778899AABBCCDDEEFF';

test.each<
  [source: string, cipher: (key: Uint8Array) => BlockCipher, key: string, plain: string, encrypted: string]
>([
  ['RFC 2144', cast5, '0123456712345678234567893456789A', '0123456789ABCDEF', '238B4FE5847E44B2'],
  ['NESSIE', serpent, firstBit(16), zeroes(16), '264E5481EFF42A4606ABDA06C0BFDA3D'],
  ['NESSIE', serpent, firstBit(24), zeroes(16), '9E274EAD9B737BB21EFCFCA548602689'],
  ['NESSIE', serpent, firstBit(32), zeroes(16), 'A223AA1288463C0E2BE38EBD825616C0'],
  ["Twofish's paper", twofish, zeroes(16), zeroes(16), '9F589F5CF6122C32B6BFEC2F2AE8C35A'],
  ["Twofish's paper", twofish, counting.slice(0, 48), zeroes(16), 'CFD1D2E5A9BE9CDF501F13B892BD2248'],
  ["Twofish's paper", twofish, counting, zeroes(16), '37527BE0052334B89F0CFCCAE87CFA20'],
])('%s: %o with key %s', (_source, cipher, key, plain, encrypted) => {
  const block = Buffer.from(plain, 'hex');
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const { blockBytes, encrypt, decrypt } = cipher(Buffer.from(key, 'hex'));
  expect(blockBytes).toBe(block.length);
  encrypt(view, 0);
  expect(block.toString('hex').toUpperCase()).toBe(encrypted);
  decrypt(view, 0);
  expect(block.toString('hex').toUpperCase()).toBe(plain);
});

/** A block cipher made of Node's ECB mode. */
const aes = (key: Uint8Array): BlockCipher => {
  const name = `aes-${key.length * 8}-ecb`;
  const run = (make: (data: Uint8Array) => Uint8Array) => (view: DataView, at: number) => {
    const data = new Uint8Array(view.buffer, view.byteOffset + at, 16);
    data.set(make(data));
  };
  return {
    blockBytes: 16,
    encrypt: run((data) => createCipheriv(name, key, null).setAutoPadding(false).update(data)),
    decrypt: run((data) => createDecipheriv(name, key, null).setAutoPadding(false).update(data)),
  };
};

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe.each<Mode>(['ecb', 'cbc', 'ctr', 'xts'])('%s is that of Node', (mode) => {
  test.each([16, 32])('with keys of %d bytes', (keyBytes) => {
    const key = bytes(mode === 'xts' ? 2 * keyBytes : keyBytes);
    fc.assert(
      fc.property(key, bytes(16), bytes(512), (given, iv, data) => {
        // OpenSSL takes no XTS key of two same halves.
        fc.pre(mode !== 'xts' || !Buffer.from(given).subarray(keyBytes).equals(given.subarray(0, keyBytes)));
        const name = `aes-${keyBytes * 8}-${mode}`;
        const expected = createCipheriv(name, given, mode === 'ecb' ? null : iv)
          .setAutoPadding(false)
          .update(data);
        const cipher = modeCipher(mode, aes, given);
        const found = data.slice();
        cipher.encrypt(found, iv);
        expect(Buffer.compare(found, expected)).toBe(0);
        cipher.decrypt(found, iv);
        expect(Buffer.compare(found, data)).toBe(0);
        // A slice of a buffer is no copy.
        const buffer = Buffer.from(expected);
        cipher.decrypt(buffer, iv);
        expect(Buffer.compare(buffer, data)).toBe(0);
      }),
    );
  });
});

const spec = (cipher: string, mode: string, ivgen: string, ivgenHash?: string) => ({
  cipher,
  mode,
  ivgen,
  ivgenHash,
});

test.each([
  [spec('aes', 'xts', 'plain64'), 48],
  [spec('serpent', 'cbc', 'essiv', 'sha256'), 16],
  [spec('twofish', 'ctr', 'plain'), 24],
  [spec('cast5', 'cbc', 'essiv', 'md5'), 16],
  [spec('cast5', 'ecb', 'plain64'), 16],
])(
  '%o with a key of %d bytes: what is encrypted is decrypted, each sector in its own way',
  (given, keyBytes) => {
    checkCipher(given, keyBytes);
    const cipher = sectorCipher(
      given,
      Uint8Array.from({ length: keyBytes }, (_, byte) => byte),
    );
    const data = new Uint8Array(3 * 512).map((_, at) => at % 7);
    const encrypted = cipher.encrypt(2 ** 41, data);
    expect(
      Buffer.compare(encrypted.subarray(512, 1024), cipher.encrypt(2 ** 41 + 512, data.subarray(512, 1024))),
    ).toBe(0);
    cipher.decrypt(2 ** 41 + 1024, encrypted.subarray(1024));
    expect(Buffer.compare(encrypted.subarray(1024), data.subarray(1024))).toBe(0);
  },
);

test.each([
  [spec('foo', 'xts', 'plain64'), 64, "Algorithm 'foo' with key size 32 bytes not supported"],
  [spec('aes', 'xts', 'plain64'), 16, "Algorithm 'aes' with key size 8 bytes not supported"],
  [spec('aes', 'xts', 'plain64'), 1, "Algorithm 'aes' with key size 0 bytes not supported"],
  [spec('aes', 'cbc', 'plain64'), 64, "Algorithm 'aes' with key size 64 bytes not supported"],
  [spec('cast5', 'cbc', 'plain64'), 32, "Algorithm 'cast5' with key size 32 bytes not supported"],
  [spec('cast5', 'xts', 'plain64'), 32, 'Unsupported cipher mode xts'],
  [spec('cast5', 'cbc', 'essiv', 'sha256'), 16, 'Cipher cast5-128 not supported with essiv'],
  [spec('aes', 'lrw', 'plain64'), 32, "Cipher mode 'lrw' not supported"],
  [spec('aes', 'xts', 'benbi'), 32, "IV generator 'benbi' not supported"],
  [spec('aes', 'xts', 'essiv', 'sha1'), 64, 'No AES cipher with key size 20 available'],
  [spec('serpent', 'cbc', 'essiv', 'sha384'), 16, 'No Serpent cipher with key size 48 available'],
  [spec('twofish', 'cbc', 'essiv', 'sha512'), 16, 'No Twofish cipher with key size 64 available'],
])('%o with a key of %d bytes is refused: %s', (given, keyBytes, message) => {
  expect(() => checkCipher(given, keyBytes)).toThrow(new CommandError(message));
});
