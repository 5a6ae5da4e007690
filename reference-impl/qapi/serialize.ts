/**
 * What goes out: one line a message, ASCII, `", "` and `": "` between members, `\r\n` at the end.
 *
 * Numbers that are no integers are written with six decimals, trailing zeros dropped, as the observed endpoint does
 * (so `1e3` comes back as `1000`, and infinity as `inf`).
 */
import type { Json } from '../../spec/json.ts';
import { Double, type Wire } from './json/wire-value.ts';

/** A value that may go out: a reply of ours, or an `id` that is echoed as it came. */
export type Outgoing = Json | Wire;

/** A whole line, with its end. */
export function serializeLine(message: Outgoing): string {
  return `${appended('', message)}\r\n`;
}

/** A message for a human reader: a member a line, indented by four spaces, as the endpoints of that time do. */
export function serializePretty(message: Outgoing): string {
  return `${pretty(message, 1).replaceAll('\n', '\r\n')}\r\n`;
}

function pretty(value: Outgoing, depth: number): string {
  if (typeof value !== 'object' || value === null || value instanceof Double) return serialize(value);
  const isList = Array.isArray(value);
  const members = isList
    ? value.map((one: Outgoing) => pretty(one, depth + 1))
    : Object.entries(value).map(([key, one]) => `${quoted(key)}: ${pretty(one, depth + 1)}`);
  const indent = '    '.repeat(depth);
  const body = members.map((text) => `\n${indent}${text}`).join(',');
  const end = `\n${indent.slice(4)}`;
  return isList ? `[${body}${end}]` : `{${body}${end}}`;
}

/** The text of a value, as in a line, without its end. */
export function serialize(value: Outgoing): string {
  return appended('', value);
}

/** `text` with the text of a value behind it: one text that grows is put together faster than the texts of many parts. */
function appended(text: string, value: Outgoing): string {
  switch (typeof value) {
    case 'string':
      return text + quoted(value);
    case 'number':
      return text + (Number.isSafeInteger(value) ? `${value}` : sixDecimals(value));
    case 'bigint':
    case 'boolean':
      return `${text}${value}`;
    default:
      if (value === null) return `${text}null`;
      if (value instanceof Double) return text + sixDecimals(value.value);
      return Array.isArray(value) ? withList(text, value) : withObject(text, value);
  }
}

function withList(text: string, list: readonly Outgoing[]): string {
  let result = `${text}[`;
  for (let i = 0; i < list.length; i++) result = appended(i === 0 ? result : `${result}, `, list[i]!);
  return `${result}]`;
}

function withObject(text: string, object: { readonly [key: string]: Outgoing }): string {
  let result = text;
  let before = '{';
  for (const key in object) {
    result = appended(result + before + nameOf(key), object[key]!);
    before = ', ';
  }
  return before === '{' ? `${result}{}` : `${result}}`;
}

const quoted = remembering(quote);
const nameOf = remembering((key) => `${quote(key)}: `);

/** Names of members, of nodes and of drivers come again and again; what a client makes up must not pile up. */
const MOST_KNOWN = 1024;
const LONGEST_KNOWN = 128;

/** `make`, whose results for short texts are kept for the next time. */
function remembering(make: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let result = known.get(text);
    if (result === undefined) {
      result = make(text);
      if (text.length <= LONGEST_KNOWN) {
        if (known.size >= MOST_KNOWN) known.clear();
        known.set(text, result);
      }
    }
    return result;
  };
}

/** Everything but printable ASCII without quote and backslash. */
const NEEDS_ESCAPE = /[^ !#-[\]-~]/;
const EACH_TO_ESCAPE = /[^ !#-[\]-~]/g;

const SHORT_ESCAPES: { readonly [character: string]: string } = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(EACH_TO_ESCAPE, escapeUnit)}"` : `"${text}"`;
}

function escapeUnit(unit: string): string {
  return SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function sixDecimals(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const magnitude = Math.abs(value);
  const text = magnitude >= 1e21 ? BigInt(magnitude).toString() : roundHalfEven(magnitude);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
}

/** Like printf's `%f`: a value exactly between two results takes the even one, where `toFixed` takes the larger. */
function roundHalfEven(value: number): string {
  const rounded = value.toFixed(6);
  const isTie = /\.\d{6}50*$/.test(value.toFixed(40));
  const isOdd = Number(rounded.at(-1)) % 2 === 1;
  return isTie && isOdd ? value.toFixed(40).slice(0, -34) : rounded;
}
