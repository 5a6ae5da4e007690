import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../spec/block-core.ts';
import type { JsonObject } from '../spec/json.ts';
import { issueText, validateArguments } from '../spec/validate.ts';
import { type Cause, causeKey, causeOf, causesOf, withoutRepetition } from './cause.ts';
import { specNormaliser } from './normalise-text.ts';
import type { CaseRecord, Deviation, Outcome } from './record.ts';
import { crash, failure } from './testing/example-record.ts';

const causeOfOne = (deviation: Partial<Deviation>): Cause =>
  causeOf({ check: 'case', severity: 'must', message: 'm', ...deviation }, specNormaliser());

describe('causeOf', () => {
  test.each([
    ['names that cases make up', "node 'null-qabcd1' is there", "node 'raw-qx0y12' is there"],
    ['made up names outside of quotes', 'left over: node null-qabcd1', 'left over: node file-q00002'],
    ['numbers', 'byte 0 is 17 and should be 119', 'byte 512 is 3 and should be 4'],
    ['addresses', 'freed at 0x7ffd01, of thread 4711', 'freed at 0x55aa00, of thread 12'],
    [
      'addresses and hashes without a prefix',
      'rip 00007f3cabcd0012 at 9f86d081',
      'rip 0000558812fe0abc at 60303ae2',
    ],
    ['UUIDs', '8f14e45f-ceea-467f-ab37-1c2d3e4f5a6b is gone', '45c48cce-2e2d-4fbd-a1aa-0b1c2d3e4f50 is gone'],
    ['files', "Could not open '@DIR@/file-a.img'", "Could not open '@DIR@/b/c.qcow2'"],
  ])('takes out %s', (_, one, other) => {
    expect(causeOfOne({ message: one })).toEqual(causeOfOne({ message: other }));
  });

  test.each([
    ['the command', { message: 'block_resize was refused' }, { message: 'eject was refused' }],
    ['words of the schema', { message: "'qcow2' is gone" }, { message: "'size' is gone" }],
    ['the check', { check: 'leftovers' }, { check: 'envelope' }],
    ['the member', { path: '$.return.a' }, { path: '$.return.b' }],
  ])('tells apart by %s', (_, one, other) => {
    expect(causeKey(causeOfOne(one))).not.toBe(causeKey(causeOfOne(other)));
  });

  test('takes positions in lists for the same place', () => {
    expect(causeOfOne({ path: '$.return[3].image[10].x' }).path).toBe('$.return[].image[].x');
  });

  test('takes a list of names at the end for one value, and files for what they are', () => {
    const left = (kind: string, ...got: string[]) =>
      causeOfOne({ message: `left over after clean-up: ${kind} ${got.join(', ')}`, got }).message;
    expect(left('node', '#acme1', 'Odd name')).toBe('left over after clean-up: node …');
    expect(left('node', 'null-qabcd1')).toBe('left over after clean-up: node …');
    expect(left('open file', '@DIR@/a.img (deleted)')).toBe(
      'left over after clean-up: open file PATH (deleted)',
    );
    expect(causeOfOne({ message: 'it lists a', got: ['b'] }).message).toBe('it lists a');
  });

  test('takes members that a type does not have for one, whatever they are called', () => {
    const issues = (args: JsonObject) =>
      validateArguments(loadBlockSchema(), 'block-commit', { device: 'd', ...args });
    const causes = [{ 'base-node': 'b' }, { 'no such': 1 }, { size: 2 }].flatMap((args) =>
      issues(args).map((issue) =>
        causeKey(causeOfOne({ message: `block-commit took: ${issueText(issue)}`, path: issue.path })),
      ),
    );
    expect(causes).toHaveLength(3);
    expect(new Set(causes).size).toBe(1);
    expect(causeOfOne({ message: "'size' is not a member", path: '$.arguments.size' })).toEqual({
      check: 'case',
      message: "'…' is not a member",
      path: '$.arguments.*',
    });
  });
});

test('withoutRepetition gives the first of each cause, and how many there are', () => {
  const one = (message: string): Deviation => ({ check: 'case', severity: 'must', message });
  const seen = [one('byte 1'), one('byte 2'), one('other'), { ...one('byte 3'), severity: 'may' as const }];
  expect(withoutRepetition(seen)).toEqual([
    { deviation: seen[0], times: 2 },
    { deviation: seen[2], times: 1 },
    { deviation: seen[3], times: 1 },
  ]);
});

describe('causesOf', () => {
  const of = (record: Partial<CaseRecord>) =>
    causesOf({ ...failure, ...record }).map(({ cause: { check, message } }) => `${check}: ${message}`);
  const deviations = failure.deviations;

  test.each<[Outcome, string[]]>([
    ['pass', []],
    ['fail', ['case: the command must be refused']],
    ['warn', ['case: the command must be refused']],
    ['skip', ['skip: no reason']],
    ['error', ['error: no reason']],
    ['crash', ['crash: SIGABRT: assertion failed']],
    ['timeout', ['hang: in block_resize']],
  ])('of a case that ends with %s', (outcome, causes) => {
    const { process } = crash;
    expect(
      of({ outcome, reason: 'no reason', process: process!, ...(outcome === 'pass' && { deviations: [] }) }),
    ).toEqual(causes);
  });

  test('of a case that broke off: also what was seen before its last exchange', () => {
    const early = { ...deviations[0]!, exchange: 0, message: 'early' };
    expect(of({ outcome: 'timeout', deviations: [early, ...deviations] })).toEqual([
      'hang: with nothing in flight',
      'case: early',
    ]);
  });

  test.each<[string, CaseRecord['process'], string]>([
    [
      'as a shell tells it',
      { exitCode: 134, lastWords: ['fatal: a', 'Aborted (core dumped)'] },
      'SIGABRT: fatal: a',
    ],
    [
      'by itself, by what it said last',
      { exitCode: 1, lastWords: ['a', 'ValueError: b', ''] },
      'exit 1: ValueError: b',
    ],
    [
      'by itself, by the line that says why',
      { exitCode: 1, lastWords: ['fatal: a', 'b'] },
      'exit 1: fatal: a',
    ],
    [
      'by a signal, not by any line',
      { signal: 'SIGSEGV', lastWords: ['warning'] },
      'SIGSEGV: with nothing in flight',
    ],
  ])('of a process that was ended %s', (_, process, message) => {
    expect(of({ outcome: 'crash', deviations: [], process: process! })).toEqual([`crash: ${message}`]);
  });

  test('of a flaky case: what its first try showed', () => {
    expect(of({ outcome: 'flaky', earlier: ['crash', 'pass'] })[0]).toMatch(/^crash: /);
  });
});

test('assertions are told apart by what they asserted', () => {
  const normalise = specNormaliser();
  const of = (text: string) => normalise(`vmm.c:17: assertion failed: '${text}'`);
  expect(of('size >= 0')).toBe("vmm.c:N: assertion failed: 'size >= N'");
  expect(of('refcnt > 0')).not.toBe(of('size >= 0'));
});
