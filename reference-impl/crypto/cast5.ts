/** CAST-128 with keys of 128 bits. Source: RFC 2144. */
import { type BlockCipher, rotateLeft } from './block-cipher.ts';
import { S_BOXES } from './cast5-boxes.ts';

const ROUNDS = 16;
const [S1, S2, S3, S4, S5, S6, S7, S8] = S_BOXES as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/**
 * How the key schedule makes four new words from four old ones: of the words of the old state that are taken as they are,
 * and of the five bytes that go through boxes 5 to 8 and a last one. Bytes are those of the old state, or of the new one
 * as far as it is made (from 16 on).
 */
const TO_Z = [
  [0, [13, 15, 12, 14, 8]],
  [2, [16, 18, 17, 19, 10]],
  [3, [23, 22, 21, 20, 9]],
  [1, [26, 25, 27, 24, 11]],
] as const;
const TO_X = [
  [2, [5, 7, 4, 6, 0]],
  [0, [16, 18, 17, 19, 2]],
  [1, [23, 22, 21, 20, 1]],
  [3, [26, 25, 27, 24, 3]],
] as const;
const LAST_BOXES = [S7, S8, S5, S6];

/** The bytes of a state that make four subkeys: five for each, through boxes 5 to 8 and a last one. */
const KEYS = {
  early: [
    [8, 9, 7, 6, 2],
    [10, 11, 5, 4, 6],
    [12, 13, 3, 2, 9],
    [14, 15, 1, 0, 12],
  ],
  late: [
    [3, 2, 12, 13, 8],
    [1, 0, 14, 15, 13],
    [7, 6, 8, 9, 3],
    [5, 4, 10, 11, 7],
  ],
  earlyOfLate: [
    [3, 2, 12, 13, 9],
    [1, 0, 14, 15, 12],
    [7, 6, 8, 9, 2],
    [5, 4, 10, 11, 6],
  ],
  lateOfEarly: [
    [8, 9, 7, 6, 3],
    [10, 11, 5, 4, 7],
    [12, 13, 3, 2, 8],
    [14, 15, 1, 0, 13],
  ],
} as const;

type Five = readonly [number, number, number, number, number];

function throughBoxes(bytes: readonly number[], [a, b, c, d, e]: Five, last: Uint32Array): number {
  return S5[bytes[a]!]! ^ S6[bytes[b]!]! ^ S7[bytes[c]!]! ^ S8[bytes[d]!]! ^ last[bytes[e]!]!;
}

function nextState(
  old: readonly number[],
  steps: readonly (readonly [taken: number, bytes: Five])[],
): number[] {
  const all = [...old];
  for (const [index, [taken, five]] of steps.entries()) {
    const at = taken * 4;
    const word = (old[at]! << 24) | (old[at + 1]! << 16) | (old[at + 2]! << 8) | old[at + 3]!;
    const made = word ^ throughBoxes(all, five, LAST_BOXES[index]!);
    for (const shift of [24, 16, 8, 0]) all.push((made >>> shift) & 0xff);
  }
  return all.slice(16);
}

/** 32 subkeys: 16 for masking, 16 for turning. */
function subkeys(key: Uint8Array): number[] {
  const keys: number[] = [];
  let state: readonly number[] = [...key];
  const take = (fives: readonly Five[]) => {
    for (const [index, five] of fives.entries())
      keys.push(throughBoxes(state, five, [S5, S6, S7, S8][index]!));
  };
  for (let half = 0; half < 2; half += 1) {
    state = nextState(state, TO_Z);
    take(KEYS.early);
    state = nextState(state, TO_X);
    take(KEYS.late);
    state = nextState(state, TO_Z);
    take(KEYS.earlyOfLate);
    state = nextState(state, TO_X);
    take(KEYS.lateOfEarly);
  }
  return keys;
}

/** The function of a round; its three kinds take turns. */
function roundFunction(round: number, half: number, masking: number, turning: number): number {
  const kind = round % 3;
  const mixed = kind === 0 ? masking + half : kind === 1 ? masking ^ half : masking - half;
  const turned = rotateLeft(mixed, turning & 31);
  const [a, b, c, d] = [
    S1[turned >>> 24]!,
    S2[(turned >>> 16) & 0xff]!,
    S3[(turned >>> 8) & 0xff]!,
    S4[turned & 0xff]!,
  ];
  if (kind === 0) return ((a ^ b) - c + d) | 0;
  return kind === 1 ? ((a - b + c) ^ d) | 0 : (((a + b) ^ c) - d) | 0;
}

/** `key`: 16 bytes. */
export function cast5(key: Uint8Array): BlockCipher {
  const keys = subkeys(key);
  const run = (bytes: DataView, at: number, roundOf: (step: number) => number) => {
    let left = bytes.getInt32(at);
    let right = bytes.getInt32(at + 4);
    for (let step = 0; step < ROUNDS; step += 1) {
      const round = roundOf(step);
      const mixed = left ^ roundFunction(round, right, keys[round]!, keys[round + ROUNDS]!);
      left = right;
      right = mixed;
    }
    bytes.setInt32(at, right);
    bytes.setInt32(at + 4, left);
  };
  return {
    blockBytes: 8,
    encrypt: (bytes, at) => run(bytes, at, (step) => step),
    decrypt: (bytes, at) => run(bytes, at, (step) => ROUNDS - 1 - step),
  };
}
