/**
 * Text that comes from endpoints, made harmless for people's terminals and for formats that take no control
 * characters. Nothing here knows of records; `diagnosis.ts` decides what is shown.
 */
import wrapAnsi from 'wrap-ansi';
import { type Json, stringifyJson } from '../spec/json.ts';

/** Controls, lone surrogates, line separators, what reorders text on a terminal, and what is no character at all. */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\u{2028}\u{2029}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\p{NChar}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text on one line, with every character that cannot be printed as an escape (`\n`, `\u001b`). */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (char) => SHORT_ESCAPES[char] ?? `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

/** At most `max` UTF-16 units of the text, and how much is missing. Never cuts a character in two. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text[max - 1]!) ? max - 1 : max;
  return `${text.slice(0, end)}… (${text.length - end} more characters)`;
}

/** JSON text of a value, on one line, printable and clipped. */
export function jsonText(value: Json, max = 4000): string {
  return clip(printable(stringifyJson(value)), max);
}

/** Lines of at most `width` columns of a terminal, broken at spaces where words allow it; one line if width is 0. */
export function wrap(text: string, width: number): string[] {
  if (width <= 0) return [text];
  const lines = wrapAnsi(text, width, { hard: true, trim: false }).split('\n');
  return lines.map((line, index) => (index === 0 ? line.trimEnd() : line.trim()));
}

/** The text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `1 case`, `2 cases`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** `a, b, c`, and how many more there are than `most`. */
export function listed(items: readonly string[], most: number): string {
  // One that is left out takes as much room as to say so.
  if (items.length <= most + 1) return items.join(', ');
  return `${items.slice(0, most).join(', ')} … and ${items.length - most} more`;
}

/** `312 ms`, `4.2 s`, `3 min 20 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
