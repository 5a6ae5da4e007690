import { describe, expect, test } from 'vitest';
import { asInBaseline } from './baseline.ts';
import type { CaseRecord, Deviation, Outcome, Policy, ProcessState, RunRecord, Severity } from './record.ts';

function one(outcome: Outcome, more: Partial<CaseRecord> = {}): CaseRecord {
  return { id: 'a/1', title: '', requirements: [], outcome, durationMs: 0, deviations: [], ...more };
}

function deviation(message: string, more: Partial<Deviation> = {}): Deviation {
  return { check: 'case', severity: 'must', message, path: '$', ...more };
}

const run = (...cases: CaseRecord[]) => ({ cases }) as unknown as RunRecord;
const at = (level: Policy['level']): Policy => ({ level, strictExpectations: false });
const failing = (...deviations: Deviation[]) => one('fail', { deviations });
const isKnown = (now: CaseRecord, before: CaseRecord, policy?: Policy): boolean =>
  asInBaseline(now, run(before), policy).expected?.reason === 'as in the baseline';

const SIZE = deviation("the size of 'n-qabcd1' is 17");

describe('a deviation is foreseen', () => {
  test('that the same case showed', () => {
    expect(isKnown(failing(SIZE), failing(SIZE))).toBe(true);
    expect(asInBaseline(failing(SIZE), undefined).expected).toBeUndefined();
    expect(asInBaseline(failing(SIZE), run()).expected).toBeUndefined();
    expect(isKnown(failing(SIZE), { ...failing(SIZE), id: 'a/2' })).toBe(false);
  });

  test('with other values', () => {
    const other = deviation("the size of 'n-qwxyz2' is 18", { got: 18, exchange: 7 });
    expect(isKnown(failing(other), failing(SIZE))).toBe(true);
  });

  test.each<[string, Partial<Deviation>]>([
    ['another message', { message: "the format of 'n-qabcd1' is 17" }],
    ['another check', { check: 'reply-schema' }],
    ['another path', { path: '$.return' }],
  ])('not one with %s', (_, more) => {
    const other = { ...SIZE, ...more };
    expect(isKnown(failing(other), failing(SIZE))).toBe(false);
    expect(isKnown(failing(SIZE, other), failing(SIZE))).toBe(false);
    expect(isKnown(failing(SIZE), failing(SIZE, other))).toBe(true);
  });

  test('beside words of which none fails a run', () => {
    expect(isKnown(failing(SIZE, deviation('other words', { severity: 'text' })), failing(SIZE))).toBe(true);
  });
});

describe('an end is foreseen', () => {
  const ended = (outcome: Outcome, process: Partial<ProcessState>) =>
    one(outcome, { process: { lastWords: [], ...process } });
  const abort = (word: string) => ended('crash', { signal: 'SIGABRT', lastWords: [word] });
  const LAST = 'qemu-system-x86_64: ../block.c:17: bdrv_close: Assertion failed (pid 4711, 0x7f01)';

  test('that the same case came to', () => {
    expect(isKnown(abort(LAST), abort(LAST))).toBe(true);
    expect(isKnown(abort(LAST.replace('4711', '12').replace('7f01', '8e02')), abort(LAST))).toBe(true);
  });

  test.each<[string, CaseRecord]>([
    ['other last words', abort(LAST.replace('bdrv_close', 'bdrv_open'))],
    ['another signal', ended('crash', { signal: 'SIGSEGV', lastWords: [LAST] })],
    ['no last words', ended('crash', { signal: 'SIGABRT' })],
    ['no end', ended('timeout', { inFlight: '{"execute":"block-stream"}' })],
    ['a fail', failing(SIZE)],
  ])('not one with %s', (_, other) => {
    expect(isKnown(other, abort(LAST))).toBe(false);
    expect(isKnown(abort(LAST), other)).toBe(false);
  });

  test('not where something else went wrong before it', () => {
    const transcript = { steps: [{}, {}] } as unknown as NonNullable<CaseRecord['transcript']>;
    const before = { ...abort(LAST), transcript, deviations: [{ ...SIZE, exchange: 0 }] };
    expect(isKnown(before, abort(LAST))).toBe(false);
    expect(isKnown(before, before)).toBe(true);
  });

  test('by the command that was in flight', () => {
    const hang = (execute: string) => ended('timeout', { inFlight: JSON.stringify({ execute }) });
    expect(isKnown(hang('block-stream'), hang('block-stream'))).toBe(true);
    expect(isKnown(hang('block-stream'), hang('block-commit'))).toBe(false);
  });
});

test('what somebody foresaw for a better reason, what is ok, and faults of the harness are left alone', () => {
  const known = { ...failing(SIZE), expected: { reason: 'known' } };
  for (const left of [known, one('error'), one('warn'), one('pass')])
    expect(asInBaseline(left, run(left))).toBe(left);
  expect(isKnown(failing(SIZE), one('error', { deviations: [SIZE] }))).toBe(false);
});

test('it holds at the level of the run', () => {
  const warned = (severity: Severity) => one('warn', { deviations: [{ ...SIZE, severity }] });
  expect(isKnown(warned('should'), warned('should'), at('should'))).toBe(true);
  expect(isKnown(warned('should'), warned('should'), at('must'))).toBe(false);
});

test('a case that fails is not foreseen by one that was flaky, unless flaky cases fail the run', () => {
  const flaky = one('flaky', { earlier: ['fail'], deviations: [SIZE] });
  expect(isKnown(failing(SIZE), flaky)).toBe(false);
  const policy = { ...at('must'), failOnFlaky: true };
  expect(isKnown(failing(SIZE), flaky, policy)).toBe(true);
  expect(isKnown(flaky, flaky, policy)).toBe(true);
});
