import { describe, expect, it, test } from 'vitest';
import type { Cause } from '../../reports/cause.ts';
import { NOT_LOOKED_INTO, type Seen, updateExpectations } from './update-expectations.ts';

const endpoint = {
  target: 'qemu-system:/build/qemu-system-x86_64',
  version: { qemu: { major: 7, minor: 2, micro: 5 } },
};
const refused: Cause = { check: 'case', message: "x was refused: '…'", path: '$' };
const wrong: Cause = { check: 'reply-schema', message: 'expected int, got string', path: '$.return[].size' };
const crash: Cause = { check: 'crash', message: 'SIGABRT: no', path: '$' };

function failed(where: string, ...causes: Cause[]): Seen {
  return { where, outcome: 'fail', causes, counts: true };
}
const passed = (where: string): Seen => ({ where, outcome: 'pass', causes: [], counts: false });

function updated(text: string, seen: readonly Seen[], more: Partial<typeof endpoint> = {}): string {
  const of = { ...endpoint, ...more };
  return updateExpectations({ text, file: 'x.yaml', about: 'case', endpoint: of, seen, elsewhere: [] }).text;
}

const HEAD = '# Ours, looked after by hand.\n\n';
const REFUSED = `# It was always so.
- about: case
  endpoint:   qemu-system   # any build
  case: a/refused
  deviations: [ { check: case, message: "x was refused: '…'" } ]
  reason: >-
    a reason that somebody
    wrote
`;
const OTHERS = `
# Of others.
- { about: case, endpoint: other, case: a/refused, deviations: [{check: case, message: gone}], reason: r }
- { about: case, endpoint: qemu-system, version: ">=8", case: a/refused, deviations: [{check: case, message: gone}], reason: r }
- { about: case, endpoint: qemu-system, case: a/not-run, deviations: [{check: case, message: gone}], reason: r }
- { about: case, endpoint: 'qemu-*', case: a/refused, deviations: [{check: case, message: gone}], reason: r }
- { about: case, endpoint: qemu-system, case: 'a/*', deviations: [{check: case, message: gone}], reason: r }
- { about: finding, endpoint: qemu-system, deviations: [{check: case, message: gone}], reason: r }
# The end.
`;

const ADDED = `- about: case
  endpoint: qemu-system
  version: ">=7.2 <7.3"
  case: a/wrong
  deviations:
    - check: reply-schema
      message: expected int, got string
      path: $.return[].size
  reason: ${NOT_LOOKED_INTO}
`;

