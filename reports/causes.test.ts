import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exampleOf, groupByCause, unexpectedCauses } from './causes.ts';
import { type ReporterName, reporters } from './index.ts';
import type { CaseRecord, Deviation, RunRecord } from './record.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { crash, example, failure } from './testing/example-record.ts';
import { render } from './testing/render.ts';
import { isUnexpected } from './unexpected.ts';

/** A case that sent one command; the deviations are of it. */
function failed(id: string, command: string, ...deviations: Partial<Deviation>[]): CaseRecord {
  return {
    ...failure,
    id,
    deviations: deviations.map((one) => ({
      check: 'case',
      severity: 'must',
      message: 'm',
      exchange: 0,
      ...one,
    })),
    transcript: { ...failure.transcript!, steps: [{ send: { execute: command }, reply: { return: {} } }] },
  };
}

function told(...cases: CaseRecord[]): string[] {
  return unexpectedCauses({ cases }).map(
    (group) => `${group.text}: ${group.cases.map((one) => one.record.id).join(', ')}`,
  );
}

const beat = { check: 'event-schema', message: 'event ACME_HEARTBEAT is not in the schema' };
const foreign = (command: string) => ({
  check: 'invalid-refused',
  message: `${command} took what its schema forbids: '${command}-x' is not a member`,
  path: `$.arguments.${command}-x`,
});

