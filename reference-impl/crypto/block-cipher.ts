/** A block cipher under a key. `block-modes.ts` makes ciphers of whole sectors from it. */

export interface BlockCipher {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Encrypts the block at `at` in place. */
  encrypt(bytes: DataView, at: number): void;
  /** Decrypts the block at `at` in place. */
  decrypt(bytes: DataView, at: number): void;
}

/** A word turned to the left. */
export function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
