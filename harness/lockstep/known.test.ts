import { describe, expect, it } from 'vitest';
import type { EndpointIdentity } from '../../reports/record.ts';
import { ExpectationsError } from '../runner/expectations.ts';
import { KnownDifferences, readKnown } from './known.ts';

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
  in: programs
  where: program *
  differences: ['crash *']
  reason: a defect
`;

function known(left: EndpointIdentity, right: EndpointIdentity): KnownDifferences {
  return new KnownDifferences(readKnown(TEXT, 'x.yaml'), left, right);
}
const question = (key: string, where = 'a/case', isProgram = false) => ({ key, where, isProgram });

describe('KnownDifferences', () => {
  it('explains what an entry names, and nothing else', () => {
    const all = known(OLD, NEW);
    expect(all.explain(question('must do $: left does it, right refuses: it is in use'))).toBe(
      'it was changed',
    );
    expect(all.explain(question('must do $: left does it, right refuses: no'))).toBeUndefined();
    expect(all.explain(question('xtext do $.error.desc: a / b'))).toBeUndefined();
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
    expect(all.explain(question('crash do $: x', 'program 1', true))).toBe('a defect');
    expect(all.explain(question('crash do $: x', 'program 1', false))).toBeUndefined();
    expect(all.explain(question('crash do $: x', 'other', true))).toBeUndefined();
  });

  it('knows which globs explained nothing in a run of all cases', () => {
    const all = known(OLD, NEW);
    all.explain(question('text do $.error.desc: a / b'));
    expect(all.stale().map(({ glob }) => glob)).toEqual([
      'must do $: left does it, right refuses: it is * use',
    ]);
  });
});

describe('readKnown', () => {
  it.each([
    ['no list', 'a: 1', /not a list/],
    ['no mapping', '- 1', /entry 1: not a mapping/],
    ['an unknown key', '- {left: a, right: b, reason: c, differences: [d], when: now}', /unknown key 'when'/],
    ['no reason', '- {left: a, right: b, differences: [c]}', /'reason' is missing/],
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
