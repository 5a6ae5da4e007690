import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caseGlob, nameGlob, textGlob } from './glob.ts';

describe('textGlob', () => {
  it.each([
    ['Assertion * failed (x[0])', 'Assertion `a ? b : {c}` failed (x[0])', true],
    ['$.nodes[].image', '$.nodes[].image', true],
    ['$.nodes[].image', '$.nodesn.image', false],
    ['a?c', 'abc', false],
    ['{a,b}', 'a', false],
    ['!a', 'b', false],
    ['open file * (deleted)', 'open file /../x/./.y (deleted)', true],
    ['*b', 'a\nb', true],
    ['*', '', true],
    ['*', '..', true],
    ['a', 'ab', false],
    ['a', 'ba', false],
    ['a\\*', 'a\\b', true],
    ['a\\\\', 'a\\\\', true],
    ['a\\\\', 'a\\', false],
  ])('%s on %s: %s', (glob, text, matches) => {
    expect(textGlob(glob)(text)).toBe(matches);
  });

  it('matches any of a list', () => {
    expect(['a', 'b', 'c'].map(textGlob(['a', 'b*']))).toEqual([true, true, false]);
  });

  it('has no special sign but *', () => {
    const character = constantFrom(...'ab*/\\.()[]{}?!+@|^$,\'"` \n-…'.split(''));
    const string = (max: number) => array(character, { maxLength: max }).map((some) => some.join(''));
    assert(
      property(string(6), string(8), (glob, text) => {
        const parts = glob.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
        expect(textGlob(glob)(text)).toBe(new RegExp(`^${parts.join('.*')}$`, 's').test(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('nameGlob', () => {
  it.each([
    ['*', 'exec:/usr/bin/x --y', true],
    ['**', 'exec:/usr/bin/x', true],
    ['exec:*', 'exec:./x', true],
    ['{exec,pty}:**', 'pty:/x', true],
    ['{exec,pty}:**', 'unix:/x', false],
    ['qemu-*', 'reference', false],
  ])('%s on %s: %s', (glob, name, matches) => {
    expect(nameGlob(glob)(name)).toBe(matches);
  });
});

describe('caseGlob', () => {
  it.each([
    ['block_resize', 'block_resize/grow', true],
    ['block_resize/*', 'block_resize/grow', true],
    ['block_resize/grow', 'block_resize/grow-twice', false],
    ['derived/*/missing', 'derived/x/missing', true],
    ['*', 'derived/x/missing', true],
  ])('%s on %s: %s', (glob, id, matches) => {
    expect(caseGlob(glob)(id)).toBe(matches);
  });
});
