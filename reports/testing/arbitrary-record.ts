/** Random run records full of hostile text, for properties that every report format must keep. */
import * as fc from 'fast-check';
import { type Json, parseJson } from '../../spec/json.ts';
import { OUTCOMES } from '../outcome.ts';
import type { CaseRecord, Deviation, Outcome, RunRecord } from '../record.ts';

/** Any UTF-16 text, lone surrogates too, biased to what breaks formats. */
const hostileText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '',
    '# TODO not really',
    'a # skip b',
    'Bail out!',
    'ok 1\nnot ok 2\n1..7\n',
    'ends with {',
    '{ ',
    '...\n---\n',
    ']]> <b>&amp;</b> <!-- --',
    "'; rm -rf . #",
    '\u001b[2J\u0007\r\u0000',
    '\ud800 \udfff',
    '\\',
    '- 1',
    'x'.repeat(100_000),
  ),
);

const json: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue().map((value) => parseJson(JSON.stringify(value))),
  hostileText,
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.record({ id: fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }), text: hostileText }),
);

const severity = fc.constantFrom('must', 'should', 'may', 'text');
const duration = fc.double({ min: 0, max: 1e6, noNaN: true });

const deviation: fc.Arbitrary<Deviation> = fc.record(
  {
    check: hostileText,
    severity,
    message: hostileText,
    path: hostileText,
    expected: json,
    got: json,
    exchange: fc.nat(3),
  },
  { requiredKeys: ['check', 'severity', 'message'] },
);

const timestamp = fc.record({ seconds: fc.nat(9e9), microseconds: fc.nat(999_999) });

/** Events of jobs, which are drawn, and others. */
const event: fc.Arbitrary<Json> = fc.oneof(
  fc.record({ event: hostileText, data: json, timestamp }),
  fc.record({
    event: fc.constantFrom('BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'),
    data: fc.record({ device: hostileText }),
    timestamp,
  }),
  fc.record({
    event: fc.constant('JOB_STATUS_CHANGE'),
    data: fc.record({ id: hostileText, status: fc.oneof(fc.constant('running'), hostileText) }),
    timestamp,
  }),
);

/** A node, which is drawn when a later step goes wrong. */
const addition: fc.Arbitrary<Json> = fc.record({
  execute: fc.constant('blockdev-add'),
  arguments: fc.record({ driver: hostileText, 'node-name': hostileText, file: hostileText }),
});

/** A schema with parts of any name, so that drift has to tell of them. */
const introspection: fc.Arbitrary<Json> = fc
  .uniqueArray(hostileText, { minLength: 1, maxLength: 3 })
  .map((names) => [
    { name: '0', 'meta-type': 'object', members: names.map((name) => ({ name, type: 'any' })) },
    { name: 'any', 'meta-type': 'builtin', 'json-type': 'value' },
    { name: 'block_resize', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' },
    ...names.map((name) => ({ name: `c${name}`, 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' })),
  ]);

const transcript = fc.record({
  name: hostileText,
  endpoint: hostileText,
  argv: fc.array(hostileText, { maxLength: 2 }),
  setup: fc.constant([]),
  steps: fc.array(
    fc.oneof(
      fc.record({ send: json, reply: json, events: fc.array(event, { maxLength: 4 }) }),
      fc.record({ raw: hostileText, replies: fc.array(json) }),
      fc.record({ send: addition, reply: fc.constantFrom({ return: {} }, { error: {} }) }),
      fc.record({
        send: fc.constant({ execute: 'query-qmp-schema' }),
        reply: fc.record({ return: introspection }),
      }),
    ),
    { maxLength: 3 },
  ),
});

const caseRecord: fc.Arbitrary<CaseRecord> = fc.record(
  {
    id: fc.oneof(fc.constantFrom('a/b', 'a/c', 'theme'), hostileText),
    title: hostileText,
    requirements: fc.array(hostileText, { maxLength: 2 }),
    outcome: fc.constantFrom(...OUTCOMES),
    severity,
    reason: hostileText,
    durationMs: duration,
    expected: fc.record({ reason: hostileText }),
    earlier: fc.array(fc.constantFrom(...OUTCOMES), { maxLength: 2 }),
    deviations: fc.array(deviation, { maxLength: 2 }),
    transcript,
    process: fc.record(
      {
        exitCode: fc.option(fc.nat(255)),
        signal: fc.option(fc.constant('SIGABRT')),
        lastWords: fc.array(hostileText, { maxLength: 2 }),
        inFlight: hostileText,
        unanswered: fc.array(
          fc.record({ text: hostileText, by: fc.constantFrom('case', 'check', 'runner') }),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: ['lastWords'] },
    ),
    cause: fc.record({ check: hostileText, message: hostileText, path: hostileText }),
    again: hostileText,
  },
  { requiredKeys: ['id', 'title', 'requirements', 'outcome', 'durationMs', 'deviations'] },
);

const quirk = fc.record(
  { name: hostileText, does: hostileText, tolerance: hostileText, case: hostileText, seen: hostileText },
  { requiredKeys: ['name', 'does', 'tolerance', 'case'] },
);

const policy = fc.record({
  level: fc.constantFrom('must', 'should', 'may'),
  strictExpectations: fc.boolean(),
});

function countOutcomes(cases: readonly CaseRecord[]): Record<Outcome, number> {
  const counts = OUTCOMES.map((outcome) => [outcome, cases.filter((one) => one.outcome === outcome).length]);
  return Object.fromEntries(counts) as Record<Outcome, number>;
}

/** A record as a run could leave it: totals agree with the cases. */
export const runRecord: fc.Arbitrary<RunRecord> = fc
  .record({
    endpoint: fc.record(
      {
        target: hostileText,
        name: hostileText,
        version: json,
        package: hostileText,
        argv: fc.array(hostileText, { maxLength: 2 }),
        quirks: fc.array(quirk, { maxLength: 1 }),
      },
      { requiredKeys: ['target', 'version', 'argv'] },
    ),
    seed: hostileText,
    durationMs: duration,
    cases: fc.array(caseRecord, { maxLength: 4 }),
    requirements: fc.array(
      fc.record(
        {
          id: hostileText,
          level: fc.constantFrom('must', 'should', 'may'),
          definition: hostileText,
          text: hostileText,
          source: fc.constant('observation'),
          since: hostileText,
          until: hostileText,
          contradictedBy: hostileText,
        },
        { requiredKeys: ['id', 'level', 'definition', 'text'] },
      ),
      { maxLength: 2 },
    ),
    staleExpectations: fc.array(fc.record({ pattern: hostileText, reason: hostileText }), { maxLength: 2 }),
  })
  .chain((parts) => fc.option(policy).map((one) => ({ ...parts, ...(one && { policy: one }) })))
  .map((parts) => ({
    recordVersion: 1,
    tool: { name: 'qmpcheck', version: '0.0.0' },
    startedAt: '2020-01-02T03:04:05.000Z',
    interrupted: false,
    totals: countOutcomes(parts.cases),
    ...parts,
  }));
