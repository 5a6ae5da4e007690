/**
 * String tokens: from the bytes between the quotes to text.
 *
 * An escape becomes the UTF-8 of its 16 bits (so the halves of a surrogate pair stay halves, and `\u0000` becomes
 * nothing); what then is no well-formed UTF-8 reads as U+FFFD, one for each lead byte with the continuation bytes
 * that it asks for, and so do noncharacters.
 */
import { isUtf8 } from 'node:buffer';

const BACKSLASH = 0x5c;
const REPLACEMENT = '\ufffd';
const NONCHARACTER = /\p{Noncharacter_Code_Point}/u;

const SIMPLE_ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9 }).map(([letter, code]) => [letter.charCodeAt(0), code]),
);

/** Text of a string token whose escapes the lexer has found well-formed. */
export function stringFromBytes(bytes: Buffer): string {
  const unescaped = bytes.includes(BACKSLASH) ? resolveEscapes(bytes) : bytes;
  if (!isUtf8(unescaped)) return decode(unescaped);
  const text = unescaped.toString();
  return NONCHARACTER.test(text) ? decode(unescaped) : text;
}

function resolveEscapes(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== BACKSLASH) {
      out[length++] = bytes[at]!;
      continue;
    }
    const letter = bytes[++at]!;
    if (letter !== 0x75) {
      out[length++] = SIMPLE_ESCAPES.get(letter) ?? letter;
      continue;
    }
    const unit = Number.parseInt(bytes.toString('latin1', at + 1, at + 5), 16);
    at += 4;
    length = putUnit(out, length, unit);
  }
  return out.subarray(0, length);
}

/** Appends one 16-bit unit as UTF-8, nothing for 0; returns the new length. */
function putUnit(out: Buffer, length: number, unit: number): number {
  if (unit === 0) return length;
  if (unit < 0x80) {
    out[length] = unit;
    return length + 1;
  }
  if (unit < 0x800) {
    out[length] = 0xc0 | (unit >> 6);
    out[length + 1] = 0x80 | (unit & 0x3f);
    return length + 2;
  }
  out[length] = 0xe0 | (unit >> 12);
  out[length + 1] = 0x80 | ((unit >> 6) & 0x3f);
  out[length + 2] = 0x80 | (unit & 0x3f);
  return length + 3;
}

function decode(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    at += 1;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
    const wanted = continuations(lead);
    let code = lead & (0x3f >> wanted);
    let got = 0;
    while (got < wanted && at < bytes.length && (bytes[at]! & 0xc0) === 0x80) {
      code = (code << 6) | (bytes[at]! & 0x3f);
      at += 1;
      got += 1;
    }
    text += got === wanted && isCharacter(code, wanted) ? String.fromCodePoint(code) : REPLACEMENT;
  }
  return text;
}

/** How many continuation bytes a lead byte announces, also where UTF-8 no longer allows it. */
function continuations(lead: number): number {
  return lead < 0xc0 || lead >= 0xfe ? 0 : Math.clz32(~(lead << 24)) - 1;
}

/** The least code point that needs so many continuation bytes. */
const LEAST = [0x80, 0x80, 0x800, 0x10000] as const;

function isCharacter(code: number, length: number): boolean {
  if (length < 1 || length > 3 || code < LEAST[length]! || code > 0x10ffff) return false;
  if (code >= 0xd800 && code <= 0xdfff) return false;
  return (code & 0xfffe) !== 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef);
}
