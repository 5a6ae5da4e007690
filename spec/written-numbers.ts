/**
 * Integers that a JSON text writes with a fraction or an exponent, `1.0` or `1e3`: QMP takes them for fractions, and a parsed
 * value does not show them.
 */
import { parse } from 'lossless-json';
import type { Json } from './json.ts';
import { pathText } from './validate.ts';

/** A number, and how it was written. */
export interface WrittenNumber {
  /** JSON path, as issues have it. */
  readonly path: string;
  readonly text: string;
}

/** A digit before a point or an exponent. */
const SUSPECT = /\d[.eE]/;
/** The same where a value begins; there may be one in a string, too. */
const SUSPECT_VALUE = /(?:^|[:,[])\s*-?\d+[.eE]/;

/** What stands for a number while its text is wanted. */
class Numeral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get isOdd(): boolean {
    return SUSPECT.test(this.text) && Number.isInteger(Number(this.text));
  }
}

/** Those in a text that is JSON; costs next to nothing where there are none. */
export function writtenNumbers(text: string): WrittenNumber[] {
  if (!SUSPECT_VALUE.test(text)) return [];
  const found: WrittenNumber[] = [];
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (value instanceof Numeral) {
      if (value.isOdd) found.push({ path: pathText(path), text: value.text });
    } else if (Array.isArray(value))
      for (const [index, item] of value.entries()) walk(item, [...path, index]);
    else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value)) walk(member, [...path, name]);
  };
  walk(
    parse(text, null, (numeral) => new Numeral(numeral)),
    [],
  );
  return found;
}

/** `value` with each of the numbers at `paths` as a fraction, which is what QMP takes it for. */
export function asFractions(value: Json, paths: ReadonlySet<string>): Json {
  const copy = (item: Json, path: (string | number)[]): Json => {
    if (typeof item === 'number') return paths.has(pathText(path)) ? item + 0.5 : item;
    if (Array.isArray(item)) return item.map((one, index) => copy(one, [...path, index]));
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(
      Object.entries(item).map(([name, member]) => [name, copy(member, [...path, name])]),
    );
  };
  return copy(value, []);
}
