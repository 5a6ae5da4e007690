/** A small record with one case of most kinds, for examples in tests. */
import type { CaseRecord, RunRecord } from '../record.ts';

export const failure: CaseRecord = {
  id: 'block_resize/negative-size',
  title: 'a negative size is refused',
  requirements: ['block_resize.size-not-negative'],
  outcome: 'fail',
  severity: 'must',
  durationMs: 3,
  deviations: [
    {
      check: 'case',
      severity: 'must',
      message: 'the command must be refused',
      path: '$.return',
      expected: { error: { class: 'GenericError' } },
      got: { return: {} },
      exchange: 1,
    },
  ],
  transcript: {
    name: 'block_resize/negative-size',
    endpoint: 'fake',
    argv: [],
    setup: [],
    steps: [
      { greeting: true },
      { send: { execute: 'block_resize', arguments: { 'node-name': 'n', size: -1 } }, reply: { return: {} } },
    ],
  },
};

export const crash: CaseRecord = {
  id: 'block_resize/huge-size',
  title: 'a size beyond what a driver can do is refused',
  requirements: [],
  outcome: 'crash',
  durationMs: 12,
  deviations: [],
  process: {
    signal: 'SIGABRT',
    lastWords: ['assertion failed'],
    inFlight: '{"execute": "block_resize"}',
  },
};

const pass: CaseRecord = {
  id: 'protocol/greeting',
  title: 'the greeting comes first',
  requirements: [],
  outcome: 'pass',
  durationMs: 1,
  deviations: [],
};

export const example: RunRecord = {
  recordVersion: 1,
  tool: { name: 'qmpcheck', version: '0.1.0' },
  endpoint: {
    target: 'unix:/run/a b.sock',
    version: { qemu: { major: 7, minor: 2, micro: 13 }, package: '' },
    argv: [],
  },
  seed: '42',
  startedAt: '2020-01-02T03:04:05.000Z',
  durationMs: 1234,
  interrupted: false,
  cases: [
    pass,
    { ...pass, id: 'protocol/id-echo', outcome: 'warn', severity: 'text', reason: 'another text' },
    failure,
    crash,
    { ...pass, id: 'query-block/tray', outcome: 'skip', reason: 'no guest devices' },
    { ...failure, id: 'query-block/old', expected: { reason: 'fixed in 8.0' } },
    { ...pass, id: 'query-block/racy', outcome: 'flaky', earlier: ['fail'] },
    { ...pass, id: 'query-block/broken', outcome: 'error', reason: 'a bug of ours' },
  ],
  requirements: [
    {
      id: 'block_resize.size-not-negative',
      level: 'must',
      definition: 'block_resize',
      text: 'A negative size is an error.',
    },
  ],
  staleExpectations: [{ pattern: 'block-commit/*', reason: 'gone' }],
  totals: { pass: 1, fail: 2, warn: 1, info: 0, skip: 1, error: 1, crash: 1, timeout: 0, flaky: 1 },
};
