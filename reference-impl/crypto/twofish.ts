/** Twofish with keys of 128, 192 and 256 bits. Source: Schneier et al., "Twofish: A 128-Bit Block Cipher". */
import { type BlockCipher, rotateLeft } from './block-cipher.ts';

const ROUNDS = 16;
/** The fields' primitive polynomials, of the matrices MDS and RS. */
const MDS_FIELD = 0x169;
const RS_FIELD = 0x14d;
const RHO = 0x01010101;

/** The nibbles that the permutations q0 and q1 of bytes are made of. */
const NIBBLES = [
  [
    [8, 1, 7, 13, 6, 15, 3, 2, 0, 11, 5, 9, 14, 12, 10, 4],
    [14, 12, 11, 8, 1, 2, 3, 5, 15, 4, 10, 6, 7, 0, 9, 13],
    [11, 10, 5, 14, 6, 13, 9, 0, 12, 8, 15, 3, 2, 4, 7, 1],
    [13, 7, 15, 4, 1, 2, 6, 14, 9, 11, 3, 0, 8, 5, 12, 10],
  ],
  [
    [2, 8, 11, 13, 15, 7, 6, 14, 3, 1, 9, 4, 0, 10, 12, 5],
    [1, 14, 2, 11, 4, 12, 3, 7, 6, 13, 10, 5, 15, 9, 0, 8],
    [4, 12, 7, 5, 1, 6, 9, 10, 0, 14, 13, 8, 2, 11, 3, 15],
    [11, 9, 5, 1, 12, 3, 13, 14, 6, 4, 7, 15, 2, 0, 8, 10],
  ],
] as const;

const MDS = [
  [0x01, 0xef, 0x5b, 0x5b],
  [0x5b, 0xef, 0xef, 0x01],
  [0xef, 0x5b, 0x01, 0xef],
  [0xef, 0x01, 0xef, 0x5b],
];
const RS = [
  [0x01, 0xa4, 0x55, 0x87, 0x5a, 0x58, 0xdb, 0x9e],
  [0xa4, 0x56, 0x82, 0xf3, 0x1e, 0xc6, 0x68, 0xe5],
  [0x02, 0xa1, 0xfc, 0xc1, 0x47, 0xae, 0x3d, 0x19],
  [0xa4, 0x55, 0x87, 0x5a, 0x58, 0xdb, 0x9e, 0x03],
];

/** Which permutations each byte goes through: the last first, then one before each word of the key, from the first on. */
const ORDERS = [
  [1, 0, 0, 1, 1],
  [0, 0, 1, 1, 0],
  [1, 1, 0, 0, 0],
  [0, 1, 1, 0, 1],
];

function permutation([t0, t1, t2, t3]: (typeof NIBBLES)[number]): Uint8Array {
  const turned = (nibble: number) => ((nibble >> 1) | (nibble << 3)) & 15;
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    let [a, b] = [byte >> 4, byte & 15];
    for (const [first, second] of [
      [t0, t1],
      [t2, t3],
    ] as const) {
      const [sum, mixed] = [a ^ b, a ^ turned(b) ^ ((a << 3) & 15)];
      [a, b] = [first[sum]!, second[mixed]!];
    }
    return (b << 4) | a;
  });
}

const Q = NIBBLES.map(permutation);

function multiply(a: number, b: number, field: number): number {
  let product = 0;
  for (let bit = 0, power = a; bit < 8; bit += 1) {
    if ((b >> bit) & 1) product ^= power;
    power <<= 1;
    if (power & 0x100) power ^= field;
  }
  return product;
}

/** By column of the matrix and byte: what the byte adds to the product, as a word. */
const COLUMNS = [0, 1, 2, 3].map((column) =>
  Uint32Array.from({ length: 256 }, (_, byte) =>
    MDS.reduce((word, row, at) => word | (multiply(row[column]!, byte, MDS_FIELD) << (8 * at)), 0),
  ),
);

const byteOf = (word: number, at: number) => (word >>> (8 * at)) & 0xff;

