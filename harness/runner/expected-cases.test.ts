import { describe, expect, test } from 'vitest';
import type { CaseRecord, Deviation, EndpointIdentity, Outcome } from '../../reports/record.ts';
import { readExpectations } from '../expectations/read-expectations.ts';
import { ExpectedCases } from './expected-cases.ts';

const identity: EndpointIdentity = {
  target: 'qemu-system:/usr/bin/qemu-system-x86_64',
  version: { qemu: { major: 7, minor: 2, micro: 5 }, package: '' },
  argv: [],
};

const refused: Deviation = {
  check: 'case',
  severity: 'must',
  message: "block_resize was refused: Node 'null-qabcd1' is in use since 17",
};
const changed: Deviation = {
  check: 'error-changes-nothing',
  severity: 'must',
  message: 'block_resize was refused, and yet changed the state',
  path: '$.nodes[3].image.virtual-size',
};

function record(id: string, outcome: Outcome, deviations: readonly Deviation[] = []): CaseRecord {
  return { id, title: id, requirements: [], outcome, durationMs: 0, deviations };
}

function expected(text: string, endpoint = identity): ExpectedCases {
  return new ExpectedCases(readExpectations(text, 'x.yaml'), endpoint);
}

const ENTRY = `
- about: case
  endpoint: qemu-*
  case: block_resize
  deviations:
    - { check: case, message: "block_resize was refused: Node '*' is in use since N" }
    - check: error-changes-nothing
      message: block_resize was refused, and yet changed the state
      path: $.nodes[].image.virtual-size
  reason: known
  link: https://x.invalid/1
`;

describe('a case is expected', () => {
  const one = expected(ENTRY);
  const reason = (id: string, outcome: Outcome, deviations: readonly Deviation[]) =>
    one.apply(record(id, outcome, deviations)).expected?.reason;

  test('where all that it shows is named, with reason and link', () => {
    const { expected: marked } = one.apply(record('block_resize/a', 'fail', [refused, changed]));
    expect(marked).toEqual({ reason: 'known', link: 'https://x.invalid/1' });
    expect(reason('block_resize/a', 'fail', [refused])).toBe('known');
    expect(reason('block_resize/a', 'flaky', [refused])).toBe('known');
  });

  test.each<[string, Partial<Deviation>]>([
    ['another check', { check: 'leftovers' }],
    ['another message', { message: 'block_resize was refused: no' }],
    ['another path', { path: '$.nodes[3].image' }],
  ])('not where it shows %s', (_, other) => {
    expect(reason('block_resize/a', 'fail', [changed])).toBe('known');
    expect(reason('block_resize/a', 'fail', [{ ...changed, ...other }])).toBeUndefined();
  });

  test('not where it shows another deviation too, unless that counts for nothing', () => {
    const other: Deviation = { check: 'case', severity: 'text', message: 'other words' };
    expect(reason('block_resize/a', 'fail', [refused, other])).toBeUndefined();
    const contradicted = 'block-stream/device-unknown';
    const noted: Deviation = { ...other, severity: 'must', requirement: contradicted };
    const bare = record('block_resize/a', 'fail', [refused, noted]);
    expect(one.apply({ ...bare, requirements: [contradicted] }).expected?.reason).toBe('known');
  });

  test('not where the case or the endpoint is another, or where it passes', () => {
    expect(reason('blockdev-add/a', 'fail', [refused])).toBeUndefined();
    expect(reason('block_resize/a', 'pass', [])).toBeUndefined();
    expect(reason('block_resize/a', 'error', [refused])).toBeUndefined();
    const other = expected(ENTRY, { ...identity, target: 'reference' });
    expect(other.apply(record('block_resize/a', 'fail', [refused])).expected).toBeUndefined();
  });

  test.each([
    ['>=7.0 <8', true],
    ['>=7.2.6', false],
  ])('in version %s: %s', (range, applies) => {
    const ranged = expected(`${ENTRY}  version: '${range}'\n`);
    const { expected: marked } = ranged.apply(record('block_resize/a', 'fail', [refused]));
    expect(marked !== undefined).toBe(applies);
  });
});

