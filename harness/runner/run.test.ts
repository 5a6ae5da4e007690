/** Runs on an endpoint that lies, hangs, dies or behaves, to show that each is told for what it is. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { CaseRecord, RunRecord } from '../../reports/record.ts';
import { tap } from '../../reports/tap.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { Schema } from '../../spec/model.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { listen } from '../cases/helpers/peers/listening.ts';
import { readExpectations } from '../expectations/read-expectations.ts';
import { reference } from '../targets/reference.ts';
import { type FakeOptions, type FakeTarget, fakeTarget } from '../testing/fake-endpoint.ts';
import { type RunOptions, run } from './run.ts';

const NO_SPEC: Schema = { commands: new Map(), events: new Map(), types: new Map() };
const OK = { return: {} };
const REFUSAL = { error: { class: 'GenericError', desc: 'no' } };

function aCase(id: string, body: CaseDefinition['run'], more: Partial<CaseDefinition> = {}): CaseDefinition {
  return { id, title: id, requirements: ['protocol/arguments-object'], run: body, ...more };
}

function truthful(answer: FakeOptions['answer'], more: Partial<FakeOptions> = {}): FakeTarget {
  return fakeTarget({ commands: ['query-version', 'blockdev-add'], answer, ...more });
}

async function runOn(
  target: FakeTarget,
  cases: CaseDefinition[],
  options: Partial<RunOptions> = {},
): Promise<RunRecord> {
  const record = await run({ target, cases: () => cases, spec: NO_SPEC, ...options });
  expect(target.counts.running).toBe(0);
  return record;
}

async function runOne(
  target: FakeTarget,
  body: CaseDefinition['run'],
  options: Partial<RunOptions> = {},
): Promise<CaseRecord> {
  const { cases } = await runOn(target, [aCase('theme/one', body)], options);
  return cases[0]!;
}

describe('outcomes', () => {
  test('pass, with the transcript of what was exchanged', async () => {
    const record = await runOne(
      truthful(() => OK),
      async (t) => {
        await t.execute('query-version', { path: `${t.dir}/x` });
      },
    );
    expect(record).toMatchObject({ outcome: 'pass', deviations: [] });
    expect(record.transcript?.steps).toEqual([
      { send: { execute: 'query-version', arguments: { path: '@DIR@/x' } }, reply: OK },
    ]);
  });

  test('the transcript makes the files again that the case made', async () => {
    const record = await runOne(
      truthful(() => OK),
      async (t) => {
        await writeFile(`${t.scratch}/data`, Buffer.from([0, 0, 1, 2, 0]));
        await t.execute('blockdev-add', { file: { filename: `${t.dir}/data` } });
        await writeFile(`${t.scratch}/data`, 'written later');
        await t.execute('blockdev-add', { file: { filename: `${t.dir}/data` }, other: `${t.dir}/nothing` });
      },
    );
    expect(record.transcript?.setup).toEqual([['@write', 'data', [[2, '0102']], 5]]);
  });

  test('fail: an error where a return must come', async () => {
    const target = truthful((command) => (command === 'blockdev-add' ? REFUSAL : OK));
    const record = await runOne(target, async (t) => {
      await t.execute('blockdev-add');
    });
    expect(record).toMatchObject({
      outcome: 'fail',
      severity: 'must',
      deviations: [{ check: 'case', exchange: 0, got: REFUSAL }],
    });
  });

  test('what differs names no folder of this run: two runs are to say the same', async () => {
    const record = await runOne(
      truthful(() => OK),
      async (t) => t.equal(`${t.dir}/got`, `${t.dir}/expected`, `it must be in ${t.dir}`),
    );
    expect(record.deviations).toMatchObject([
      {
        got: '@DIR@/got',
        message: 'it must be in @DIR@; expected "@DIR@/expected", got "@DIR@/got"',
      },
    ]);
    expect(JSON.stringify(record)).not.toContain('qmpcheck-run-');
  });

  test('fail: a return where an error must come, or another class', async () => {
    const accepted = await runOne(
      truthful(() => OK),
      async (t) => {
        await t.refused('blockdev-add', {});
      },
    );
    expect(accepted.outcome).toBe('fail');
    const other = await runOne(
      truthful((c) => (c === 'blockdev-add' ? REFUSAL : OK)),
      async (t) => {
        await t.refused('blockdev-add', {}, { class: 'DeviceNotFound' });
      },
    );
    expect(other.deviations).toMatchObject([{ path: '$.error.class', got: 'GenericError' }]);
  });

  test('warn: the text of an error differs, and the case goes on', async () => {
    const target = truthful((c) => (c === 'blockdev-add' ? REFUSAL : OK));
    const record = await runOne(target, async (t) => {
      await t.refused('blockdev-add', {}, { text: 'never' });
      await t.execute('query-version');
    });
    expect(record).toMatchObject({ outcome: 'warn', severity: 'text' });
    expect(record.transcript?.steps).toHaveLength(2);
  });

  test('info and skip carry their reason', async () => {
    const cases = [
      aCase('a/info', async (t) => t.info('noted')),
      aCase('a/skip', async (t) => t.skip('not today')),
      aCase('a/needs', async () => undefined, { needs: { commands: ['block-stream'] } }),
    ];
    const { cases: records } = await runOn(
      truthful(() => OK),
      cases,
    );
    expect(records.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['info', 'noted'],
      ['skip', 'not today'],
      ['skip', 'the endpoint does not offer command block-stream'],
    ]);
  });

  test('error: the case itself is at fault', async () => {
    const record = await runOne(
      truthful(() => OK),
      async () => {
        throw new TypeError('a bug');
      },
    );
    expect(record.outcome).toBe('error');
    expect(record.reason).toContain('a bug');
  });

  test('error: nothing that leaves the scratch folder is ever sent', async () => {
    const target = truthful(() => OK);
    const record = await runOne(target, async (t) => {
      await t.execute('blockdev-add', { driver: 'file', filename: '/etc/passwd' });
    });
    expect(record).toMatchObject({ outcome: 'error' });
    expect(record.reason).toMatch(/^containment: \$\.arguments\.filename/);
    expect(JSON.stringify(target.received)).not.toContain('passwd');
  });

  test('crash: with signal, last words and the request in flight', async () => {
    const target = truthful(
      (command, _args, port) => {
        if (command === 'blockdev-add') port.die({ code: null, signal: 'SIGSEGV' });
        return OK;
      },
      { lastWords: ['ouch'] },
    );
    const record = await runOne(target, async (t) => {
      await t.execute('blockdev-add', { size: 1 });
    });
    expect(record).toMatchObject({
      outcome: 'crash',
      process: {
        signal: 'SIGSEGV',
        lastWords: ['ouch'],
        inFlight: '{"execute":"blockdev-add","arguments":{"size":1}}',
      },
    });
  });

  test.each([true, false])(
    'a client of an export that is hung up on: the endpoint ends of it: %s',
    async (ends) => {
      let die: () => void = () => undefined;
      const target = truthful((_command, _args, port) => {
        die = () => port.die({ code: null, signal: 'SIGFPE' });
        return OK;
      });
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('close', () => ends && setImmediate(die));
        socket.end('no NBD');
      });
      const record = await runOne(target, async (t) => {
        await t.execute('query-version');
        await listen(t, server, { path: `${t.scratch}/nbd` });
        await t.exportClient(`${t.scratch}/nbd`, 'x');
      });
      expect(record).toMatchObject({
        outcome: ends ? 'crash' : 'fail',
        deviations: [
          ends
            ? { check: 'crash', message: 'the endpoint ended unasked with signal SIGFPE' }
            : { message: 'the endpoint broke a connection off: the other side closed the NBD connection' },
        ],
      });
    },
  );

  test('an end that the case waits for is no crash', async () => {
    const target = truthful((command, _args, port) => {
      if (command === 'quit') setImmediate(() => port.die({ code: 0, signal: null }));
      return OK;
    });
    const record = await runOne(target, async (t) => {
      await t.execute('quit');
      const { code } = await t.ended();
      t.equal(code, 0, 'it must exit with 0');
    });
    expect(record.outcome).toBe('pass');
  });

  test('timeout: an end that does not come, in the time of an endpoint on a virtual clock', async () => {
    const cases = [aCase('theme/one', async (t) => void (await t.ended()))];
    const spec = loadBlockSchema();
    const limits = { caseTimeout: 60_000, answerTimeout: 2_000 };
    const record = await run({ target: reference('reference'), spec, cases: () => cases, limits });
    expect(record.cases).toMatchObject([
      { outcome: 'timeout', reason: expect.stringContaining('the end of the endpoint') },
    ]);
  });

  test('timeout: no answer comes; the endpoint is ended and the next case gets a new one', async () => {
    const target = truthful((command) => (command === 'blockdev-add' ? null : OK));
    const cases = [
      aCase('a/hangs', async (t) => void (await t.execute('blockdev-add'))),
      aCase('a/fine', async (t) => void (await t.execute('query-version'))),
    ];
    const { cases: records } = await runOn(target, cases, { limits: { caseTimeout: 1_000 } });
    expect(records.map(({ outcome }) => outcome)).toEqual(['timeout', 'pass']);
    expect(records[0]!.process?.inFlight).toBe('{"execute":"blockdev-add"}');
    expect(target.counts.started).toBe(2);
  });

  test.each(['dies', 'hangs'])('what a case has open ends where the endpoint %s', async (how) => {
    const target = truthful((command, _args, port) => {
      if (command !== 'blockdev-add') return OK;
      if (how === 'dies') port.die({ code: 1, signal: null });
      return null;
    });
    const server = createServer();
    const record = await runOne(
      target,
      async (t) => {
        await listen(t, server);
        await t.execute('blockdev-add');
      },
      { limits: { caseTimeout: 1_000 } },
    );
    expect(record.outcome).toBe(how === 'dies' ? 'crash' : 'timeout');
    expect(server.listening).toBe(false);
  });

  test('fail: an event that does not come', async () => {
    const record = await runOne(
      truthful(() => OK),
      async (t) => void (await t.event('STOP')),
      { limits: { eventTimeout: 20 } },
    );
    expect(record).toMatchObject({ outcome: 'fail', deviations: [{ check: 'case' }] });
  });

  test('an event that comes is recorded in order', async () => {
    const target = truthful(
      (_command, _args, port) => {
        port.emit('STOP');
        return OK;
      },
      { events: ['STOP'] },
    );
    const record = await runOne(target, async (t) => {
      await t.execute('blockdev-add');
      await t.event('STOP');
    });
    expect(record).toMatchObject({ outcome: 'pass', transcript: { steps: [{ order: ['STOP', 'reply'] }] } });
  });
});

describe('endpoints', () => {
  test('cases of one topology share one, a fresh case gets its own', async () => {
    const target = truthful(() => OK);
    const body: CaseDefinition['run'] = async (t) => void (await t.execute('query-version'));
    await runOn(target, [aCase('a/1', body), aCase('a/2', body), aCase('a/3', body, { fresh: true })]);
    expect(target.counts.started).toBe(2);
  });

  test('what a case leaves is told of once: the next has an endpoint of its own', async () => {
    let left = -1;
    const leave = aCase('theme/leave', async (t) => {
      left = openSync(`${t.scratch}/left`, 'w');
    });
    try {
      const { cases } = await runOn(
        truthful(() => OK),
        [leave, aCase('theme/next', async () => {})],
      );
      expect(cases).toMatchObject([
        { outcome: 'fail', deviations: [{ check: 'leftovers', got: ['left'] }] },
        { outcome: 'pass', deviations: [] },
      ]);
    } finally {
      closeSync(left);
    }
  });

  test('scratch folders are gone after the run', async () => {
    let scratch = '';
    await runOne(
      truthful(() => OK),
      async (t) => {
        scratch = t.scratch;
        expect(existsSync(scratch)).toBe(true);
      },
    );
    expect(existsSync(scratch)).toBe(false);
  });

  test('results come in the order of the plan whatever the number of workers', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `a/${i}`);
    const seen: string[] = [];
    const cases = ids.map((id, i) =>
      aCase(id, async (t) => {
        for (let n = 0; n < 20 - i; n += 1) await t.execute('query-version');
      }),
    );
    const reporter = { caseEnd: ({ id }: CaseRecord) => void seen.push(id), end: () => undefined };
    await runOn(
      truthful(() => OK),
      cases,
      { workers: 3, reporters: [reporter] },
    );
    expect(seen).toEqual(ids);
  });

  test('an interruption ends the run with what there is', async () => {
    const controller = new AbortController();
    const cases = [
      aCase('a/1', async () => undefined),
      aCase('a/2', async () => {
        controller.abort(new Error('Ctrl-C'));
        await new Promise(() => undefined);
      }),
      aCase('a/3', async () => undefined),
    ];
    const known =
      '- {about: case, endpoint: "*", case: a/3, deviations: [{check: case, message: m}], reason: r}';
    const record = await runOn(
      truthful(() => OK),
      cases,
      { signal: controller.signal, expectations: readExpectations(known, 'known.yaml') },
    );
    expect(record.interrupted).toBe(true);
    expect(record.cases.map(({ id }) => id)).toEqual(['a/1']);
    expect(record.staleExpectations).toEqual([]);
  });
});

describe('raw bytes that are refused and yet change the state', () => {
  const GARBAGE = '{"execute":}\n';

  /** Every command that it takes, and every malformed one that it refuses, changes a limit of the only node. */
  function careless(): FakeTarget {
    let iops = 0;
    return fakeTarget({
      commands: ['query-version', 'query-named-block-nodes', 'block_set_io_throttle'],
      answer: (command) => {
        if (command === 'query-named-block-nodes') return { return: [{ 'node-name': 'disk', iops }] };
        if (command === 'block_set_io_throttle') iops += 1;
        return command === 'block-commit' ? REFUSAL : OK;
      },
      malformed: (text) => {
        if (text.includes('execute')) iops += 1;
        return REFUSAL;
      },
    });
  }

  test.each([
    ['one message', GARBAGE, 'the message was refused, and yet changed the state'],
    ['two', GARBAGE + GARBAGE, 'all messages were refused, and yet changed the state'],
    ['one that ends in the middle', '{"execute":\n', 'the message was refused, and yet changed the state'],
  ])('%s: error-changes-nothing reports it', async (_, bytes, message) => {
    const record = await runOne(careless(), async (t) => {
      await t.execute('query-version');
      await t.raw(bytes);
    });
    expect(record).toMatchObject({
      outcome: 'fail',
      deviations: [{ check: 'error-changes-nothing', message, path: '$.nodes[0].iops', exchange: 1 }],
    });
  });

  test('nobody is blamed where a message of the same bytes was taken', async () => {
    const record = await runOne(careless(), async (t) => {
      await t.raw(`{"execute":"block_set_io_throttle"}\n${GARBAGE}`);
      await t.refused('block-commit', {});
    });
    expect(record).toMatchObject({ outcome: 'pass', deviations: [] });
  });

  test('nor where nothing changes', async () => {
    const record = await runOne(
      truthful(() => OK),
      async (t) => void (await t.raw(GARBAGE)),
    );
    expect(record).toMatchObject({ outcome: 'pass', deviations: [] });
  });
});

