import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../spec/block-core.ts';
import type { JsonObject } from '../spec/json.ts';
import { validateArguments } from '../spec/validate.ts';
import { type Cause, causeKey, causeOf, causesOf } from './cause.ts';
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

  test('takes members that a type does not have for one, whatever they are called', () => {
    const issues = (args: JsonObject) =>
      validateArguments(loadBlockSchema(), 'block-commit', { device: 'd', ...args });
    const causes = [{ 'base-node': 'b' }, { 'no such': 1 }, { size: 2 }].flatMap((args) =>
      issues(args).map(({ message, path }) =>
        causeKey(causeOfOne({ message: `block-commit took what its schema forbids: ${message}`, path })),
      ),
    );
    expect(causes).toHaveLength(3);
    expect(new Set(causes).size).toBe(1);
    expect(causeOfOne({ message: "'size' is not a member", path: '$.arguments.size' })).toEqual({
      check: 'case',
      message: 'is not a member',
      path: '$.arguments.*',
    });
  });
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

  test('of a flaky case: what its first try showed', () => {
    expect(of({ outcome: 'flaky', earlier: ['crash', 'pass'] })[0]).toMatch(/^crash: /);
  });
});
