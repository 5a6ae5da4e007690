import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, duration, printable, shellWord, wrap } from './text.ts';

describe('printable', () => {
  it('escapes what cannot be printed and leaves the rest', () => {
    expect(printable('a\nb\u001b[2J\ud800é😀\u202e')).toBe('a\\nb\\u001b[2J\\ud800é😀\\u202e');
  });
});

describe('clip', () => {
  it('says how much is missing and never cuts a character in two', () => {
    expect(clip('abcdef', 4)).toBe('abcd… (2 more characters)');
    expect(clip('abc😀', 4)).toBe('abc… (2 more characters)');
    expect(clip('abcd', 4)).toBe('abcd');
  });
});

describe('wrap', () => {
  it('loses nothing but the spaces it breaks at, and keeps to the width', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 20 }), (text, width) => {
        const lines = wrap(text, width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        expect(lines.every((line) => line.length <= width)).toBe(true);
      }),
    );
  });

  it('counts columns: a wide character takes two', () => {
    expect(wrap('漢字漢字 漢字', 8)).toEqual(['漢字漢字', '漢字']);
  });

  it('breaks at a space where one is near the end', () => {
    expect(wrap('the quick brown fox', 11)).toEqual(['the quick', 'brown fox']);
  });
});

describe('shellWord', () => {
  it('quotes only where a shell needs it', () => {
    expect(shellWord('unix:/run/x.sock')).toBe('unix:/run/x.sock');
    expect(shellWord("it's $HOME")).toBe(`'it'\\''s $HOME'`);
    expect(shellWord('')).toBe("''");
  });
});

describe('duration', () => {
  it('takes the unit that people would', () => {
    expect([12.4, 4200, 200_000].map(duration)).toEqual(['12 ms', '4.2 s', '3 min 20 s']);
  });
});
