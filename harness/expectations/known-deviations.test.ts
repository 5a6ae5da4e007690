import { describe, expect, it } from 'vitest';
import type { EndpointIdentity } from '../../reports/record.ts';
import { KnownDeviations, type SeenDeviation } from './known-deviations.ts';
import { readExpectations } from './read-expectations.ts';

function endpoint(target: string, major = 2, minor = 11): EndpointIdentity {
  return { target, version: { qemu: { major, minor, micro: 0 } }, argv: [] };
}
const OLD = endpoint('reference');
const NEW = endpoint('qemu-system:/usr/bin/qemu', 7, 2);

const TEXT = `
- about: difference
  left: reference
  endpoint: qemu-*
  version: '>=7.2 <7.3'
  deviations:
    - { check: must, command: do, message: 'left does it, right refuses: it is * use' }
    - { check: must, command: query-*, message: not equal, path: '$.return[]*.file' }
    - { check: text, command: do, path: '*', message: { left: a, right: b } }
  reason: it was changed
- about: difference
  left: reference
  endpoint: qemu-*
  deviations:
    - check: text
      command: [do, undo]
      message:
        - { left: 'no * here', right: there is none }
        - { left: [late, 'busy *'], right: [never, 'locked *'] }
  reason: other words
- about: difference
  left: reference
  endpoint: qemu-*
  program: '*'
  deviations: [{ check: crash, message: '*' }]
  reason: a defect
- about: difference
  left: reference
  endpoint: qemu-*
  program: '*undo*'
  deviations: [{ check: hang, message: '*' }]
  reason: it is undone
- about: difference
  left: reference
  endpoint: qemu-*
  case: a
  deviations: [{ check: order, message: '*' }]
  reason: in a
- about: finding
  endpoint: '*'
  deviations: [{ check: '*', message: '*', path: '*' }]
  reason: about something else
`;

/** The same as it was spelled when each command had a form of its own. */
const EARLIER = `
- left: reference
  right: qemu-*
  version: '>=7.2 <7.3'
  differences:
    - 'must do $: left does it, right refuses: it is * use'
    - 'must query-* $.return[]*.file: not equal'
  texts: [[a, b]]
  of: [do]
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
- left: reference
  right: qemu-*
  where: a/*
  differences: ['order *']
  reason: in a
- {endpoint: '*', program: '*', reason: about something else}
- {endpoint: '*', case: '**', outcome: fail, reason: about something else}
`;

describe.each([
  ['as it is spelled', TEXT],
  ['in the earlier spelling', EARLIER],
])('a known difference, %s,', (_, text) => {
  const known = (left: EndpointIdentity, right: EndpointIdentity) =>
    new KnownDeviations(readExpectations(text, 'x.yaml'), { about: 'difference', endpoint: right, left });
  const find = (all: KnownDeviations, one: Partial<SeenDeviation>) => all.find(seen(one))?.reason;
  const refused = { check: 'must', command: 'do', message: 'left does it, right refuses: it is in use' };

  it('is what an entry names, and nothing else', () => {
    const all = known(OLD, NEW);
    expect(find(all, refused)).toBe('it was changed');
    expect(find(all, { ...refused, message: 'left does it, right refuses: no' })).toBeUndefined();
    expect(find(all, { ...refused, check: 'should' })).toBeUndefined();
    expect(find(all, { ...refused, command: 'undo' })).toBeUndefined();
    expect(find(all, { ...refused, path: '$.x' })).toBeUndefined();
    const unequal = { check: 'must', command: 'query-block', message: 'not equal' };
    expect(find(all, { ...unequal, path: '$.return[].image.file' })).toBe('it was changed');
    expect(find(all, { ...unequal, path: '$.return[].image' })).toBeUndefined();
    expect(find(all, unequal)).toBeUndefined();
  });

  it.each([
    ['do', 'no node here', 'there is none', 'other words'],
    ['undo', 'busy now', 'never', 'other words'],
    ['undo', 'busy now', 'there is none', undefined],
    ['redo', 'no node here', 'there is none', undefined],
  ])('is what the sides say to %s: %s / %s', (command, left, right, reason) => {
    const ask = (all: KnownDeviations, one: string, other: string) =>
      find(all, {
        check: 'text',
        command,
        path: '$.error.desc',
        message: 'x / y',
        wording: { left: one, right: other },
      });
    expect(ask(known(OLD, NEW), left, right)).toBe(reason);
    expect(ask(known(NEW, OLD), right, left)).toBe(reason);
    expect(ask(known(OLD, NEW), right, left)).toBeUndefined();
  });

  it('is known with the sides exchanged too', () => {
    const exchanged = { ...refused, message: 'right does it, left refuses: it is in use' };
    expect(find(known(NEW, OLD), exchanged)).toBe('it was changed');
    expect(find(known(OLD, NEW), exchanged)).toBeUndefined();
  });

  it('is known of the version and the endpoints that the entry names', () => {
    expect(find(known(OLD, endpoint('qemu-system', 8, 0)), refused)).toBeUndefined();
    expect(find(known(OLD, endpoint('other', 7, 2)), refused)).toBeUndefined();
    expect(find(known(endpoint('other'), NEW), refused)).toBeUndefined();
  });

  it('is known in cases or in programs', () => {
    const all = known(OLD, NEW);
    const crash = { check: 'crash', message: 'x', where: 'program 1' };
    expect(find(all, { ...crash, program: () => 'x' })).toBe('a defect');
    expect(find(all, crash)).toBeUndefined();
    const order = { check: 'order', message: 'x' };
    expect(find(all, { ...order, where: 'a/case' })).toBe('in a');
    expect(find(all, { ...order, where: 'b/case' })).toBeUndefined();
  });

  it('is known of programs that do something', () => {
    const all = known(OLD, NEW);
    const hang = { check: 'hang', message: 'x', where: 'program 1' };
    expect(find(all, { ...hang, program: () => 'ground a\nundo {}' })).toBe('it is undone');
    expect(find(all, { ...hang, program: () => 'ground a\ndo {}' })).toBeUndefined();
    expect(find(all, hang)).toBeUndefined();
  });
});

