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
  return `${serialize(message)}\r\n`;
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
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Number.isSafeInteger(value) ? `${value}` : sixDecimals(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value === null) return 'null';
      if (value instanceof Double) return sixDecimals(value.value);
      if (Array.isArray(value)) return `[${value.map(serialize).join(', ')}]`;
      return `{${Object.entries(value)
        .map(([key, one]) => `${quoted(key)}: ${serialize(one)}`)
        .join(', ')}}`;
  }
}

/** Everything but printable ASCII without quote and backslash. */
const TO_ESCAPE = /[^ !#-[\]-~]/g;

const SHORT_ESCAPES: { readonly [character: string]: string } = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quoted(text: string): string {
  return `"${text.replace(TO_ESCAPE, escapeUnit)}"`;
}

function escapeUnit(unit: string): string {
  return SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function sixDecimals(value: number): string {
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + (magnitude === Number.POSITIVE_INFINITY ? 'inf' : decimals(magnitude));
}

function decimals(magnitude: number): string {
  return Number.isInteger(magnitude)
    ? String(BigInt(magnitude))
    : roundHalfEven(magnitude).replace(/\.?0+$/, '');
}

/** Like printf's `%f`: a value exactly between two results takes the even one, where `toFixed` takes the larger. */
function roundHalfEven(value: number): string {
  const rounded = value.toFixed(6);
  const isTie = /\.\d{6}50*$/.test(value.toFixed(40));
  const isOdd = Number(rounded.at(-1)) % 2 === 1;
  return isTie && isOdd ? value.toFixed(40).slice(0, -34) : rounded;
}
