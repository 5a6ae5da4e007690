/**
 * Raw input: what a message looks like on the wire, damaged. Token by token (a bracket lost, a value doubled, quotes of
 * another kind, a comment, a number no type holds) and byte by byte (cut off, control characters, invalid UTF-8).
 *
 * The answer may be anything, as long as the endpoint goes on.
 */
import { type Arbitrary, array, constantFrom, nat, record } from 'fast-check';

export interface Damage {
  readonly kind: DamageKind;
  /** Where, as a share of what is there: reduced by its length. */
  readonly at: number;
  /** Which of the kind's values. */
  readonly which: number;
}

/** A message and the bytes that damage made of it. */
export interface RawInput {
  readonly message: string;
  readonly damages: readonly Damage[];
  readonly bytes: Uint8Array;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g;
const SPARE_TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '""',
  "'x'",
  'null',
  'True',
  'NaN',
  '-',
  '+1',
  '.5',
  '01',
  '0x1',
];
const HUGE = [
  '1e999',
  `-${'9'.repeat(400)}`,
  '1e-999',
  '0.1e',
  `1.${'0'.repeat(400)}1`,
  '18446744073709551616',
];
const COMMENTS = ['/* x */', '// x\n', '# x\n'];
const CONTROLS = [0, 1, 7, 8, 11, 12, 27, 31, 127];
const INVALID_UTF8 = [
  [0x80],
  [0xc0, 0x80],
  [0xc3],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xfe],
  [0xe2, 0x82],
];
const BOM = [0xef, 0xbb, 0xbf];
const LONG_LINES = [4096, 70_000];
const NESTINGS = [100, 1030];

type Edit = (text: Buffer, at: number, which: number) => Buffer;

const DAMAGES = {
  'token-lost': tokenEdit((tokens, at) => tokens.toSpliced(at, 1)),
  'token-doubled': tokenEdit((tokens, at) => tokens.toSpliced(at, 0, tokens[at]!)),
  'token-swapped': tokenEdit((tokens, at) =>
    tokens.toSpliced(at, 2, ...tokens.slice(at, at + 2).toReversed()),
  ),
  'token-inserted': tokenEdit((tokens, at, which) => tokens.toSpliced(at, 0, pick(SPARE_TOKENS, which))),
  'token-replaced': tokenEdit((tokens, at, which) => tokens.toSpliced(at, 1, pick(SPARE_TOKENS, which))),
  'huge-number': tokenEdit((tokens, at, which) => tokens.toSpliced(at, 1, pick(HUGE, which))),
  comment: tokenEdit((tokens, at, which) => tokens.toSpliced(at, 0, pick(COMMENTS, which))),
  'single-quotes': tokenEdit((tokens, at) => tokens.with(at, tokens[at]!.replaceAll('"', "'"))),
  'lone-surrogate': tokenEdit((tokens, at, which) =>
    tokens.with(at, pick(['"\\ud800"', '"\\udc00x"'], which)),
  ),
  nesting: tokenEdit((tokens, at, which) => tokens.toSpliced(at, 0, '['.repeat(pick(NESTINGS, which)))),
  truncated: (text, at) => text.subarray(0, at),
  'byte-flipped': (text, at, which) => spliced(text, at, 1, [text[at]! ^ (1 << (which % 8))]),
  control: (text, at, which) => spliced(text, at, 0, [pick(CONTROLS, which)]),
  'invalid-utf8': (text, at, which) => spliced(text, at, 0, pick(INVALID_UTF8, which)),
  bom: (text) => spliced(text, 0, 0, BOM),
  reset: (text, at) => spliced(text, at, 0, [0xff]),
  'long-line': (text, at, which) => spliced(text, at, 0, Array<number>(pick(LONG_LINES, which)).fill(0x20)),
  interleaved: (text, at) => Buffer.concat([text.subarray(0, at), text, text.subarray(at)]),
} as const satisfies Record<string, Edit>;

export type DamageKind = keyof typeof DAMAGES;

export const DAMAGE_KINDS = Object.keys(DAMAGES) as DamageKind[];

/**
 * Damaged messages. `messages` are whole JSON texts; no string in them may become the name of something outside when
 * it is cut: leave file names out.
 */
export function rawInput(messages: Arbitrary<string>): Arbitrary<RawInput> {
  const damage = record({ kind: constantFrom(...DAMAGE_KINDS), at: nat(), which: nat(255) });
  return record({ message: messages, damages: array(damage, { minLength: 1, maxLength: 3 }) }).map(
    ({ message, damages }) => ({ message, damages, bytes: damaged(message, damages) }),
  );
}

/** The message with all damages done to it, in their order. */
export function damaged(message: string, damages: readonly Damage[]): Uint8Array {
  let bytes = Buffer.from(message);
  for (const { kind, at, which } of damages)
    if (bytes.length > 0) bytes = Buffer.from(DAMAGES[kind](bytes, at % bytes.length, which));
  return bytes;
}

function pick<T>(items: readonly T[], which: number): T {
  return items[which % items.length]!;
}

function spliced(text: Buffer, at: number, removed: number, added: readonly number[]): Buffer {
  return Buffer.concat([text.subarray(0, at), Buffer.from(added), text.subarray(at + removed)]);
}

/** An edit of the list of tokens; the text may be damaged already: what is no token stays out. */
function tokenEdit(edit: (tokens: string[], at: number, which: number) => string[]): Edit {
  return (text, at, which) => {
    const tokens = text.toString('latin1').match(TOKEN) ?? [];
    if (tokens.length === 0) return text;
    return Buffer.from(edit([...tokens], at % tokens.length, which).join(' '), 'latin1');
  };
}
