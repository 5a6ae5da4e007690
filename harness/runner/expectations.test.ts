import { describe, expect, test } from 'vitest';
import type { CaseRecord, EndpointIdentity, Outcome, RunRecord } from '../../reports/record.ts';
import { Expectations, ExpectationsError, readExpectations, writeExpectations } from './expectations.ts';

const identity: EndpointIdentity = {
  target: 'qemu-system:/usr/bin/qemu-system-x86_64',
  version: { qemu: { major: 7, minor: 2, micro: 5 }, package: '' },
  argv: [],
};

function record(id: string, outcome: Outcome): CaseRecord {
  return { id, title: id, requirements: [], outcome, durationMs: 0, deviations: [] };
}

function expectations(extra = ''): Expectations {
  const text = `- endpoint: qemu-*\n  case: block_resize/*\n  outcome: fail\n  reason: known\n${extra}`;
  return new Expectations(readExpectations(text, 'x.yaml'));
}

describe('reading', () => {
  test('all keys', () => {
    const text =
      "- {endpoint: a, case: b/c, outcome: warn, reason: r, link: 'https://x.invalid/1', version: '>=7.0 <8'}";
    expect(readExpectations(text, 'x.yaml')).toEqual([
      {
        endpoint: 'a',
        case: 'b/c',
        outcome: 'warn',
        reason: 'r',
        link: 'https://x.invalid/1',
        version: '>=7.0 <8',
      },
    ]);
    expect(readExpectations('', 'x.yaml')).toEqual([]);
  });

  test.each([
    ['a: 1', 'x.yaml: not a list'],
    ['- 1', 'x.yaml: entry 1: not a mapping'],
    ['- {endpoint: a, case: b, outcome: fail}', "x.yaml: entry 1: 'reason' is missing"],
    ['- {endpoint: a, case: b, outcome: pass, reason: r}', 'x.yaml: entry 1: outcome is none of'],
    ['- {endpoint: a, case: b, outcome: error, reason: r}', 'x.yaml: entry 1: outcome is none of'],
    ['- {endpoint: a, case: 1, outcome: fail, reason: r}', "x.yaml: entry 1: 'case' is no string"],
    ['- {endpoint: a, case: b, outcome: fail, reason: r, why: x}', "x.yaml: entry 1: unknown key 'why'"],
    ['- {endpoint: a, case: b, outcome: fail, reason: r, version: 7.x}', "'7.x' is no comparison"],
    ['- [', 'x.yaml: '],
  ])('refuses %s', (text, message) => {
    expect(() => readExpectations(text, 'x.yaml')).toThrow(ExpectationsError);
    expect(() => readExpectations(text, 'x.yaml')).toThrow(message);
  });
});

describe('applying', () => {
  const link = "  link: 'https://x.invalid/1'";

  test('marks the outcome that was foreseen, with reason and link', () => {
    const { apply } = bound(expectations(link));
    expect(apply(record('block_resize/a', 'fail')).expected).toEqual({
      reason: 'known',
      link: 'https://x.invalid/1',
    });
  });

  test('leaves another outcome, another case and another endpoint alone', () => {
    const { apply } = bound(expectations());
    expect(apply(record('block_resize/a', 'crash')).expected).toBeUndefined();
    expect(apply(record('blockdev-add/a', 'fail')).expected).toBeUndefined();
    const other = expectations().forEndpoint({ ...identity, target: 'reference' });
    expect(other.apply(record('block_resize/a', 'fail')).expected).toBeUndefined();
  });

  test.each([
    ['>=7.0 <8', true],
    ['=7.2.5', true],
    ['>7.2.5', false],
    ['<=7.2', false],
    ['<7.10', true],
    ['>=8', false],
  ])('version %s applies to 7.2.5: %s', (range, applies) => {
    const { apply } = bound(expectations(`  version: '${range}'`));
    expect(apply(record('block_resize/a', 'fail')).expected !== undefined).toBe(applies);
  });

  function bound(all: Expectations) {
    const one = all.forEndpoint(identity);
    return { apply: one.apply.bind(one) };
  }
});

describe('stale', () => {
  const stale = (records: CaseRecord[], whole = true) =>
    expectations().forEndpoint(identity).stale(records, whole);

  test('when the case passes now', () => {
    expect(stale([record('block_resize/a', 'pass')])).toEqual([
      { pattern: 'block_resize/*', reason: 'expected fail, got pass' },
    ]);
  });
  test('not when one of several cases bears it out', () => {
    expect(stale([record('block_resize/a', 'pass'), record('block_resize/b', 'fail')])).toEqual([]);
  });
  test('when no such case exists, which only a whole run can tell', () => {
    expect(stale([])).toEqual([{ pattern: 'block_resize/*', reason: 'no such case' }]);
    expect(stale([], false)).toEqual([]);
  });
  test('not when the case was skipped', () => {
    expect(stale([record('block_resize/a', 'skip')])).toEqual([]);
  });
});

test('what is written is read again and foresees the run it came from', () => {
  const outcomes = ['fail', 'pass', 'skip', 'crash', 'info', 'error'] as const;
  const cases = outcomes.map((outcome) => record(`a/${outcome}`, outcome));
  const text = writeExpectations({ endpoint: identity, cases } as unknown as RunRecord);
  const again = new Expectations(readExpectations(text, 'x.yaml')).forEndpoint(identity);
  const foreseen = cases.map((one) => again.apply(one).expected !== undefined);
  expect(foreseen).toEqual([true, false, false, true, false, false]);
});
