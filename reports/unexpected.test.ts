import { describe, expect, test } from 'vitest';
import type { CaseRecord, Deviation, Outcome, Policy, RunRecord, Severity } from './record.ts';
import { countUnexpected, isForeseen, isNotOk, isUnexpected } from './unexpected.ts';

function one(outcome: Outcome, more: Partial<CaseRecord> = {}): CaseRecord {
  return { id: 'a/1', title: '', requirements: [], outcome, durationMs: 0, deviations: [], ...more };
}

function deviation(severity: Severity, path = '$'): Deviation {
  return { check: 'case', severity, message: 'm', path };
}

function run(cases: CaseRecord[], more: Partial<RunRecord> = {}): RunRecord {
  return { interrupted: false, cases, staleExpectations: [], ...more } as unknown as RunRecord;
}

const at = (level: Policy['level']): Policy => ({ level, strictExpectations: false });

test.each<[Outcome, boolean]>([
  ['pass', false],
  ['info', false],
  ['skip', false],
  ['warn', false],
  ['flaky', false],
  ['fail', true],
  ['crash', true],
  ['timeout', true],
  ['error', true],
])('%s is not ok: %s', (outcome, expected) => {
  expect(isNotOk(one(outcome))).toBe(expected);
  expect(isUnexpected(one(outcome))).toBe(expected);
});

test('what was expected does not count, but for a fault of the harness', () => {
  const expected = { reason: 'known' };
  for (const outcome of ['fail', 'crash', 'timeout'] as const) {
    expect(isUnexpected(one(outcome, { expected }))).toBe(false);
    expect(isForeseen(one(outcome, { expected }))).toBe(true);
  }
  expect(isUnexpected(one('error', { expected }))).toBe(true);
  expect(isForeseen(one('pass', { expected }))).toBe(false);
});

describe('the level', () => {
  const should = one('warn', { deviations: [deviation('should')] });
  const may = one('info', { deviations: [deviation('may')] });
  const text = one('warn', { deviations: [deviation('text')] });
  const contradicted = one('info', { deviations: [deviation('must'), deviation('should')] });
  const flaky = one('flaky', { deviations: [deviation('should')] });
  test.each<[Policy['level'], boolean, boolean]>([
    ['must', false, false],
    ['should', true, false],
    ['may', true, true],
  ])(
    '%s: a should fails the run: %s, a may: %s, a text and what is contradicted never',
    (level, ofShould, ofMay) => {
      expect(isUnexpected(should, at(level))).toBe(ofShould);
      expect(isUnexpected(may, at(level))).toBe(ofMay);
      for (const never of [text, contradicted, flaky]) expect(isUnexpected(never, at(level))).toBe(false);
    },
  );
});

test('expectations that no longer apply fail only a strict run', () => {
  const staleExpectations = [{ pattern: 'a', reason: 'r' }];
  expect(countUnexpected(run([one('pass')], { staleExpectations }))).toBe(0);
  const strict = { level: 'must', strictExpectations: true } as const;
  expect(countUnexpected(run([one('pass')], { staleExpectations, policy: strict }))).toBe(1);
});