test('what is shipped excuses no endpoint of an unknown implementation: it is a hint', () => {
  const failed = record('block_resize/a', 'fail', [refused]);
  const shipped = readExpectations(ENTRY.replace('qemu-*', "'*'"), 'x.yaml', true);
  const of = (more: Partial<EndpointIdentity>) => {
    const known = new ExpectedCases(shipped, { ...identity, target: 'exec:vmm', ...more });
    const { expected: marked, hint } = known.apply(failed);
    return {
      reason: marked?.reason,
      hint,
      stale: known.stale([record('block_resize/a', 'pass')], true).length,
    };
  };
  const hint = 'looks like what is known of QEMU: known';
  expect(of({})).toEqual({ reason: undefined, hint, stale: 0 });
  expect(of({ implementation: 'qemu' })).toEqual({ reason: 'known', hint: undefined, stale: 1 });
});

describe('how a case ends', () => {
  const entry = (check: string, message: string) =>
    expected(`
- about: case
  endpoint: '*'
  case: '*'
  deviations: [{ check: '${check}', message: "${message}" }]
  reason: known
`);
  const transcript = { steps: [{}, {}] } as unknown as NonNullable<CaseRecord['transcript']>;
  const lastWords = ['Unexpected error in f() at ../../u.c:145:', 'no size'];
  const crash: CaseRecord = {
    ...record('a/b', 'crash', [{ ...refused, check: 'crash', exchange: 1 }]),
    process: { signal: 'SIGABRT', lastWords },
    transcript,
  };
  const hang: CaseRecord = {
    ...record('a/b', 'timeout'),
    process: { lastWords: [], inFlight: '{"execute":"block-stream"}' },
  };

  test('is named by signal and last words, or by what was in flight', () => {
    const words = 'SIGABRT: Unexpected error in f() at u.c: no size';
    expect(entry('crash', words).apply(crash).expected).toEqual({ reason: 'known' });
    expect(entry('crash', 'SIGSEGV: *').apply(crash).expected).toBeUndefined();
    expect(entry('crash', '*: no number').apply(crash).expected).toBeUndefined();
    expect(entry('hang', 'in block-stream').apply(hang).expected).toEqual({ reason: 'known' });
    expect(entry('hang', 'in block-commit').apply(hang).expected).toBeUndefined();
  });

  test('does not excuse what was seen before', () => {
    const before = { ...crash, deviations: [{ ...refused, exchange: 0 }, ...crash.deviations] };
    expect(entry('crash', '*').apply(before).expected).toBeUndefined();
    expect(entry('case', '*').apply(before).expected).toBeUndefined();
    expect(entry('*', '*').apply(before).expected).toEqual({ reason: 'known' });
  });
});

describe('in the earlier spelling', () => {
  const text = '- {endpoint: qemu-*, case: block_resize/*, outcome: fail, reason: known}\n';

  test('whatever shows is expected, with that outcome', () => {
    const one = expected(text);
    expect(one.apply(record('block_resize/a', 'fail', [refused])).expected).toEqual({ reason: 'known' });
    expect(one.apply(record('block_resize/a', 'warn', [refused])).expected).toBeUndefined();
    expect(one.apply(record('blockdev-add/a', 'fail', [refused])).expected).toBeUndefined();
    const skip = expected(text.replace('fail', 'skip'));
    expect(skip.apply(record('block_resize/a', 'skip')).expected).toEqual({ reason: 'known' });
  });

  test('it is stale when the case ends otherwise', () => {
    expect(expected(text).stale([record('block_resize/a', 'pass')], true)).toEqual([
      { pattern: 'block_resize/*', reason: 'expected fail, got pass' },
    ]);
  });
});

describe('stale', () => {
  const stale = (records: CaseRecord[], whole = true) => {
    const one = expected(ENTRY);
    for (const some of records) one.apply(some);
    return one.stale(records, whole);
  };
  const both = [refused, changed];

  test('when the case passes now, a line a deviation', () => {
    expect(stale([record('block_resize/a', 'pass')])).toEqual([
      {
        pattern: 'block_resize',
        reason: "does not show any more: case: block_resize was refused: Node '*' is in use since N",
      },
      {
        pattern: 'block_resize',
        reason:
          'does not show any more: error-changes-nothing $.nodes[].image.virtual-size: block_resize was refused, and yet changed the state',
      },
    ]);
    expect(stale([record('block_resize/a', 'fail', [refused])])).toHaveLength(1);
  });
  test('not when one of several cases bears it out', () => {
    expect(stale([record('block_resize/a', 'pass'), record('block_resize/b', 'fail', both)])).toEqual([]);
  });
  test('when no such case exists, which only a whole run can tell', () => {
    expect(stale([])).toEqual([{ pattern: 'block_resize', reason: 'no such case' }]);
    expect(stale([], false)).toEqual([]);
  });
  test('not when the case was skipped', () => {
    expect(stale([record('block_resize/a', 'skip')])).toEqual([]);
  });
});
