/**
 * Stage 2, conditions: what may follow `'if'`, in each form that the language has had.
 */
import type { Condition } from '../model.ts';
import type { Value } from './ast.ts';
import { fault, type Source } from './diagnostic.ts';

/** Spread into a definition: `{ ifcond }`, or nothing where there is no condition. */
export function condition(
  value: Value | undefined,
  what: string,
  source: Source,
): { readonly ifcond?: Condition } {
  return value === undefined ? {} : { ifcond: readCondition(value, `'if' of ${what}`, source) };
}

function readCondition(value: Value, what: string, source: Source): Condition {
  if (typeof value === 'string') {
    if (!SYMBOL.test(value) && !isPreprocessorCondition(value))
      fault(source, `${what}: '${value}' is not a condition`);
    return value;
  }
  if (Array.isArray(value)) return { all: conditions(value, what, source) };
  if (!(value instanceof Map)) fault(source, `${what} must be a string, a list or an object`);
  const [[operator, operand] = []] = value;
  if (value.size !== 1 || operand === undefined)
    fault(source, `${what}: an object must have one of the keys 'all', 'any' and 'not'`);
  if (operator === 'not') return { not: readCondition(operand, what, source) };
  if (operator !== 'all' && operator !== 'any') fault(source, `${what} has unknown key '${operator}'`);
  if (!Array.isArray(operand)) fault(source, `${what}: value of '${operator}' must be a list`);
  const operands = conditions(operand, what, source);
  return operator === 'all' ? { all: operands } : { any: operands };
}

function conditions(value: readonly Value[], what: string, source: Source): Condition[] {
  if (value.length === 0) fault(source, `${what}: the list is empty`);
  return value.map((item) => readCondition(item, what, source));
}

/** A configuration symbol. */
const SYMBOL = /^[A-Z][A-Z0-9_]*$/;

/** Up to QEMU 6.1 a condition was the operand of an `#if`: `defined(A) && !defined(B)`. Its tokens: */
const TOKEN =
  /\s*(?:(?<operand>defined\s*\(\s*[A-Za-z_]\w*\s*\)|defined\s+[A-Za-z_]\w*|\w+)|(?<operator>&&|\|\||[<>=!]=|[<>])|(?<mark>[!()]))\s*/y;

/** Reads operands and operators in turn. A bare word is an operand of a comparison only. */
function isPreprocessorCondition(text: string): boolean {
  const compares = /[<>=]/.test(text);
  let depth = 0;
  let wantsOperand = true;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.groups;
    if (token === undefined) return false;
    const { operand, operator, mark } = token;
    if (operand !== undefined && !/^(?:defined\b.|\d)/.test(operand) && !compares) return false;
    // An operand, `!` and `(` stand where an operand is wanted, an operator and `)` where one has been.
    if ((operator !== undefined || mark === ')') === wantsOperand) return false;
    if (mark === '(') depth++;
    if (mark === ')' && --depth < 0) return false;
    if (mark === undefined) wantsOperand = operand === undefined;
  }
  return !wantsOperand && depth === 0;
}
