/** The whole suite, one test a case: on the embedded reference, or on the target that QMPCHECK_TARGET names. */
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { stringifyJson } from '../../spec/json.ts';
import { shippedExpectations } from '../expectations/shipped-expectations.ts';
import { run } from '../runner/run.ts';
import { resolveTarget } from '../targets/index.ts';
import { derivedCases } from './derived/index.ts';
import { cases } from './index.ts';

const target = process.env.QMPCHECK_TARGET ?? 'reference';
/** The reference may not even warn: what it says is held to the observations, texts included. */
const accepted = target === 'reference' ? ['pass', 'info'] : ['pass', 'info', 'warn'];

const record = await run({
  target: resolveTarget(target),
  spec: loadBlockSchema(),
  cases: (schema) => [...cases, ...derivedCases(schema)],
  expectations: shippedExpectations(),
});

describe(`the suite on ${target}`, () => {
  for (const { id, outcome, expected, reason, deviations } of record.cases)
    test(id, (context) => {
      if (outcome === 'skip') context.skip(reason);
      if (expected) context.skip(`known: ${expected.reason}`);
      expect(
        accepted,
        stringifyJson({ reason: reason ?? null, deviations: deviations as never }, 2),
      ).toContain(outcome);
    });

  test('no known deviation is stale', () => {
    expect(record.staleExpectations).toEqual([]);
  });
});
