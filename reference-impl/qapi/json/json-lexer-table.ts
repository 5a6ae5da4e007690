/**
 * The lexer's rules as a table from (state, byte) to what happens next.
 *
 * They are those that the observed endpoint shows: strings in either quote, control characters allowed in them, bytes
 * that no UTF-8 text contains refused; keywords of lower-case letters; numbers as JSON has them; printf-like formats
 * (`%d`) that are tokens but never values.
 */

export type TokenKind = '{' | '}' | '[' | ']' | ',' | ':' | 'string' | 'number' | 'keyword' | 'format';

export const KINDS: readonly TokenKind[] = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'string',
  'number',
  'keyword',
  'format',
];

/**
 * What a cell of the table holds: a state to go to (less than `ERROR`), `ERROR`, or that a token ends with this byte
 * or before it, with the index of its kind added.
 */
const ENDS_WITH_BYTE = 0x80;
export const ENDS_BEFORE_BYTE = 0xc0;
export const KIND_MASK = 0x3f;
export const ERROR = 0x7f;

export const START = 0;
const rows: Uint8Array[] = [];

/** A new state, in which each byte does `otherwise` until told differently. */
function state(otherwise: number = ERROR): number {
  rows.push(new Uint8Array(256).fill(otherwise));
  return rows.length - 1;
}

/** On each of `bytes` (a character, or a range `a-z`), `from` goes to `to`. */
function on(from: number, to: number, ...bytes: readonly string[]): void {
  for (const range of bytes) {
    const first = range.charCodeAt(0);
    const last = range.length === 3 ? range.charCodeAt(2) : first;
    rows[from]!.fill(to, first, last + 1);
  }
}

const endsWith = (kind: TokenKind) => ENDS_WITH_BYTE | KINDS.indexOf(kind);
const endsBefore = (kind: TokenKind) => ENDS_BEFORE_BYTE | KINDS.indexOf(kind);

state();
on(START, START, ' ', '\t', '\r', '\n');
for (const mark of ['{', '}', '[', ']', ',', ':'] as const) on(START, endsWith(mark), mark);

const KEYWORD = state(endsBefore('keyword'));
on(START, KEYWORD, 'a-z');
on(KEYWORD, KEYWORD, 'a-z');

function defineString(quote: string): number {
  const body = state();
  const afterBackslash = state();
  const hex = [state(), state(), state(), state()];
  on(START, body, quote);
  on(body, body, '\x01-\xbf', '\xc2-\xf4');
  on(body, endsWith('string'), quote);
  on(body, afterBackslash, '\\');
  on(afterBackslash, body, 'b', 'f', 'n', 'r', 't', '/', '\\', '"', "'");
  on(afterBackslash, hex[0]!, 'u');
  hex.forEach((digit, i) => {
    on(digit, hex[i + 1] ?? body, '0-9', 'a-f', 'A-F');
  });
  return body;
}
export const DOUBLE_QUOTED = defineString('"');
export const SINGLE_QUOTED = defineString("'");

const MINUS = state();
const ZERO = state(endsBefore('number'));
const DIGITS = state(endsBefore('number'));
const POINT = state();
const FRACTION = state(endsBefore('number'));
const E = state();
const E_SIGN = state();
const EXPONENT = state(endsBefore('number'));
on(START, MINUS, '-');
for (const from of [START, MINUS]) {
  on(from, ZERO, '0');
  on(from, DIGITS, '1-9');
}
on(ZERO, ERROR, '0-9');
on(DIGITS, DIGITS, '0-9');
for (const from of [ZERO, DIGITS]) on(from, POINT, '.');
for (const from of [POINT, FRACTION]) on(from, FRACTION, '0-9');
for (const from of [ZERO, DIGITS, FRACTION]) on(from, E, 'e', 'E');
on(E, E_SIGN, '+', '-');
for (const from of [E, E_SIGN, EXPONENT]) on(from, EXPONENT, '0-9');

const PERCENT = state();
const LONG = state();
const LONG_LONG = state();
const I = state();
const I6 = state();
on(START, PERCENT, '%');
on(PERCENT, endsWith('format'), 'd', 'i', 'u', 'p', 's', 'f');
on(PERCENT, LONG, 'l');
on(LONG, LONG_LONG, 'l');
on(PERCENT, I, 'I');
on(I, I6, '6');
on(I6, LONG_LONG, '4');
for (const from of [LONG, LONG_LONG]) on(from, endsWith('format'), 'd', 'i', 'u');

/** What byte `b` does in state `s`, at `s * 256 + b`. */
export const TABLE = new Uint8Array(rows.length * 256);
rows.forEach((row, i) => {
  TABLE.set(row, i * 256);
});
