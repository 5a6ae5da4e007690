/**
 * Serpent with keys of 128, 192 and 256 bits. Source: Anderson, Biham, Knudsen, "Serpent: A Proposal for the Advanced
 * Encryption Standard", in its bitslice form: a box works on the bits of four words side by side, 32 at once.
 */
import { type BlockCipher, rotateLeft } from './block-cipher.ts';

const ROUNDS = 32;
/** The fraction of the golden ratio, which the key schedule mixes in. */
const PHI = 0x9e3779b9;

const BOXES = [
  [3, 8, 15, 1, 10, 6, 5, 11, 14, 13, 4, 2, 7, 0, 9, 12],
  [15, 12, 2, 7, 9, 0, 5, 10, 1, 11, 14, 8, 6, 13, 3, 4],
  [8, 6, 7, 9, 3, 12, 10, 15, 13, 1, 14, 4, 0, 11, 5, 2],
  [0, 15, 11, 8, 12, 9, 6, 3, 13, 1, 2, 4, 10, 7, 5, 14],
  [1, 15, 8, 3, 12, 0, 11, 6, 2, 5, 4, 10, 9, 14, 7, 13],
  [15, 5, 2, 11, 4, 10, 9, 12, 0, 3, 14, 8, 13, 6, 7, 1],
  [7, 2, 12, 5, 8, 4, 6, 11, 14, 9, 1, 15, 13, 3, 10, 0],
  [1, 13, 15, 0, 14, 8, 2, 11, 7, 4, 12, 10, 9, 3, 5, 6],
];

/** Four words. */
type Words = Int32Array;

/**
 * A box as polynomials: for each bit of the output 16 words, which are all ones where the product of those input bits that
 * the index is a mask of is one of the polynomial's summands.
 */
type Polynomials = Int32Array;

function polynomials(box: readonly number[]): Polynomials {
  const summands = new Int32Array(64);
  for (let bit = 0; bit < 4; bit += 1) {
    const sums = box.map((value) => (value >> bit) & 1);
    for (let input = 1; input < 16; input <<= 1)
      for (let at = 0; at < 16; at += 1) if (at & input) sums[at]! ^= sums[at ^ input]!;
    summands.set(
      sums.map((isIn) => -isIn),
      bit * 16,
    );
  }
  return summands;
}

function inverse(box: readonly number[]): number[] {
  return box.map((_, value) => box.indexOf(value));
}

const FORWARD = BOXES.map(polynomials);
const BACKWARD = BOXES.map(inverse).map(polynomials);

/** Changes the first four words. */
function substitute(x: Words, m: Polynomials): void {
  const [a, b, c, d] = [x[0]!, x[1]!, x[2]!, x[3]!];
  const [ab, ac, bc, ad, bd, cd] = [a & b, a & c, b & c, a & d, b & d, c & d];
  const [abc, abd, acd, bcd] = [ab & c, ab & d, ac & d, bc & d];
  const abcd = abc & d;
  for (let word = 0, o = 0; word < 4; word += 1, o += 16)
    x[word] =
      m[o]! ^
      (a & m[o + 1]!) ^
      (b & m[o + 2]!) ^
      (ab & m[o + 3]!) ^
      (c & m[o + 4]!) ^
      (ac & m[o + 5]!) ^
      (bc & m[o + 6]!) ^
      (abc & m[o + 7]!) ^
      (d & m[o + 8]!) ^
      (ad & m[o + 9]!) ^
      (bd & m[o + 10]!) ^
      (abd & m[o + 11]!) ^
      (cd & m[o + 12]!) ^
      (acd & m[o + 13]!) ^
      (bcd & m[o + 14]!) ^
      (abcd & m[o + 15]!);
}

function mix(x: Words): void {
  const a = rotateLeft(x[0]!, 13);
  const c = rotateLeft(x[2]!, 3);
  const b = rotateLeft(x[1]! ^ a ^ c, 1);
  const d = rotateLeft(x[3]! ^ c ^ (a << 3), 7);
  x[0] = rotateLeft(a ^ b ^ d, 5);
  x[1] = b;
  x[2] = rotateLeft(c ^ d ^ (b << 7), 22);
  x[3] = d;
}

function unmix(x: Words): void {
  const [b, d] = [x[1]!, x[3]!];
  const c = rotateLeft(x[2]!, 10) ^ d ^ (b << 7);
  const a = rotateLeft(x[0]!, 27) ^ b ^ d;
  x[3] = rotateLeft(d, 25) ^ c ^ (a << 3);
  x[1] = rotateLeft(b, 31) ^ a ^ c;
  x[2] = rotateLeft(c, 29);
  x[0] = rotateLeft(a, 19);
}

function addKey(words: Words, keys: Int32Array, round: number): void {
  for (let word = 0; word < 4; word += 1) words[word]! ^= keys[round * 4 + word]!;
}

/** Four words for each round, and four behind the last. */
function roundKeys(key: Uint8Array): Int32Array {
  const padded = new Uint8Array(32);
  padded.set(key);
  if (key.length < padded.length) padded[key.length] = 1;
  const view = new DataView(padded.buffer);
  const made = Array.from({ length: 8 }, (_, word) => view.getInt32(word * 4, true));
  for (let at = 8; at < 8 + (ROUNDS + 1) * 4; at += 1)
    made.push(rotateLeft(made[at - 8]! ^ made[at - 5]! ^ made[at - 3]! ^ made[at - 1]! ^ PHI ^ (at - 8), 11));
  const keys = Int32Array.from(made.slice(8));
  for (let round = 0; round <= ROUNDS; round += 1)
    substitute(keys.subarray(round * 4), FORWARD[(ROUNDS + 3 - round) % 8]!);
  return keys;
}

/** `key`: up to 32 bytes. */
export function serpent(key: Uint8Array): BlockCipher {
  const keys = roundKeys(key);
  const words = new Int32Array(4);
  const load = (bytes: DataView, at: number) => {
    for (let word = 0; word < 4; word += 1) words[word] = bytes.getInt32(at + word * 4, true);
  };
  const store = (bytes: DataView, at: number) => {
    for (let word = 0; word < 4; word += 1) bytes.setInt32(at + word * 4, words[word]!, true);
  };
  return {
    blockBytes: 16,
    encrypt: (bytes, at) => {
      load(bytes, at);
      for (let round = 0; round < ROUNDS; round += 1) {
        addKey(words, keys, round);
        substitute(words, FORWARD[round % 8]!);
        if (round < ROUNDS - 1) mix(words);
      }
      addKey(words, keys, ROUNDS);
      store(bytes, at);
    },
    decrypt: (bytes, at) => {
      load(bytes, at);
      addKey(words, keys, ROUNDS);
      for (let round = ROUNDS - 1; round >= 0; round -= 1) {
        if (round < ROUNDS - 1) unmix(words);
        substitute(words, BACKWARD[round % 8]!);
        addKey(words, keys, round);
      }
      store(bytes, at);
    },
  };
}
