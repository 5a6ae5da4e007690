import { describe, expect, it } from 'vitest';
import type { EndpointIdentity } from '../../reports/record.ts';
import { ExpectationsError } from '../runner/expectations.ts';
import { KnownDifferences, type Question } from './known.ts';
import { readKnown } from './known-file.ts';

function endpoint(target: string, major = 2, minor = 11): EndpointIdentity {
  return { target, version: { qemu: { major, minor, micro: 0 } }, argv: [] };
}
const OLD = endpoint('reference');
const NEW = endpoint('qemu-system:/usr/bin/qemu', 7, 2);

const TEXT = `
- left: reference
  right: qemu-*
  version: '>=7.2 <7.3'
  differences:
    - 'must do $: left does it, right refuses: it is * use'
    - 'text * $.error.desc: a / b'
  reason: it was changed
- left: reference
  right: qemu-*
  of: [do, undo]
  texts:
    - ['no * here', there is none]
    - [[late, 'busy *'], [never, 'locked *']]
  reason: other words
- left: reference
  right: qemu-*
  in: programs
  where: program *
  differences: ['crash *']
  reason: a defect
- left: reference
  right: qemu-*
  program: '*undo*'
  differences: ['hang *']
  reason: it is undone
`;

function known(left: EndpointIdentity, right: EndpointIdentity): KnownDifferences {
  return new KnownDifferences(readKnown(TEXT, 'x.yaml'), left, right);
}
const question = (key: string, where = 'a/case', program: string | null = null) => ({
  key,
  where,
  program: program === null ? null : () => program,
});

describe('KnownDifferences', () => {
  it('explains what an entry names, and nothing else', () => {
    const all = known(OLD, NEW);
    expect(all.explain(question('must do $: left does it, right refuses: it is in use'))).toBe(
      'it was changed',
    );
    expect(all.explain(question('must do $: left does it, right refuses: no'))).toBeUndefined();
    expect(all.explain(question('xtext do $.error.desc: a / b'))).toBeUndefined();
  });

  it.each([
    ['do', 'no node here', 'there is none', 'other words'],
    ['undo', 'busy now', 'never', 'other words'],
    ['undo', 'busy now', 'there is none', undefined],
    ['redo', 'no node here', 'there is none', undefined],
  ])('explains the texts of %s: %s / %s', (of, left, right, reason) => {
    const ask = (all: KnownDifferences, wording: Question['wording']) =>
      all.explain({ ...question(`text ${of} $.error.desc: x / y`), wording: wording! });
    expect(ask(known(OLD, NEW), { of, left, right })).toBe(reason);
    expect(ask(known(NEW, OLD), { of, left: right, right: left })).toBe(reason);
    expect(ask(known(OLD, NEW), { of, left: right, right: left })).toBeUndefined();
  });

  it('holds with the sides exchanged too', () => {
    const key = 'must do $: right does it, left refuses: it is in use';
    expect(known(NEW, OLD).explain(question(key))).toBe('it was changed');
    expect(known(OLD, NEW).explain(question(key))).toBeUndefined();
  });

  it('holds for the version and the endpoints that it names', () => {
    const key = 'text do $.error.desc: a / b';
    expect(known(OLD, endpoint('qemu-system', 8, 0)).explain(question(key))).toBeUndefined();
    expect(known(OLD, endpoint('other', 7, 2)).explain(question(key))).toBeUndefined();
  });

  it('tells cases and programs apart', () => {
    const all = known(OLD, NEW);
    expect(all.explain(question('crash do $: x', 'program 1', 'x'))).toBe('a defect');
    expect(all.explain(question('crash do $: x', 'program 1'))).toBeUndefined();
    expect(all.explain(question('crash do $: x', 'other', 'x'))).toBeUndefined();
  });

  it('looks at what a program does', () => {
    const all = known(OLD, NEW);
    expect(all.explain(question('hang do $: x', 'program 1', 'ground a\nundo {}'))).toBe('it is undone');
    expect(all.explain(question('hang do $: x', 'program 1', 'ground a\ndo {}'))).toBeUndefined();
    expect(all.explain(question('hang do $: x'))).toBeUndefined();
  });

  it('knows which globs explained nothing in a run of all cases', () => {
    const all = known(OLD, NEW);
    all.explain(question('text do $.error.desc: a / b'));
    expect(all.stale().map(({ glob }) => glob)).toEqual([
      'must do $: left does it, right refuses: it is * use',
      'no * here / there is none',
      'late | busy * / never | locked *',
    ]);
  });
});

describe('readKnown', () => {
  it.each([
    ['no list', 'a: 1', /not a list/],
    ['no mapping', '- 1', /entry 1: not a mapping/],
    ['an unknown key', '- {left: a, right: b, reason: c, differences: [d], when: now}', /unknown key 'when'/],
    ['no reason', '- {left: a, right: b, differences: [c]}', /'reason' is missing/],
    ['neither globs nor texts', '- {left: a, right: b, reason: c}', /neither 'differences' nor 'texts'/],
    ['a text alone', '- {left: a, right: b, reason: c, texts: [[d]]}', /no pair of texts/],
    ['a pair of other things', '- {left: a, right: b, reason: c, texts: [[1, [2]]]}', /no pair of texts/],
    ['no globs', '- {left: a, right: b, reason: c, differences: d}', /no list of strings/],
    [
      'another scope',
      '- {left: a, right: b, reason: c, differences: [d], in: all}',
      /neither cases nor programs/,
    ],
    [
      'a range that is none',
      '- {left: a, right: b, reason: c, differences: [d], version: new}',
      /no comparison/,
    ],
    ['no YAML', '{', /x\.yaml/],
  ])('refuses %s', (_, text, message) => {
    expect(() => readKnown(text, 'x.yaml')).toThrow(ExpectationsError);
    expect(() => readKnown(text, 'x.yaml')).toThrow(message);
  });
});
