/** Whether a condition holds where certain configuration symbols are defined. */
import type { Condition } from '../model.ts';

type Symbols = ReadonlySet<string>;

/** A symbol holds if it is defined. An operand of `#if` counts as in C: a symbol is 1 if it is defined, else 0. */
export function holds(condition: Condition, symbols: Symbols): boolean {
  if (typeof condition === 'string')
    return /^\w+$/.test(condition)
      ? symbols.has(condition)
      : new Expression(condition, symbols).value() !== 0;
  if ('all' in condition) return condition.all.every((one) => holds(one, symbols));
  if ('any' in condition) return condition.any.some((one) => holds(one, symbols));
  return !holds(condition.not, symbols);
}

const TOKEN = /defined\s*\(\s*\w+\s*\)|defined\s+\w+|\w+|&&|\|\||[<>=!]=|[<>!()]/g;

const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
};

/** An operand of `#if` that the compiler has found well formed. */
class Expression {
  readonly #tokens: string[];
  readonly #symbols: Symbols;

  constructor(text: string, symbols: Symbols) {
    this.#tokens = text.match(TOKEN) ?? [];
    this.#symbols = symbols;
  }

  value(): number {
    let value = this.#conjunction();
    while (this.#takes('||')) value = this.#conjunction() || value ? 1 : 0;
    return value;
  }

  #conjunction(): number {
    let value = this.#comparison();
    while (this.#takes('&&')) value = this.#comparison() && value ? 1 : 0;
    return value;
  }

  #comparison(): number {
    const left = this.#operand();
    const compare = COMPARISONS[this.#tokens[0] ?? ''];
    if (compare === undefined) return left;
    this.#tokens.shift();
    return compare(left, this.#operand()) ? 1 : 0;
  }

  #operand(): number {
    const token = this.#tokens.shift() ?? '';
    if (token === '!') return this.#operand() ? 0 : 1;
    if (token === '(') {
      const value = this.value();
      this.#takes(')');
      return value;
    }
    if (/^\d/.test(token)) return Number(token);
    const [, symbol = token] = /^defined\W+(\w+)/.exec(token) ?? [];
    return this.#symbols.has(symbol) ? 1 : 0;
  }

  #takes(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }
}
