/** What all cases say of endpoints that do nothing right: what was required, and what came instead. */
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { run } from '../runner/run.ts';
import { fakeTarget } from '../testing/fake-endpoint.ts';
import { shown, shownDifference } from './case-text.ts';
import { derivedCases } from './derived/index.ts';
import { cases } from './index.ts';

const spec = loadBlockSchema();
const schema = introspect(spec) as unknown as Json;

/** A requirement with its verb, and what was observed. */
const TWO_HALVES = /^.* (must|should|may) .*; \S/s;

const refusal = { error: { class: 'GenericError', desc: 'no' } };
const SABOTEURS: Readonly<Record<string, (command: string, isQuery: boolean) => JsonObject>> = {
  'says yes and does nothing': (_, isQuery) => ({ return: isQuery ? [] : {} }),
  'refuses what is no query': (_, isQuery) => (isQuery ? { return: [] } : refusal),
  'returns what nobody asked for': () => ({ return: [{ odd: 1 }] }),
};

describe.each(Object.entries(SABOTEURS))('of an endpoint that %s', (_, answer) => {
  test('each case tells both', { timeout: 120_000 }, async () => {
    const capabilities = { humanMonitor: true, drives: true, guestDevices: true };
    const target = fakeTarget({
      answer: (command) => answer(command, command.startsWith('query-')),
      schema,
      virtualTime: true,
      capabilities,
    });
    const record = await run({
      target,
      spec,
      cases: (offered) => [...cases, ...derivedCases(offered).filter(({ id }) => !id.endsWith('-points'))],
      limits: { eventTimeout: 20, caseTimeout: 5_000 },
    });
    const told = record.cases.flatMap(({ id, deviations }) =>
      deviations.filter(({ check }) => check === 'case').map(({ message }) => `${id}: ${message}`),
    );
    expect(told.length).toBeGreaterThan(100);
    const texts = record.cases.flatMap(({ reason = '', deviations }) => [
      reason,
      ...deviations.map((deviation) => stringifyJson(deviation as unknown as Json)),
    ]);
    expect(texts.filter((text) => /(\\n|\n) {4}at /.test(text))).toEqual([]);
    expect(told.filter((text) => !TWO_HALVES.test(text))).toEqual([]);
  });
});

test.each([
  [undefined, 'missing'],
  ['x', '"x"'],
  [['a', 'b'], '["a","b"]'],
  [Array.from({ length: 50 }, (_, index) => index), 'a list of 50'],
  [{ long: 'x'.repeat(100) }, 'an object with long'],
  ['y'.repeat(100), `"${'y'.repeat(79)}…"`],
])('%j is shown as %s', (value, text) => expect(shown(value)).toBe(text));

test('a difference is told with its path, and what one side lacks as nothing', () => {
  expect(shownDifference({ path: '$', expected: 1, got: 2 })).toBe('expected 1, got 2');
  expect(shownDifference({ path: '$.a[0]', expected: 1 })).toBe('at $.a[0] expected 1, got nothing');
});