describe('groups', () => {
  test('have the cause that most cases show first, and each case wherever it belongs', () => {
    const other = { message: 'the node has 17 bytes' };
    expect(
      told(failed('a', 'x', beat), failed('b', 'y', other, beat), failed('c', 'z', { message: 'alone' })),
    ).toEqual(['event ACME_HEARTBEAT is not in the schema: a, b', 'the node has 17 bytes: b', 'alone: c']);
  });

  test('tell in their own words what all say the same, and else with the values taken out', () => {
    const size = (n: number) => ({ message: `the size is ${n}`, path: `$.nodes[${n}].size` });
    expect(told(failed('a', 'x', size(1)))).toEqual(['the size is 1 at $.nodes[1].size: a']);
    expect(told(failed('a', 'x', size(1)), failed('b', 'x', size(2)))).toEqual([
      'the size is N at $.nodes[].size: a, b',
    ]);
  });

  test('hold what several commands do in the same way; what a case says of one, it says of that', () => {
    const cases = ['eject', 'block-commit'].map((name) => failed(name, name, foreign(name)));
    const [group, ...others] = unexpectedCauses({ cases });
    expect(others).toEqual([]);
    expect(group).toMatchObject({
      text: "… took what its schema forbids: '…' is not a member at $.arguments.*",
      commands: ['eject', 'block-commit'],
    });
    const refused = ['eject', 'block-commit'].map((name) =>
      failed(name, name, { message: `${name} was accepted` }),
    );
    expect(unexpectedCauses({ cases: refused })).toHaveLength(2);
    const within = ['block-commit', 'query-block'].map((name) =>
      failed(name, 'eject', { check: 'envelope', message: `a reply has no id, and answers ${name}` }),
    );
    expect(told(...within)).toEqual(['a reply has no id, and answers …: block-commit, query-block']);
  });

  test('leave out what follows from invalid arguments that were taken, at that exchange only', () => {
    const missed = { message: 'it was accepted' };
    const reply = { check: 'reply-schema', message: 'x returned what its schema forbids: is required' };
    const shown = (...deviations: Partial<Deviation>[]) => told(failed('a', 'x', ...deviations)).length;
    expect(shown(foreign('x'), missed, reply)).toBe(1);
    expect(shown(foreign('x'), { ...missed, exchange: 1 })).toBe(2);
    expect(shown(foreign('x'), beat)).toBe(2);
    expect(shown(reply, missed)).toBe(2);
  });

  test('leave out a comparison of the very member whose value the schema forbids', () => {
    const type = {
      check: 'reply-schema',
      message: "x returned what its schema forbids: 'size': expected int, got string",
      path: '$.return[3].image.size',
    };
    const shown = (...deviations: Partial<Deviation>[]) => told(failed('a', 'x', type, ...deviations)).length;
    expect(shown({ path: '$[0].image.size' })).toBe(1);
    expect(shown({ expected: 17, got: '17' })).toBe(1);
    expect(shown({ path: '$[0].image.size', exchange: 1 })).toBe(2);
    expect(shown({ path: '$[0].image.filename' })).toBe(2);
    expect(shown({ path: '$' })).toBe(2);
    expect(shown({ expected: 17, got: '18' })).toBe(2);
    expect(shown({ expected: 17, got: 17 })).toBe(2);
  });

  test('say once where it shows, where the message says it too', () => {
    const message = 'the node must be there; at $.nodes[0] expected 1, got nothing';
    expect(told(failed('a', 'x', { message, path: '$.nodes[0]' }))).toEqual([`${message}: a`]);
  });

  test('of a crash: its last words, with what was seen before as causes of their own', () => {
    const early: CaseRecord = {
      ...failed('a', 'x', beat),
      outcome: 'crash',
      process: crash.process!,
      transcript: { ...failure.transcript!, steps: [{}, {}] },
    };
    expect(told(early)).toEqual([
      'the endpoint crashed: SIGABRT: assertion failed: a',
      'event ACME_HEARTBEAT is not in the schema: a',
    ]);
    const [ended] = unexpectedCauses({ cases: [early] });
    expect(exampleOf(ended!).alone.deviations).toEqual([]);
  });

  test('do not hold what a foreseen case or another level shows', () => {
    const may: CaseRecord = { ...failed('a', 'x', { severity: 'may' }), outcome: 'info' };
    const cases = [{ ...failed('b', 'x', beat), expected: { reason: 'known' } }, may];
    expect(unexpectedCauses({ cases })).toEqual([]);
    expect(unexpectedCauses({ cases, policy: { level: 'may', strictExpectations: false } })).toHaveLength(1);
  });

  test('hold every case that fails the run, each once, whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        const groups = unexpectedCauses(record);
        const bad = record.cases.filter((one) => isUnexpected(one, record.policy));
        expect(new Set(groups.flatMap(({ cases }) => cases.map((one) => one.record)))).toEqual(new Set(bad));
        expect(new Set(groups.map(({ key }) => key)).size).toBe(groups.length);
        const sizes = groups.map(({ cases }) => cases.length);
        expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
        for (const { cases, text } of groups) {
          expect(new Set(cases.map((one) => one.record)).size).toBe(cases.length);
          expect(text).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        }
      }),
    );
  });

  test('of two records hold the cases of both, with their record', () => {
    const records = [{ cases: [failed('a', 'x', beat)] }, { cases: [failed('a', 'x', beat)] }];
    const [group] = groupByCause(records, () => true);
    expect(group!.cases.map(({ endpoint, record }) => [endpoint, record.id])).toEqual([
      [0, 'a'],
      [1, 'a'],
    ]);
  });
});

describe('every report tells causes, and the first case of each', () => {
  const noisy: RunRecord = {
    ...example,
    cases: [
      ...Array.from({ length: 40 }, (_, n) => failed(`many/case-${n}`, 'block_resize', beat)),
      ...['eject', 'block-commit'].map((name) => failed(`${name}/foreign`, name, foreign(name))),
      crash,
    ],
  };
  test.each(Object.keys(reporters) as ReporterName[])('%s', (name) => {
    // Each format has its own escapes; none of them is about what is left.
    const bare = (text: string) => text.replace(/&#?\w+;|[^\w… ]/g, '');
    const text = bare(render(reporters[name], noisy));
    for (const { cause, cases } of unexpectedCauses(noisy)) {
      expect(text).toContain(bare(cause.message));
      expect(text).toContain(bare(cases[0]!.record.id));
    }
  });

  const SHORT = ['spec', 'markdown', 'sarif'] as const satisfies ReporterName[];
  test.each(SHORT)('%s does so once, not once a case', (name) => {
    const text = render(reporters[name], noisy);
    expect(text.split('ACME').length - 1).toBeLessThan(6);
  });
});
