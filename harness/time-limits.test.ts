/** Each time limit limits what it is for, on virtual clocks and on real ones. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decode } from '../generators/sequences/encoding.ts';
import type { CaseRecord } from '../reports/record.ts';
import type { CaseDefinition } from './cases/case.ts';
import { prepareCampaign } from './fuzz/prepare-campaign.ts';
import { ProgramExecutor } from './fuzz/program-executor.ts';
import { run } from './runner/run.ts';
import { EMPTY_TOPOLOGY } from './runner/run-on-pool.ts';
import { ScratchArea } from './runner/scratch.ts';
import { resolveTarget } from './targets/index.ts';
import { ptyUnavailable, requireOrSkip } from './testing/engines.ts';
import { fakeTarget } from './testing/fake-endpoint.ts';
import {
  DEFAULT_TIME_LIMITS,
  pacedCaseTimeout,
  programLimits,
  type TimeLimits,
  timeLimits,
} from './time-limits.ts';

let area: ScratchArea;
beforeEach(async () => {
  area = await ScratchArea.open();
});
afterEach(() => area.close());

describe('what is not given', () => {
  test('is as of the defaults', () => {
    expect(timeLimits()).toEqual(DEFAULT_TIME_LIMITS);
    expect(timeLimits({ eventTimeout: 1 })).toEqual({ ...DEFAULT_TIME_LIMITS, eventTimeout: 1 });
  });
  test('lets one answer take the whole case', () => {
    expect(timeLimits({ caseTimeout: 7 })).toMatchObject({ caseTimeout: 7, answerTimeout: 7 });
    expect(timeLimits({ caseTimeout: 7, answerTimeout: 3 }).answerTimeout).toBe(3);
  });
  test('lets a program take ten answers', () => {
    expect(programLimits()).toMatchObject({ answerTimeout: 3_000, caseTimeout: 30_000 });
    expect(programLimits(50)).toMatchObject({ answerTimeout: 50, caseTimeout: 500, eventTimeout: 50 });
  });

  test('leaves a case the time that a pace which the endpoint dictates takes', () => {
    expect(pacedCaseTimeout({ caseTimeout: 30_000 }, 39)).toBe(69_000);
    expect(pacedCaseTimeout({ caseTimeout: 30_000 })).toBe(30_000);
  });
});

/** Answers nothing but introspection. */
function silent(virtualTime: boolean) {
  return fakeTarget({ virtualTime, commands: ['block-job-pause'], answer: () => null });
}

async function runOn(
  virtualTime: boolean,
  body: CaseDefinition['run'],
  limits: Partial<TimeLimits>,
): Promise<CaseRecord> {
  const definition: CaseDefinition = { id: 'a/case', title: '', requirements: [], run: body };
  const spec = { commands: new Map(), events: new Map(), types: new Map() };
  const target = silent(virtualTime);
  const { cases } = await run({ target, spec, cases: () => [definition], limits });
  return cases[0]!;
}

describe.each([
  ['virtual', true],
  ['real', false],
])('on a %s clock', (_, virtualTime) => {
  test('an answer has its limit', async () => {
    const record = await runOn(virtualTime, async (t) => void (await t.execute('block-job-pause')), {
      answerTimeout: 60,
    });
    expect(record.outcome).toBe('timeout');
    expect(record.reason).toMatch(/block-job-pause.* 6\d(\.\d+)? ms/);
  });
  test('a case has its limit, whatever it does', async () => {
    const record = await runOn(virtualTime, () => new Promise(() => undefined), { caseTimeout: 60 });
    expect(record).toMatchObject({ outcome: 'timeout', reason: expect.stringMatching(/the case.* 60 ms/) });
  });
  test('an answer to a program has the limit of an answer, not that of the program', async () => {
    const target = silent(virtualTime);
    const prepared = await prepareCampaign({ target, area, limits: programLimits(60), invalid: 0, raw: 0 });
    const executor = new ProgramExecutor(prepared.config, area);
    try {
      const { record } = await executor.run(decode('ground empty\nblock-job-pause {"device": "$j0"}'));
      expect(record.outcome).toBe('timeout');
      expect(record.reason).toMatch(/block-job-pause.* 6\d(\.\d+)? ms/);
    } finally {
      await executor.stop();
    }
  });
});

test.for(['exec:sleep 60', 'pty:sleep 60'])('a start has its limit: %s', async (name, context) => {
  if (name.startsWith('pty:')) requireOrSkip(context, 'pty', ptyUnavailable());
  const scratch = await area.make('endpoint');
  const started = performance.now();
  const starting = resolveTarget(name).start({ topology: EMPTY_TOPOLOGY, scratch, startTimeout: 60 });
  await expect(starting).rejects.toThrow(/no greeting/);
  expect(performance.now() - started).toBeLessThan(DEFAULT_TIME_LIMITS.startTimeout);
});