describe('a file of expectations', () => {
  it('stays as it is, to the byte, where all that shows is in it', () => {
    const text = HEAD + REFUSED + OTHERS;
    expect(updated(text, [failed('a/refused', refused)])).toBe(text);
    expect(updated('', [passed('a/refused')])).toBe('');
  });

  it('is made where there is none', () => {
    expect(updated('', [failed('a/wrong', wrong, wrong)])).toBe(ADDED);
  });

  it('has an event that nobody knows in one entry for all cases: the next run has it in others', () => {
    const event: Cause = { check: 'event-schema', message: "event '…' is not in the schema", path: '$' };
    const text = updated('', [failed('a/wrong', wrong, event), failed('a/other', event)]);
    expect(text.match(/event-schema/g)).toHaveLength(1);
    expect(text).toContain('case: "*"');
    expect(text).toContain('case: a/wrong');
    expect(updated(text, [failed('a/third', event), failed('a/wrong', wrong)])).toBe(text);
  });

  it('takes what is new at its end, and is then complete', () => {
    const seen = [failed('a/refused', refused), failed('a/wrong', wrong)];
    const text = updated(HEAD + REFUSED + OTHERS, seen);
    expect(text).toBe(`${HEAD}${REFUSED}${OTHERS}\n${ADDED}`);
    expect(updated(text, seen)).toBe(text);
  });

  it('loses what does not show any more, and keeps what is about anything else', () => {
    expect(updated(HEAD + REFUSED + OTHERS, [passed('a/refused')])).toBe(
      `${HEAD}# It was always so.\n${OTHERS}`,
    );
  });

  it('does not give an old reason to a new fault', () => {
    const text = updated(HEAD + REFUSED, [failed('a/refused', { ...refused, message: 'the size is N' })]);
    expect(text).not.toContain('somebody');
    expect(text).toContain(`message: the size is N\n  reason: ${NOT_LOOKED_INTO}\n`);
    const both = updated(HEAD + REFUSED, [failed('a/refused', refused, wrong)]);
    expect(both).toContain(HEAD + REFUSED);
    expect(both).toContain(`path: $.return[].size\n  reason: ${NOT_LOOKED_INTO}\n`);
  });

  it('loses only those deviations of an entry that do not show', () => {
    const two = `- about: case
  endpoint: qemu-system # any build
  case: a/two
  deviations:
    # the first
    - { check: case, message: "x was refused: '…'" }
    # the second
    - { check: crash, message: "SIGABRT: no" } # abort
  reason: r # why

# after it
`;
    expect(updated(two, [failed('a/two', crash)])).toBe(two.replace(/ {4}- \{ check: case.*\n/, ''));
    expect(updated(two, [failed('a/two', refused, crash)])).toBe(two);
  });

  it('keeps what fails no run and yet shows', () => {
    const seen = { ...failed('a/refused', refused), outcome: 'warn' as const, counts: false };
    expect(updated(REFUSED, [seen])).toBe(REFUSED);
    expect(updated('', [seen])).toBe('');
  });

  it('keeps what a check saw that did not look this time', () => {
    const blind = { text: REFUSED, file: 'x', about: 'case', endpoint, seen: [passed('a/refused')] } as const;
    expect(updateExpectations({ ...blind, elsewhere: [], blind: ['case'] }).text).toBe(REFUSED);
    expect(updateExpectations({ ...blind, elsewhere: [], blind: ['envelope'] }).text).not.toBe(REFUSED);
  });

  it('takes what an entry of the earlier spelling meant for what shows', () => {
    const earlier = '- { endpoint: qemu-system, case: a/refused, outcome: fail, reason: r } # ours\n# end\n';
    expect(updated(earlier, [failed('a/refused', refused)])).toBe(`- about: case
  endpoint: qemu-system
  case: a/refused
  deviations:
    - check: case
      message: "x was refused: '…'"
  reason: r
# end
`);
    expect(updated(earlier, [passed('a/refused')])).toBe('# end\n');
    const crashed = { ...failed('a/refused', crash), outcome: 'crash' as const };
    expect(updated(earlier, [crashed])).toContain(`message: "SIGABRT: no"\n  reason: ${NOT_LOOKED_INTO}\n`);
  });

  it('has the form that it had: brackets are put into lines, an end without a line end is none', () => {
    expect(updated('[]\n', [failed('a/wrong', wrong)])).toBe(ADDED);
    expect(updated('# nothing yet', [failed('a/wrong', wrong)])).toBe(`# nothing yet\n\n${ADDED}`);
    const flow = '[{about: case, endpoint: other, case: a, deviations: [{check: x, message: y}], reason: r}]';
    expect(updated(flow, [failed('a/wrong', wrong)])).toMatch(
      /^- \{ about: case, endpoint: other.*\n\n- about: case/,
    );
  });
});

test.each([
  ['qemu-storage-daemon:/x/qsd', undefined, 'endpoint: qemu-storage-daemon\n'],
  ['reference:spawn', undefined, 'endpoint: reference\n'],
  ["exec:python3 './vmm*.py'", undefined, "endpoint: exec:python3 \\'./vmm\\*.py\\'\n"],
  ['unix:/run/vmm.sock', undefined, 'endpoint: unix:/run/vmm.sock\n'],
  ['unix:/run/vmm.sock', 'ours (new)', 'endpoint: ours \\(new\\)\n'],
])('%s, named %s, is written so that it means no other', (target, name, line) => {
  const of = { ...endpoint, target, ...(name !== undefined && { name }) };
  const text = updated('', [failed('a/wrong', wrong)], of);
  expect(text).toContain(line);
  expect(updated(text, [failed('a/wrong', wrong)], of)).toBe(text);
  expect(updated(text, [passed('a/wrong')], of)).toBe('');
});

test('an endpoint that tells no version is written without one', () => {
  expect(updated('', [failed('a/wrong', wrong)], { version: null as never })).not.toContain('version');
});

test('what another file says is not written again', () => {
  const elsewhere = updateExpectations({
    text: '',
    file: 'y.yaml',
    about: 'case',
    endpoint,
    elsewhere: [],
    seen: [failed('a/wrong', wrong)],
  }).expectations;
  const seen = [failed('a/wrong', wrong), failed('a/refused', refused)];
  const { text } = updateExpectations({ text: '', file: 'x.yaml', about: 'case', endpoint, seen, elsewhere });
  expect(text).toContain('case: a/refused');
  expect(text).not.toContain('case: a/wrong');
});

test('of findings nothing is taken away, as they are random', () => {
  const known =
    '- { about: finding, endpoint: qemu-system, deviations: [{check: crash, message: "SIGABRT: no"}], reason: r }\n';
  const seen: Seen[] = [{ where: '', causes: [wrong], printed: 'deviation …', counts: true }];
  const { text } = updateExpectations({
    text: known,
    file: 'x',
    about: 'finding',
    endpoint,
    seen,
    elsewhere: [],
  });
  expect(text).toMatch(
    /^- \{ about: finding.*\n\n- about: finding\n {2}endpoint: qemu-system\n {2}version: .*\n {2}deviations:\n/,
  );
});