it('is known in cases only, where the entry names some', () => {
  const text = TEXT.replace('case: a', "case: '*'");
  const all = new KnownDeviations(readExpectations(text, 'x.yaml'), {
    about: 'difference',
    endpoint: NEW,
    left: OLD,
  });
  const order = { check: 'order', message: 'x', where: 'program 1' };
  expect(all.find(seen(order))?.reason).toBe('in a');
  expect(all.find(seen({ ...order, program: () => 'x' }))).toBeUndefined();
});

describe('a stale entry', () => {
  const all = () =>
    new KnownDeviations(readExpectations(TEXT, 'x.yaml'), { about: 'difference', endpoint: NEW, left: OLD });
  const told = (known: KnownDeviations, ids: readonly string[], whole: boolean, outcome = 'pass' as const) =>
    known
      .stale(
        ids.map((id) => ({ id, outcome })),
        whole,
      )
      .map(({ line, why }) => [line, why]);
  const GONE = 'does not show any more:';

  it('is what no sighting bore out after all cases; what programs show is none', () => {
    const known = all();
    known.find(seen({ check: 'text', command: 'do', message: 'a / b', wording: { left: 'a', right: 'b' } }));
    expect(told(known, ['a/case'], true)).toEqual([
      [2, `${GONE} must do: left does it, right refuses: it is * use`],
      [2, `${GONE} must query-* $.return[]*.file: not equal`],
      [11, `${GONE} text do | undo: no * here / there is none`],
      [11, `${GONE} text do | undo: late | busy * / never | locked *`],
      [33, `${GONE} order: *`],
    ]);
  });

  it('is after some cases what is about them', () => {
    expect(told(all(), ['a/case'], false)).toEqual([[33, `${GONE} order: *`]]);
    expect(told(all(), ['b/case'], false)).toEqual([]);
  });

  it('is about all cases only once all have run', () => {
    const text =
      '- {about: case, endpoint: "*", case: "*", deviations: [{check: event-schema, message: m}], reason: r}';
    const known = () =>
      new KnownDeviations(readExpectations(text, 'x.yaml'), { about: 'case', endpoint: NEW });
    expect(told(known(), ['a/case'], false)).toEqual([]);
    expect(told(known(), ['a/case'], true)).toEqual([[1, `${GONE} event-schema: m`]]);
  });

  it('is about cases that do not exist', () => {
    expect(told(all(), ['b/case'], true).at(-1)).toEqual([33, 'no such case']);
  });

  it('is not about cases that were skipped', () => {
    const stale = all().stale([{ id: 'a/case', outcome: 'skip' }], true);
    expect(stale.map(({ line }) => line)).not.toContain(33);
  });
});

/** As `qmpcheck diff` would print it, unless `printed` says otherwise. */
function seen(one: Partial<SeenDeviation>): SeenDeviation {
  const sighting = { check: 'must', command: 'do', message: '', path: '$', where: 'a/case', ...one };
  const { check, command, path, message } = sighting;
  return { printed: `${check} ${command} ${path}: ${message}`, ...sighting };
}
