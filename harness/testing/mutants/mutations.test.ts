import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { REFERENCE } from '../judging/built.ts';
import { lineOf } from './campaign.ts';
import { EQUIVALENT } from './equivalent.ts';
import { mutationsOf } from './mutations.ts';

/** Every text that one mutation makes of `text`. */
function mutants(text: string): string[] {
  return mutationsOf(text).map(
    ({ start, end, replacement }) => text.slice(0, start) + replacement + text.slice(end),
  );
}

describe('places where a module can be changed', () => {
  test('an operator gives way to its neighbour', () => {
    expect(mutants('f = a < b;')).toEqual(['f = a <= b;']);
    expect(mutants('f = a && (b ?? c);')).toEqual(['f = a || (b ?? c);', 'f = a && (b && c);']);
    expect(mutants('n += m;')).toEqual(['n -= m;']);
  });

  test('an operator is reached where its left side is, whatever becomes of the right one', () => {
    const text = 'f = a < b || c;';
    expect(
      mutationsOf(text).map(({ start, reachedAt }) => [text.slice(start), text.slice(reachedAt)]),
    ).toEqual([
      ['< b || c;', 'a < b || c;'],
      ['|| c;', 'a < b || c;'],
    ]);
  });

  test('a condition is turned round', () => {
    expect(mutants('if (a) f = b;')).toEqual(['if (!(a)) f = b;']);
    expect(mutants('f = a ? b : c;')).toEqual(['f = !(a) ? b : c;']);
    expect(mutants('while (a) f = b;')).toEqual(['while (!(a)) f = b;']);
  });

  test('a constant has another value', () => {
    expect(mutants("f = [1, 2n, true, 'x', ''];")).toEqual([
      "f = [2, 2n, true, 'x', ''];",
      "f = [1, 3n, true, 'x', ''];",
      "f = [1, 2n, false, 'x', ''];",
      "f = [1, 2n, true, '', ''];",
      "f = [1, 2n, true, 'x', 'mutant'];",
    ]);
  });

  test('a call is left out', () => {
    expect(mutants('f(a);')).toEqual(['void 0;']);
    expect(mutants('await f(a);')).toEqual(['void 0;']);
    expect(mutants('f = g(a);')).toEqual([]);
  });

  test('names of modules and members, and texts of errors, stay', () => {
    expect(mutants("import a from 'b';")).toEqual([]);
    expect(mutants("f = { 'a': b };")).toEqual([]);
    expect(mutants("throw new E('a');")).toEqual([]);
    expect(mutants("f = 'a' + b;")).toEqual(["f = '' + b;"]);
    expect(mutants("f = { a: 'File too large' };")).toEqual([]);
    expect(mutants(`f = a > 1 ? 'One too many' : \`no \${b}\`;`)).toEqual([]);
    expect(mutants("f = a ? 'one' : 'two';")).toHaveLength(3);
  });
});

test('each equivalent mutant is listed once, and is a mutation of the reference as it is built', () => {
  const names = EQUIVALENT.map(({ file, before, after }) => [file, before, after].join('\n'));
  expect(new Set(names).size).toBe(names.length);
  const made = new Set(
    [...new Set(EQUIVALENT.map(({ file }) => file))].flatMap((file) => {
      const text = readFileSync(new URL(file, REFERENCE), 'utf8');
      return mutationsOf(text).map((mutation) => {
        const { before, after } = lineOf(text, mutation);
        return [file, before, after].join('\n');
      });
    }),
  );
  expect(names.filter((name) => !made.has(name))).toEqual([]);
});
