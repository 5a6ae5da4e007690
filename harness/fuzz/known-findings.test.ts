import { describe, expect, test } from 'vitest';
import type { Json } from '../../spec/json.ts';
import { readExpectations } from '../expectations/read-expectations.ts';
import { shippedExpectations } from '../expectations/shipped-expectations.ts';
import { deviationOf } from './buckets.ts';
import type { LogLine } from './campaign-log.ts';
import { KnownFindings } from './known-findings.ts';

const version = (major: number, minor: number): Json => ({ qemu: { major, minor, micro: 22 } });

const ENTRIES = `
- about: finding
  endpoint: qemu-*
  deviations:
    - { check: hang, message: in nbd* }
    - { check: error-changes-nothing, message: '* was refused*', path: '$.nodes[].image' }
  reason: known
- { about: case, endpoint: '*', case: '*', deviations: [{ check: '*', message: '*', path: '*' }], reason: y }
`;

function known(text: string, target: string, of: Json = null): KnownFindings {
  return new KnownFindings(readExpectations(text, 'f'), { target, version: of });
}

describe('a bucket is known', () => {
  const refused = 'deviation error-changes-nothing: eject was refused, and';

  test.each([
    ['hang in nbd-server-add', true],
    ['hang in block-stream', false],
    ['crash SIGABRT: in nbd', false],
    [`${refused} at $.nodes[].image`, true],
    [`${refused} at $.nodes`, false],
    [refused, false],
    [`${refused} at $.nodes[].image`.replace('was refused', 'failed'), false],
    [`${refused} at $.nodes[].image`.replace('changes', 'says'), false],
  ])('%s: %s', (bucket, muted) => {
    expect(known(ENTRIES, 'qemu-system').isKnown(bucket)).toBe(muted);
    expect(known(ENTRIES, 'reference').isKnown(bucket)).toBe(false);
  });

  test('of the version that the entry names', () => {
    const ranged = `${ENTRIES}- { about: finding, endpoint: '*', version: '>=7.2 <7.3', deviations: [{ check: hang, message: '*' }], reason: r }`;
    const muted = (of: Json): boolean => known(ranged, 'unix:/x', of).isKnown('hang in x');
    expect([version(7, 2), version(7, 3), version(8, 0), null].map(muted)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test('in the earlier spelling too', () => {
    const earlier =
      "- {endpoint: 'qemu-*', program: 'hang in nbd*', reason: known}\n- {endpoint: q, case: x, outcome: fail, reason: y}";
    expect(known(earlier, 'qemu-system').isKnown('hang in nbd-server-add')).toBe(true);
    expect(known(earlier, 'qemu-system').isKnown('crash SIGABRT: in nbd')).toBe(false);
    expect(known(earlier, 'reference').isKnown('hang in nbd-server-add')).toBe(false);
  });

  test.each([
    [
      'reference',
      null,
      [
        'deviation error-changes-nothing: transaction was refused, and yet changed the state at $.nodes[].image.full-backing-filename',
      ],
    ],
    [
      'exec:qemu',
      version(7, 2),
      [
        'crash SIGSEGV: after block-stream',
        'crash SIGSEGV: after deviation error-changes-nothing: blockdev-reopen was refused, and yet changed the state at $.nodes[].x',
        'deviation error-changes-nothing: blockdev-change-medium was refused, and yet changed the state at $.devices[].tray_open',
      ],
    ],
  ] as const)('by what is shipped for %s', (target, of, buckets) => {
    const shipped = shippedExpectations();
    const implementation = target === 'reference' ? 'reference' : 'qemu';
    const all = new KnownFindings(shipped, { target, version: of, implementation });
    expect(buckets.map((bucket) => all.isKnown(bucket))).toEqual(buckets.map(() => true));
    expect(all.isKnown('crash SIGSEGV: after query-version')).toBe(false);
    const other = { target: 'qemu-system', version: version(9, 1), implementation: 'qemu' } as const;
    expect(new KnownFindings(shipped, other).isKnown(buckets[0])).toBe(false);
    // It only says that it is of this version.
    expect(new KnownFindings(shipped, { target, version: of }).isKnown(buckets[0])).toBe(false);
  });
});

test('what no run of a campaign shows is stale, if it has the same programs each time', () => {
  const all = known(ENTRIES, 'qemu-system');
  const round = { type: 'round', hits: { 'hang in nbd-server-stop': 2 } } as unknown as LogLine;
  const told = (log: readonly LogLine[]) =>
    all.stale(log, true).map(({ file, line, why }) => `${file}:${line}: ${why}`);
  const path = 'f:2: does not show any more: error-changes-nothing $.nodes[].image: * was refused*';
  expect(told([])).toEqual(['f:2: does not show any more: hang: in nbd*', path]);
  expect(told([round])).toEqual([path]);
  expect(known(ENTRIES, 'qemu-system').stale([round], false)).toEqual([]);
});

test.each([
  ['crash SIGABRT: x at $.y', { check: 'crash', message: 'SIGABRT: x at $.y', path: '$' }],
  ['hang after deviation a: b at $.c', { check: 'hang', message: 'after deviation a: b at $.c', path: '$' }],
  ['deviation data/contents: a: b', { check: 'data/contents', message: 'a: b', path: '$' }],
  ['deviation a: b at once at $.c[].d at e', { check: 'a', message: 'b at once', path: '$.c[].d at e' }],
])('the deviation of %s', (bucket, deviation) => {
  expect(deviationOf(bucket)).toEqual(deviation);
});
