import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMadeName, NamePairs, sameText } from './error-texts.ts';

const same = (left: string, right: string): boolean => sameText(left, right, new NamePairs());

describe('sameText', () => {
  it.each<[string, string, string, boolean]>([
    ['literal parts', 'a', 'b', false],
    ['names that the endpoints make up', "Node '#block12' is busy", "Node '#block3' is busy", true],
    [
      'names used for one thing on one side and for two on the other',
      '#block1 #block1',
      '#block2 #block3',
      false,
    ],
    ['a name and a word', '#block1', 'block1', false],
    ['measured times', 'gone after 12 ms', 'gone after 3 ms', true],
    ['units of measured times', 'after 12 ms', 'for 12 ms', false],
    ['the name of the program', 'qemu-system-x86_64: no', 'qemu-storage-daemon: no', true],
    [
      'json: names, members in any order',
      'json:{"a": 1, "b": "#block1"}',
      'json:{"b": "#block9", "a": 1}',
      true,
    ],
    ['json: names with another value', 'json:{"a": 1}', 'json:{"a": 2}', false],
    ['what only begins like a json: name', 'json:{', 'json:[', false],
  ])('compares %s', (_, left, right, expected) => {
    expect(same(left, right)).toBe(expected);
    expect(same(right, left)).toBe(expected);
  });

  it('keeps to the pairs of names that were met', () => {
    const names = new NamePairs();
    expect(sameText('#block1', '#block5', names)).toBe(true);
    expect(sameText('#block1', '#block6', names)).toBe(false);
    expect(sameText('#block2', '#block5', names)).toBe(false);
    expect(sameText('#block2', '#block6', names)).toBe(true);
  });

  it('is true of equal texts, whatever they are', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(same(text, text)).toBe(true);
      }),
    );
  });
});

it('tells a made-up name from a text with one in it', () => {
  expect([isMadeName('#block7'), isMadeName('a #block7'), isMadeName('')]).toEqual([true, false, false]);
});