/** One byte of the input through the permutations, mixed with the words of a list. */
function substituted(byte: number, at: number, list: readonly number[]): number {
  const order = ORDERS[at]!;
  let result = byte;
  for (let word = list.length - 1; word >= 0; word -= 1)
    result = Q[order[word + 1]!]![result]! ^ byteOf(list[word]!, at);
  return Q[order[0]!]![result]!;
}

function h(input: number, list: readonly number[]): number {
  return COLUMNS.reduce((word, column, at) => word ^ column[substituted(byteOf(input, at), at, list)]!, 0);
}

/** Four tables, for the bytes of a word from the lowest on, that are the function g under a key. */
function tablesOf(list: readonly number[]): Int32Array[] {
  return COLUMNS.map((column, at) =>
    Int32Array.from({ length: 256 }, (_, byte) => column[substituted(byte, at, list)]!),
  );
}

function schedule(key: Uint8Array): { keys: Int32Array; tables: Int32Array[] } {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const words = Array.from({ length: key.length / 4 }, (_, word) => view.getInt32(word * 4, true));
  const even = words.filter((_, word) => word % 2 === 0);
  const odd = words.filter((_, word) => word % 2 === 1);
  const keys = new Int32Array(8 + 2 * ROUNDS);
  for (let pair = 0; pair < keys.length / 2; pair += 1) {
    const a = h(Math.imul(2 * pair, RHO), even);
    const b = rotateLeft(h(Math.imul(2 * pair + 1, RHO), odd), 8);
    keys[2 * pair] = a + b;
    keys[2 * pair + 1] = rotateLeft((a + 2 * b) | 0, 9);
  }
  const boxWords = even.map((_, pair) =>
    RS.reduce(
      (word, row, at) =>
        word |
        (row.reduce((sum, factor, byte) => sum ^ multiply(factor, key[pair * 8 + byte]!, RS_FIELD), 0) <<
          (8 * at)),
      0,
    ),
  );
  return { keys, tables: tablesOf(boxWords.toReversed()) };
}

/** `key`: 16, 24 or 32 bytes. */
export function twofish(key: Uint8Array): BlockCipher {
  const { keys, tables } = schedule(key);
  const [t0, t1, t2, t3] = tables as [Int32Array, Int32Array, Int32Array, Int32Array];
  const g = (word: number) =>
    t0[word & 0xff]! ^ t1[(word >>> 8) & 0xff]! ^ t2[(word >>> 16) & 0xff]! ^ t3[word >>> 24]!;
  const load = (bytes: DataView, at: number, whitening: number) =>
    [0, 1, 2, 3].map((word) => bytes.getInt32(at + word * 4, true) ^ keys[whitening + word]!) as [
      number,
      number,
      number,
      number,
    ];
  const store = (bytes: DataView, at: number, whitening: number, words: readonly number[]) => {
    for (const [index, word] of words.entries())
      bytes.setInt32(at + index * 4, word ^ keys[whitening + index]!, true);
  };
  return {
    blockBytes: 16,
    encrypt: (bytes, at) => {
      let [a, b, c, d] = load(bytes, at, 0);
      for (let round = 0; round < ROUNDS; round += 1) {
        const [x, y] = [g(a), g(rotateLeft(b, 8))];
        const first = rotateLeft(c ^ (x + y + keys[8 + 2 * round]!), 31);
        const second = rotateLeft(d, 1) ^ (x + 2 * y + keys[9 + 2 * round]!);
        [a, b, c, d] = [first, second, a, b];
      }
      store(bytes, at, 4, [c, d, a, b]);
    },
    decrypt: (bytes, at) => {
      let [c, d, a, b] = load(bytes, at, 4);
      for (let round = ROUNDS - 1; round >= 0; round -= 1) {
        const [x, y] = [g(c), g(rotateLeft(d, 8))];
        const first = rotateLeft(a, 1) ^ (x + y + keys[8 + 2 * round]!);
        const second = rotateLeft(b ^ (x + 2 * y + keys[9 + 2 * round]!), 31);
        [a, b, c, d] = [c, d, first, second];
      }
      store(bytes, at, 0, [a, b, c, d]);
    },
  };
}
