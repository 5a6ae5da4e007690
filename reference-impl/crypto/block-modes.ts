/**
 * The modes in which disks are encrypted, over any block cipher: ECB, CBC, CTR (NIST SP 800-38A) and XTS (IEEE 1619). Data
 * are whole blocks, changed in place; where there is a vector, it has the length of a block.
 */
import type { BlockCipher } from './block-cipher.ts';

/** One direction of a mode. `iv`: not read where the mode has none. */
type Run = (data: Uint8Array, iv: Uint8Array) => void;

export interface ModeCipher {
  readonly encrypt: Run;
  readonly decrypt: Run;
}

export type Mode = 'ecb' | 'cbc' | 'ctr' | 'xts';

/** The only block that XTS is defined for, in bytes. */
export const XTS_BLOCK = 16;
/** What a tweak that is doubled is reduced by. */
const XTS_FIELD = 0x87;

/** `cipherOf`: the block cipher under a key. In XTS mode the key's second half is that of the tweaks. */
export function modeCipher(
  mode: Mode,
  cipherOf: (key: Uint8Array) => BlockCipher,
  key: Uint8Array,
): ModeCipher {
  if (mode !== 'xts') return MODES[mode](cipherOf(key));
  const half = key.length / 2;
  return xts(cipherOf(key.subarray(0, half)), cipherOf(key.subarray(half)));
}

const MODES: Readonly<Record<Exclude<Mode, 'xts'>, (cipher: BlockCipher) => ModeCipher>> = { ecb, cbc, ctr };

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.length);
}

function addTo(data: Uint8Array, at: number, summand: Uint8Array): void {
  for (let byte = 0; byte < summand.length; byte += 1) data[at + byte]! ^= summand[byte]!;
}

function ecb(cipher: BlockCipher): ModeCipher {
  const all =
    (work: BlockCipher['encrypt']): Run =>
    (data) => {
      const view = viewOf(data);
      for (let at = 0; at < data.length; at += cipher.blockBytes) work(view, at);
    };
  return { encrypt: all(cipher.encrypt), decrypt: all(cipher.decrypt) };
}

function cbc(cipher: BlockCipher): ModeCipher {
  const { blockBytes } = cipher;
  return {
    encrypt: (data, iv) => {
      const view = viewOf(data);
      let before = iv;
      for (let at = 0; at < data.length; at += blockBytes) {
        addTo(data, at, before);
        cipher.encrypt(view, at);
        before = data.subarray(at, at + blockBytes);
      }
    },
    decrypt: (data, iv) => {
      const view = viewOf(data);
      let before = iv;
      for (let at = 0; at < data.length; at += blockBytes) {
        const encrypted = new Uint8Array(data.subarray(at, at + blockBytes));
        cipher.decrypt(view, at);
        addTo(data, at, before);
        before = encrypted;
      }
    },
  };
}

function ctr(cipher: BlockCipher): ModeCipher {
  const run: Run = (data, iv) => {
    const counter = iv.slice();
    for (let at = 0; at < data.length; at += cipher.blockBytes) {
      const block = counter.slice();
      cipher.encrypt(viewOf(block), 0);
      addTo(data, at, block);
      for (let byte = counter.length - 1; byte >= 0; byte -= 1) {
        counter[byte]! += 1;
        if (counter[byte] !== 0) break;
      }
    }
  };
  return { encrypt: run, decrypt: run };
}

function xts(cipher: BlockCipher, tweaks: BlockCipher): ModeCipher {
  const all =
    (work: BlockCipher['encrypt']): Run =>
    (data, iv) => {
      const view = viewOf(data);
      const tweak = iv.slice();
      tweaks.encrypt(viewOf(tweak), 0);
      for (let at = 0; at < data.length; at += XTS_BLOCK) {
        addTo(data, at, tweak);
        work(view, at);
        addTo(data, at, tweak);
        double(tweak);
      }
    };
  return { encrypt: all(cipher.encrypt), decrypt: all(cipher.decrypt) };
}

function double(tweak: Uint8Array): void {
  let carry = 0;
  for (let byte = 0; byte < tweak.length; byte += 1) {
    const next = tweak[byte]! >> 7;
    tweak[byte] = (tweak[byte]! << 1) | carry;
    carry = next;
  }
  if (carry !== 0) tweak[0]! ^= XTS_FIELD;
}