test('what fails the run is in the record, and reporters are told before the first case', async () => {
  const told: string[] = [];
  const reporters = [tap({ out: (text) => told.push(text), color: false, columns: 0 })];
  const warns = aCase('a/warns', async (t) => t.equal(1, 2, 'both should be equal', { severity: 'should' }));
  const endpoint = truthful(() => OK);
  const policy = { level: 'should', strictExpectations: false } as const;
  const record = await runOn(endpoint, [warns], { policy, reporters });
  expect(record).toMatchObject({ policy, cases: [{ outcome: 'warn', severity: 'should' }] });
  expect(told.join('')).toContain('not ok 1 - a/warns\n');
  const { cases } = await runOn(endpoint, [warns], { policy, baseline: record });
  expect(cases[0]!.expected).toEqual({ reason: 'as in the baseline' });
  expect(await runOn(endpoint, [warns])).not.toHaveProperty('policy');
});

describe('retries', () => {
  test('a case that ends differently the second time is flaky', async () => {
    let calls = 0;
    const target = truthful((command) => (command === 'blockdev-add' && calls++ === 0 ? REFUSAL : OK));
    const record = await runOne(target, async (t) => void (await t.execute('blockdev-add')), { retries: 2 });
    expect(record).toMatchObject({ outcome: 'flaky', earlier: ['fail', 'pass'] });
  });

  test('a case whose endpoint did not come up the first time is flaky', async () => {
    const target = truthful(() => OK);
    let starts = 0;
    const late: FakeTarget = {
      ...target,
      start: (request) => (++starts === 2 ? Promise.reject(new Error('no greeting')) : target.start(request)),
    };
    const fresh = aCase('theme/one', async (t) => void (await t.execute('query-version')), { fresh: true });
    const { cases } = await runOn(late, [fresh], { retries: 1 });
    expect(cases[0]).toMatchObject({ outcome: 'flaky', earlier: ['error', 'pass'] });
  });

  test('a case that fails every time fails', async () => {
    const target = truthful((command) => (command === 'blockdev-add' ? REFUSAL : OK));
    const record = await runOne(target, async (t) => void (await t.execute('blockdev-add')), { retries: 2 });
    expect(record).toMatchObject({ outcome: 'fail', earlier: ['fail', 'fail', 'fail'] });
    expect(target.counts.started).toBe(2);
  });

  test('what goes wrong in one process and not in the next is flaky', async () => {
    const bad = new Set<string>();
    const target: FakeTarget = truthful((command, _, port) => {
      if (bad.size === 0) bad.add(port.dir);
      return command === 'blockdev-add' && bad.has(port.dir) ? REFUSAL : OK;
    });
    const record = await runOne(target, async (t) => void (await t.execute('blockdev-add')), { retries: 1 });
    expect(record).toMatchObject({ outcome: 'flaky', earlier: ['fail', 'fail', 'pass'] });
  });

  test('an attached endpoint has no other process to try on', async () => {
    const target = truthful((command) => (command === 'blockdev-add' ? REFUSAL : OK), {
      capabilities: { owned: false },
    });
    const record = await runOne(target, async (t) => void (await t.execute('blockdev-add')), { retries: 1 });
    expect(record).toMatchObject({ outcome: 'fail', earlier: ['fail'] });
  });
});

test('--max-failures: the rest is given up', async () => {
  const target = truthful((command) => (command === 'blockdev-add' ? REFUSAL : OK));
  const fails = (id: string) => aCase(id, async (t) => void (await t.execute('blockdev-add')));
  const record = await runOn(target, ['a', 'b', 'c', 'd'].map(fails), { maxFailures: 2 });
  expect(record).toMatchObject({ incomplete: true, totals: { fail: 2, skip: 2 } });
  expect(record.cases[2]!.reason).toBe('not run: 2 failed (--max-failures)');
});
