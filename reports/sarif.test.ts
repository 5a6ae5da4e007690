import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sarif } from './sarif.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example } from './testing/example.ts';
import { render } from './testing/render.ts';

interface Log {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly suppressions?: readonly unknown[];
    }[];
  }[];
}

function log(text: string) {
  const { runs } = JSON.parse(text) as Log;
  const [run] = runs;
  return { rules: run!.tool.driver.rules.map(({ id }) => id), results: run!.results };
}

describe('sarif', () => {
  it('has a result for each deviation, under its requirement, where the schema defines it', () => {
    const { results } = log(render(sarif, example));
    expect(
      results.find(({ message }) => message.text.startsWith('block_resize/negative-size: ')),
    ).toMatchObject({
      ruleId: 'block_resize.size-not-negative',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'spec/schema/block-core.json' },
            region: { startLine: expect.toSatisfy((line: number) => line > 1) },
          },
        },
      ],
    });
  });

  it('suppresses what was foreseen, and counts a crash that no check saw', () => {
    const { results } = log(render(sarif, example));
    const of = (id: string) => results.filter(({ message }) => message.text.startsWith(`${id}: `));
    expect(of('query-block/old')).toMatchObject([{ suppressions: [{ justification: 'fixed in 8.0' }] }]);
    expect(of('block_resize/huge-size')).toMatchObject([{ ruleId: 'crash', level: 'error' }]);
  });

  it('names a rule for every result whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        const { rules, results } = log(render(sarif, record));
        expect(new Set(rules).size).toBe(rules.length);
        expect(new Set(results.map(({ ruleId }) => ruleId))).toEqual(new Set(rules));
        const deviations = record.cases
          .filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip')
          .flatMap((one) => one.deviations);
        expect(results.length).toBeGreaterThanOrEqual(deviations.length);
      }),
    );
  });
});
