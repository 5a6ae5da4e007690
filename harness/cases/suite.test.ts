/** The whole suite, one test a case: on the embedded reference, or on the target that QMPCHECK_TARGET names. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { stringifyJson } from '../../spec/json.ts';
import { Expectations, readExpectations } from '../runner/expectations.ts';
import { run } from '../runner/run.ts';
import { resolveTarget } from '../targets/index.ts';
import { derivedCases } from './derived/index.ts';
import { cases } from './index.ts';

const folder = new URL('../expectations/', import.meta.url);
const shipped = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => readExpectations(readFileSync(new URL(file, folder), 'utf8'), file));

const target = process.env.QMPCHECK_TARGET ?? 'reference';
/** Of the reference more is asked: what it says is held to the observations, texts included. */
const accepted = target === 'reference' ? ['pass', 'info'] : ['pass', 'info', 'warn'];

const record = await run({
  target: resolveTarget(target),
  spec: loadBlockSchema(),
  cases: (schema) => [...cases, ...derivedCases(schema)],
  expectations: new Expectations(shipped),
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
