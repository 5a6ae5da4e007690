/**
 * Whether two texts say the same: literal parts are equal, names that the endpoints make up are used alike, measured
 * times may be any. `json:` names are compared as the values that they are.
 */
import { isJsonObject, type Json, parseJson } from '../../spec/json.ts';
import { TEXT_RULES, type TextRule } from './normalisation-rules.ts';

/** Which made-up name of the left side is which of the right. Two names met at the same place belong together. */
export class NamePairs {
  readonly #right = new Map<string, string>();
  readonly #left = new Map<string, string>();

  /** True if the two belong together; from then on no other does to either. */
  pair(left: string, right: string): boolean {
    const known = this.#right.get(left);
    if (known !== undefined || this.#left.has(right)) return known === right;
    this.#right.set(left, right);
    this.#left.set(right, left);
    return true;
  }

  /** The right side's name for the left's, if both were met. */
  rightOf(left: string): string | undefined {
    return this.#right.get(left);
  }

  /** Whether some name of the left side belongs to this one. */
  hasRight(right: string): boolean {
    return this.#left.has(right);
  }
}

interface Token {
  readonly rule: TextRule | null;
  readonly text: string;
}

export function sameText(left: string, right: string, names: NamePairs): boolean {
  if (left === right && !left.includes('#')) return true;
  if (left.startsWith('json:') && right.startsWith('json:')) {
    const values = [left, right].map(pseudoName);
    if (values[0] !== undefined && values[1] !== undefined) return sameJson(values[0], values[1], names);
  }
  const [ours, theirs] = [tokens(left), tokens(right)];
  return (
    ours.length === theirs.length &&
    ours.every(({ rule, text }, index) => {
      const other = theirs[index]!;
      if (rule !== other.rule) return false;
      if (rule === null) return text === other.text;
      return rule.treat === 'free' || names.pair(text, other.text);
    })
  );
}

/** Whether a text is nothing but one name that the endpoint made up. */
export function isMadeName(text: string): boolean {
  const [first, ...rest] = tokens(text);
  return first?.rule?.treat === 'name' && rest.length === 0;
}

/** Literal parts and what a rule speaks of, in order. */
function tokens(text: string): Token[] {
  let parts: Token[] = [{ rule: null, text }];
  for (const rule of TEXT_RULES)
    parts = parts.flatMap((part) => (part.rule === null ? cut(part.text, rule) : [part]));
  return parts;
}

function cut(text: string, rule: TextRule): Token[] {
  const parts: Token[] = [];
  let from = 0;
  for (const match of text.matchAll(rule.pattern)) {
    if (match.index > from) parts.push({ rule: null, text: text.slice(from, match.index) });
    parts.push({ rule, text: match[0] });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ rule: null, text: text.slice(from) });
  return parts;
}

function pseudoName(text: string): Json | undefined {
  try {
    return parseJson(text.slice('json:'.length));
  } catch {
    return undefined;
  }
}

function sameJson(left: Json, right: Json, names: NamePairs): boolean {
  if (typeof left === 'string' && typeof right === 'string') return sameText(left, right, names);
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, i) => sameJson(item, right[i]!, names));
  if (isJsonObject(left) && isJsonObject(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key]!, right[key]!, names))
    );
  }
  // biome-ignore lint/suspicious/noDoubleEquals: 1 == 1n compares mixed integers by value
  return typeof left === typeof right ? left === right : left == right;
}
