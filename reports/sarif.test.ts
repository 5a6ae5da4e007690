import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sarif } from './sarif.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example, failure } from './testing/example-record.ts';
import { render } from './testing/render.ts';
import { clip, printable } from './text.ts';

interface Located {
  readonly logicalLocations: readonly { readonly fullyQualifiedName: string }[];
}

interface Log {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly occurrenceCount: number;
      readonly locations: readonly Located[];
      readonly relatedLocations: readonly Located[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
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

/** The cases that a result names. */
function casesOf({ locations, relatedLocations }: Log['runs'][number]['results'][number]): string[] {
  return [...locations, ...relatedLocations].flatMap(({ logicalLocations }) =>
    logicalLocations.map(({ fullyQualifiedName }) => fullyQualifiedName),
  );
}

function nameOfCase(id: string): string {
  return clip(printable(id), 1000) || '(empty)';
}

describe('sarif', () => {
  it('has a result for each cause, under its requirement, in a place named by its first case', () => {
    const { results } = log(render(sarif, example));
    expect(results.find(({ ruleId }) => ruleId === 'block_resize.size-not-negative')).toMatchObject({
      level: 'error',
      message: {
        text: expect.stringMatching(/^the command must be refused at \$\.return\. 1 case: block_resize/),
      },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'qmpcheck/block_resize/negative-size' },
            region: { startLine: 1 },
          },
        },
      ],
    });
  });

  it('names all cases of a cause in one result', () => {
    const cases = ['a/b', 'a/c', 'd/e'].map((id) => ({ ...failure, id }));
    const { results } = log(render(sarif, { ...example, cases }));
    expect(results).toMatchObject([{ occurrenceCount: 3, relatedLocations: [{ id: 0 }, { id: 1 }] }]);
    expect(casesOf(results[0]!)).toEqual(['a/b', 'a/c', 'd/e']);
  });

  it('suppresses what was foreseen, apart from the same that was not, and counts a crash that no check saw', () => {
    const { results } = log(render(sarif, example));
    const of = (id: string) => results.filter((one) => casesOf(one).includes(id));
    expect(of('query-block/old')).toMatchObject([{ suppressions: [{ justification: 'fixed in 8.0' }] }]);
    expect(of('block_resize/negative-size')).toMatchObject([{ level: 'error' }]);
    expect(of('block_resize/negative-size')[0]).not.toHaveProperty('suppressions');
    expect(of('block_resize/huge-size')).toMatchObject([{ ruleId: 'crash', level: 'error' }]);
  });

  it('has fingerprints that say nothing of where things lie', () => {
    const prints = (target: string) =>
      log(render(sarif, { ...example, endpoint: { ...example.endpoint, target } })).results.map(
        (one) => one.partialFingerprints,
      );
    expect(prints('qemu-system:/build/1/qemu')).toEqual(prints('qemu-system:/build/2/qemu'));
    expect(JSON.stringify(prints('qemu-system:/build/1/qemu'))).not.toContain('build');
    expect(prints('qemu-system')).not.toEqual(prints('unix:/x'));
  });

  it('tells what was skipped and why, and the totals', () => {
    const { invocations, properties } = JSON.parse(render(sarif, { ...example, interrupted: true })).runs[0];
    expect(invocations).toMatchObject([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [
          { level: 'note', message: { text: '1 case skipped: no guest devices' } },
        ],
      },
    ]);
    expect(properties.totals).toMatch(/^8 cases: 1 passed, 1 failed, /);
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
        const told = record.cases.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip');
        const shown = results.flatMap(casesOf);
        expect(new Set(shown)).toEqual(new Set(told.map(({ id }) => nameOfCase(id))));
        expect(shown).toHaveLength(results.reduce((sum, one) => sum + one.occurrenceCount, 0));
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
