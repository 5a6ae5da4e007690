/** What triage makes of a symptom when time runs out. */
import { expect, test } from 'vitest';
import { decode } from '../../generators/sequences/encoding.ts';
import { textNormaliser } from '../../reports/normalise-text.ts';
import type { CaseRecord } from '../../reports/record.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import type { ProgramRunner } from './program-executor.ts';
import { startStatesFor } from './start-states.ts';
import { DEFAULT_BUDGET, triage, UNFINISHED } from './triage.ts';

const startStates = startStatesFor({ capabilities: { owned: false } } as never);
const program = decode('ground empty\nquery-version\nquery-block');
const hang = { kind: 'hang', check: 'hang', bucket: 'hang with nothing in flight', silent: true } as const;
const record: CaseRecord = {
  id: 'program',
  title: '',
  requirements: [],
  outcome: 'timeout',
  durationMs: 0,
  deviations: [],
};

/** `runs`: how many there is time for. */
async function look(runs: number, symptom: Parameters<typeof triage>[1] = hang) {
  let until = Number.POSITIVE_INFINITY;
  let done = 0;
  const executor: ProgramRunner = {
    run: () => {
      done += 1;
      if (done >= runs) until = 0;
      return Promise.resolve({ record, commands: 0, graph: null, reusable: false, images: [], resting: [] });
    },
    stop: () => Promise.resolve(),
  };
  const budget = {
    ...DEFAULT_BUDGET,
    get until() {
      return runs === 0 ? 0 : until;
    },
  };
  const options = {
    executor,
    config: { startStates } as unknown as FuzzConfig,
    normaliseText: textNormaliser(new Set()),
    budget,
  };
  return { found: await triage(program, symptom, options), done };
}

test('nothing is begun when time is up', async () => {
  expect(await look(0)).toEqual({ found: UNFINISHED, done: 0 });
});

test('a hang that was shown once is told so, as long as it is', async () => {
  const { found, done } = await look(1);
  expect(found).toMatchObject({ runs: 1, held: 1, program });
  expect(done).toBe(1);
});

test('a deviation that was not shown often enough is left for the next run', async () => {
  const deviation = { kind: 'deviation', check: 'x', bucket: 'deviation x' } as const;
  expect((await look(2, deviation)).found).toEqual(UNFINISHED);
});

test('with time enough it is shrunk', async () => {
  const { found } = await look(Number.POSITIVE_INFINITY);
  expect(found).toMatchObject({ runs: 3, held: 3, program: { steps: [] } });
});
