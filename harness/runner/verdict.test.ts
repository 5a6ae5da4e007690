import { describe, expect, test } from 'vitest';
import type { CaseRecord, Deviation, Outcome, RunRecord, Severity } from '../../reports/record.ts';
import { asInBaseline, exitCode, type VerdictOptions } from './verdict.ts';

function one(outcome: Outcome, more: Partial<CaseRecord> = {}): CaseRecord {
  return { id: 'a/1', title: '', requirements: [], outcome, durationMs: 0, deviations: [], ...more };
}

function deviation(severity: Severity, path = '$'): Deviation {
  return { check: 'case', severity, message: 'm', path };
}

function run(cases: CaseRecord[], more: Partial<RunRecord> = {}): RunRecord {
  return { interrupted: false, cases, staleExpectations: [], ...more } as unknown as RunRecord;
}

const code = (cases: CaseRecord[], options?: VerdictOptions) => exitCode(run(cases), options);

test.each<[Outcome, number]>([
  ['pass', 0],
  ['info', 0],
  ['skip', 0],
  ['warn', 0],
  ['flaky', 0],
  ['fail', 1],
  ['crash', 1],
  ['timeout', 1],
  ['error', 2],
])('%s gives %i', (outcome, expected) => {
  expect(code([one('pass'), one(outcome)])).toBe(expected);
});

test('an error wins over deviations, an interruption over both', () => {
  expect(code([one('fail'), one('error')])).toBe(2);
  expect(exitCode(run([one('error')], { interrupted: true }))).toBe(130);
});

test('what was expected does not count', () => {
  expect(code([one('fail', { expected: { reason: 'known' } })])).toBe(0);
});

describe('--level', () => {
  const should = one('warn', { deviations: [deviation('should')] });
  const may = one('info', { deviations: [deviation('may')] });
  const text = one('warn', { deviations: [deviation('text')] });
  test.each<[VerdictOptions['level'], number, number]>([
    ['must', 0, 0],
    ['should', 1, 0],
    ['may', 1, 1],
  ])('%s: a should gives %i, a may %i, a text never', (level, ofShould, ofMay) => {
    expect(code([should], { level: level! })).toBe(ofShould);
    expect(code([may], { level: level! })).toBe(ofMay);
    expect(code([text], { level: level! })).toBe(0);
  });
});

describe('--baseline', () => {
  const failing = one('fail', { deviations: [deviation('must')] });
  test('a deviation that was there before does not count, a new one does', () => {
    expect(code([failing], { baseline: run([failing]) })).toBe(0);
    const another = one('fail', { deviations: [deviation('must'), deviation('must', '$.x')] });
    expect(code([another], { baseline: run([failing]) })).toBe(1);
    expect(code([one('crash')], { baseline: run([failing]) })).toBe(1);
    expect(code([failing], { baseline: run([]) })).toBe(1);
  });
  test('what fails as before is told as foreseen, unless somebody foresaw it for a better reason', () => {
    const baseline = run([failing]);
    expect(asInBaseline(failing, baseline).expected).toEqual({ reason: 'as in the baseline' });
    const known = one('fail', { ...failing, expected: { reason: 'known' } });
    expect(asInBaseline(known, baseline)).toBe(known);
    const error = one('error');
    expect(asInBaseline(error, run([error]))).toBe(error);
    expect(asInBaseline(one('crash'), baseline)).not.toHaveProperty('expected');
    expect(asInBaseline(failing, undefined)).toBe(failing);
  });
});

test('stale expectations fail only a strict run', () => {
  const stale = run([one('pass')], { staleExpectations: [{ pattern: 'a', reason: 'r' }] });
  expect(exitCode(stale)).toBe(0);
  expect(exitCode(stale, { strictExpectations: true })).toBe(1);
});
