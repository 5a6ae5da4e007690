import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sarif } from './sarif.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example, failure } from './testing/example-record.ts';
import { render } from './testing/render.ts';

interface Log {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: { readonly region: { readonly startLine: number } };
      }[];
      readonly suppressions?: readonly unknown[];
    }[];
  }[];
}

const schema = JSON.parse(readFileSync(new URL('testdata/sarif-used.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ allErrors: true }).compile(schema);

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

  it('stands where the command at fault is defined if no requirement is known', () => {
    const { results } = log(render(sarif, { ...example, requirements: [] }));
    const [result] = results.filter(({ message }) => message.text.startsWith('block_resize/negative-size: '));
    expect(result!.locations[0]!.physicalLocation.region.startLine).toBeGreaterThan(1);
  });

  it('takes what endpoints say for no placeholder and no link', () => {
    const message = 'see {0} and [here](https://example.org)';
    const deviation = { check: 'case', severity: 'must', message } as const;
    const { results } = log(render(sarif, { ...example, cases: [{ ...failure, deviations: [deviation] }] }));
    expect(results[0]!.message.text).toContain('see {{0}} and [here] (https://example.org)');
  });

  it('is SARIF, and names a rule for every result, whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        const text = render(sarif, record);
        validate(JSON.parse(text));
        expect(validate.errors).toBeNull();
        const { rules, results } = log(text);
        expect(new Set(rules).size).toBe(rules.length);
        expect(new Set(results.map(({ ruleId }) => ruleId))).toEqual(new Set(rules));
        const deviations = record.cases
          .filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip')
          .flatMap((one) => one.deviations);
        expect(results.length).toBeGreaterThanOrEqual(deviations.length);
      }),
    );
  });

  it.each([
    ['a level that SARIF does not know', { level: 'fatal' }],
    ['an empty message', { message: { text: '' } }],
    ['a link', { message: { text: '[a](b)' } }],
    ['a member of no meaning', { severity: 'must' }],
  ])('is held to a schema that refuses %s', (_, change) => {
    const document = JSON.parse(render(sarif, example));
    expect(validate(document)).toBe(true);
    Object.assign(document.runs[0].results[0], change);
    expect(validate(document)).toBe(false);
  });
});
