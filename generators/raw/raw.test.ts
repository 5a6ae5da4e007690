import { constant, sample } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAMAGE_KINDS, type DamageKind, damaged, rawInput } from './bytes.ts';

const MESSAGE = '{"execute":"query-version","arguments":{"a":[1]},"id":7}';
const damage = (kind: DamageKind, at: number, which = 0) =>
  Buffer.from(damaged(MESSAGE, [{ kind, at, which }])).toString('latin1');

describe('damage', () => {
  test.each(DAMAGE_KINDS)('%s changes the message, wherever and whichever', (kind) => {
    // What moves something to a place of its like changes nothing there.
    let changed = 0;
    for (let at = 0; at < 20; at++)
      for (let which = 0; which < 4; which++) if (damage(kind, at, which) !== MESSAGE) changed++;
    expect(changed).toBeGreaterThan(20);
  });

  test('does what its name says', () => {
    expect(damage('truncated', 10)).toBe('{"execute"');
    expect(damage('token-lost', 0)).toMatch(/^"execute" : /);
    expect(damage('single-quotes', 1)).toMatch(/^{ 'execute' : /);
    expect(damage('huge-number', 18)).toContain('1e999');
    expect(damage('lone-surrogate', 3)).toContain('"execute" : "\\ud800" ,');
    expect(damage('comment', 1)).toMatch(/^{ \/\* x \*\/ "execute"/);
    expect(damage('bom', 5)).toBe(`\xef\xbb\xbf${MESSAGE}`);
    expect(damage('reset', 1)).toBe(`{\xff${MESSAGE.slice(1)}`);
    expect(damage('control', 0)).toBe(`\0${MESSAGE}`);
    expect(damage('invalid-utf8', 0, 3)).toBe(`\xed\xa0\x80${MESSAGE}`);
    expect(damage('interleaved', 1)).toBe(`{${MESSAGE}${MESSAGE.slice(1)}`);
    expect(damage('long-line', 0, 1).length).toBeGreaterThan(70_000);
  });

  test('is the same for the same seed, in every kind', () => {
    const arbitrary = rawInput(constant(MESSAGE));
    const inputs = sample(arbitrary, { seed: 5, numRuns: 500 });
    const again = sample(arbitrary, { seed: 5, numRuns: 500 });
    const differing = inputs.filter(({ bytes }, i) => Buffer.compare(bytes, again[i]!.bytes) !== 0);
    expect(differing).toEqual([]);
    const kinds = new Set(inputs.flatMap(({ damages }) => damages.map(({ kind }) => kind)));
    expect([...kinds].toSorted()).toEqual(DAMAGE_KINDS.toSorted());
  });

  test('of nothing is nothing', () => {
    expect(damaged('', [{ kind: 'byte-flipped', at: 3, which: 1 }])).toHaveLength(0);
  });
});
