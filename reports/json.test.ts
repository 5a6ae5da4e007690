import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, jsonEqual, parseJson } from '../spec/json.ts';
import { json, recordJson } from './json.ts';
import type { RunRecord } from './record.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example } from './testing/example-record.ts';
import { render } from './testing/render.ts';
import { isUnexpected } from './unexpected.ts';

const schema = JSON.parse(readFileSync(new URL('../docs/record.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

describe('json', () => {
  it('gives the record back, integers exact, with the causes of what fails it', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        const { causes = [], ...rest } = parseJson(render(json, record)) as unknown as RunRecord;
        expect(jsonEqual(rest as unknown as Json, record as unknown as Json)).toBe(true);
        const bad = record.cases.filter((one) => isUnexpected(one, record.policy)).map(({ id }) => id);
        expect(new Set(causes.flatMap(({ cases }) => cases))).toEqual(new Set(bad));
      }),
    );
  });

  it('makes the causes anew of a record that has some', () => {
    const causes = [{ check: 'x', message: 'of one shard', path: '$', cases: ['y'] }];
    expect(recordJson({ ...example, causes })).toBe(recordJson(example));
  });

  it('fits the published schema', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        validate(JSON.parse(render(json, record)));
        expect(validate.errors).toBeNull();
      }),
    );
  });

  it.each([
    ['an unknown outcome', { cases: [{ ...example.cases[0], outcome: 'ok' }] }],
    ['a member that the schema does not know', { extra: 1 }],
    ['another version of the record', { recordVersion: 2 }],
  ])('has a schema that refuses %s', (_, change) => {
    expect(validate({ ...example, ...change })).toBe(false);
  });
});
