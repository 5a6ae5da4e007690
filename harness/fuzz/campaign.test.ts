/** Campaigns against the fake endpoint: deterministic, resumable, silent where nothing is wrong, finding where it is. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelCampaigns, planted } from '../testing/model-campaigns.ts';
import { DEFECTS, type Defect } from '../testing/selftest/defects.ts';
import { plantedTarget } from '../testing/selftest/plant.ts';
import { passed, selftest } from '../testing/selftest/selftest.ts';
import { type CampaignResult, LOG, runCampaign } from './campaign.ts';
import { statusLines } from './campaign-status.ts';
import type { FuzzWorker } from './fuzz-worker.ts';
import { replayFindings } from './replay-finding.ts';
import { UNFINISHED } from './triage.ts';

let campaigns: ModelCampaigns;
beforeAll(async () => {
  campaigns = await ModelCampaigns.open();
});
afterAll(() => campaigns.close());

const BROKEN = planted('negative size of a new node');

test.each(['empty', 'chain'])('says nothing of an endpoint that is as it should be: %s', (startState) =>
  campaigns.expectSound(startState, 1_000, 20),
);

test('is the same for any number of workers', async () => {
  await campaigns.run({ name: 'one', defect: BROKEN, commands: 600 });
  await campaigns.run({ name: 'three', defect: BROKEN, commands: 600, workers: 3 });
  expect(campaigns.log('three')).toBe(campaigns.log('one'));
});

test('goes on where it was cut off, and does again what was not complete', async () => {
  await campaigns.run({ name: 'whole', defect: BROKEN, commands: 900 });
  await campaigns.run({ name: 'cut', defect: BROKEN, commands: 400 });
  appendFileSync(join(campaigns.folder, 'cut', LOG), '{"type":"entry","round":99,"program":"ground em');
  await campaigns.run({ name: 'cut', defect: BROKEN, commands: 900 });
  expect(campaigns.log('cut')).toBe(campaigns.log('whole'));
  expect(statusLines(join(campaigns.folder, 'cut'))[0]).toMatch(
    /^crash SIGABRT: .*\(\d+ hits, 1 steps, rate 3\/3, findings\//,
  );
});

test('begins anew with what it knows: the same programs, and nothing new in them', async () => {
  const first = await campaigns.run({ name: 'again', defect: BROKEN, commands: 600 });
  expect(first.fresh).toHaveLength(1);
  const before = campaigns.log('again');
  const second = await campaigns.run({ name: 'again', defect: BROKEN, commands: 600, afresh: true });
  expect(second).toMatchObject({ fresh: [], findings: first.findings });
  const rounds = (text: string): string[] =>
    text.split('\n').filter((line) => !line.includes('"type":"finding"'));
  expect(rounds(campaigns.log('again'))).toEqual(rounds(before));
});

test('a round that was interrupted while a finding was looked into is done again', async () => {
  const controller = new AbortController();
  await campaigns.run({
    name: 'interrupted',
    defect: BROKEN,
    commands: 600,
    signal: controller.signal,
    beforeTriage: () => controller.abort(),
  });
  expect(campaigns.log('interrupted')).not.toContain('"type":"finding"');
  await campaigns.run({ name: 'interrupted', defect: BROKEN, commands: 600 });
  await campaigns.run({ name: 'uninterrupted', defect: BROKEN, commands: 600 });
  expect(campaigns.log('interrupted')).toBe(campaigns.log('uninterrupted'));
});

describe('findings', () => {
  test('are written as a folder, are replayed, and are FIXED where the defect is not', async () => {
    const { findings } = await campaigns.run({ name: 'found', defect: BROKEN, commands: 600 });
    const [found] = findings;
    expect(found).toMatchObject({ kind: 'crash', steps: 1, rate: '3/3' });
    const path = join(campaigns.folder, 'found', 'findings', found!.folder!);
    expect(readFileSync(join(path, 'program.txt'), 'utf8')).toMatch(
      /^ground empty\nblockdev-add \{.*"size":-\d+/,
    );
    expect(readFileSync(join(path, 'README.md'), 'utf8')).toContain('Shown by 3 of 3 runs');
    expect(JSON.parse(readFileSync(join(path, 'transcript.json'), 'utf8'))).toMatchObject({
      endpoint: 'fake',
    });
    const replayOn = async (defect: Defect | null): Promise<unknown> => {
      const target = plantedTarget(defect);
      const [result] = await replayFindings({
        folders: [path],
        targetOf: async () => target,
        area: campaigns.area,
      });
      return result!.verdict;
    };
    expect(await replayOn(BROKEN)).toBe('REPRODUCED');
    expect(await replayOn(null)).toBe('FIXED');
  });
  test('that are muted are counted, not told', async () => {
    const isKnown = (bucket: string): boolean => bucket.startsWith('crash');
    const { findings } = await campaigns.run({ name: 'muted', defect: BROKEN, commands: 600, isKnown });
    expect(findings).toEqual([]);
    expect(campaigns.log('muted')).toContain('"hits":{"crash SIGABRT');
  });
  test('that are muted by what they turn out to be are counted, not told', async () => {
    const seen: string[] = [];
    const { findings } = await campaigns.run({
      name: 'told',
      defect: planted('pausing a job that never was'),
      commands: 1_000,
      isKnown: (bucket) => {
        seen.push(bucket);
        return bucket === 'hang after block-job-pause';
      },
    });
    expect(seen).toContain('hang after block-job-pause');
    expect(findings).toEqual([]);
  });
});

/** A campaign with a worker that only makes up what it saw. */
async function madeUp(
  name: string,
  worker: Omit<FuzzWorker, 'stop'>,
  commands: number,
): Promise<CampaignResult> {
  const { config, generation } = await campaigns.prepared(null);
  const out = join(campaigns.folder, name);
  mkdirSync(out);
  const head = { target: 'fake', version: null, seed: 's', startStates: config.startStates };
  const workers = [{ ...worker, stop: () => Promise.resolve() }];
  return runCampaign({ generation, workers, out, head, seed: 's', version: 'test', commands });
}

test('a silent crash is looked into until that has brought nothing new twice in a row', async () => {
  const causes = ['a', 'a', 'b', 'a', 'b'];
  const silent = { kind: 'crash', check: 'crash', signal: 'SIGSEGV', silent: true } as const;
  const what = { id: 'program', title: 'a program', requirements: [] };
  const record = { ...what, outcome: 'crash', durationMs: 0, deviations: [] } as const;
  let looks = 0;
  const worker = {
    run: () => Promise.resolve({ features: [], symptoms: [{ ...silent, bucket: 'seen' }], commands: 1 }),
    triage: (program: string) => {
      const symptom = { ...silent, bucket: causes[looks]! };
      looks += 1;
      return Promise.resolve({ symptom, program, runs: 1, held: 1, record });
    },
  };
  const { findings } = await madeUp('silent', worker, 500);
  expect(looks).toBe(causes.length);
  expect(findings.map(({ bucket }) => bucket)).toEqual(['a', 'b']);
  expect(statusLines(join(campaigns.folder, 'silent'))[0]).toMatch(/^a \(at most \d{3} hits,/);
});

test('crashes of one bucket are findings of their own where their stacks differ', async () => {
  const stacks = [['b at c:1'], ['b at c:2'], ['d', 'e'], ['b'], ['d', 'e']];
  const symptom = { kind: 'crash', check: 'crash', signal: 'SIGABRT', bucket: 'crash SIGABRT: x' } as const;
  const what = { id: 'program', title: 'a program', requirements: [] };
  const record = { ...what, outcome: 'crash', durationMs: 0, deviations: [] } as const;
  let looks = 0;
  const worker = {
    run: () => Promise.resolve({ features: [], symptoms: [symptom], commands: 1 }),
    triage: (program: string) => {
      const stack = stacks[looks]!;
      looks += 1;
      return Promise.resolve({ symptom, stack, program, runs: 1, held: 1, record });
    },
  };
  const { findings } = await madeUp('stacks', worker, 500);
  expect(looks).toBe(stacks.length);
  expect(findings.map(({ bucket, top }) => [bucket, top])).toEqual([
    ['crash SIGABRT: x', 'b'],
    ['crash SIGABRT: x', 'd < e'],
  ]);
  const [first, second] = findings.map(({ folder }) => join(campaigns.folder, 'stacks', 'findings', folder!));
  expect(first).not.toBe(second);
  expect(readFileSync(join(second!, 'README.md'), 'utf8')).toContain('## Stack\n\n```\nd\ne\n```\n');
  expect(JSON.parse(readFileSync(join(first!, 'finding.json'), 'utf8'))).toMatchObject({
    symptom: { bucket: 'crash SIGABRT: x' },
    stack: ['b at c:1'],
  });
  expect(statusLines(join(campaigns.folder, 'stacks')).slice(0, 2)).toEqual([
    expect.stringMatching(/ in d < e\)$/),
    expect.stringMatching(/ in b\)$/),
  ]);
});

test('what there was no time to look into is kept, and the next run begins with it', async () => {
  const { config, generation } = await campaigns.prepared(null);
  const out = join(campaigns.folder, 'late');
  mkdirSync(out);
  const head = { target: 'fake', version: null, seed: 's', startStates: config.startStates };
  const symptom = { kind: 'hang', check: 'hang', bucket: 'hang in x' } as const;
  const what = { id: 'program', title: 'a program', requirements: [] };
  const record = { ...what, outcome: 'timeout', durationMs: 0, deviations: [] } as const;
  const seen: string[] = [];
  const run = async (answer: Awaited<ReturnType<FuzzWorker['triage']>>) => {
    let runs = 0;
    const worker: FuzzWorker = {
      run: () => {
        seen.push('run');
        runs += 1;
        return Promise.resolve({ features: [], symptoms: [symptom], commands: 1 });
      },
      triage: (program) => {
        seen.push('triage');
        return Promise.resolve(answer !== null && 'symptom' in answer ? { ...answer, program } : answer);
      },
      stop: () => Promise.resolve(),
    };
    const more = { generation, out, head, seed: 's', version: 'test', expired: () => runs > 0 };
    return runCampaign({ ...more, workers: [worker] });
  };
  expect(await run(UNFINISHED)).toMatchObject({ findings: [], unfinished: [symptom] });
  expect(statusLines(out)[0]).toBe('hang in x (not looked into yet)');
  seen.length = 0;
  const program = 'ground empty\n';
  const second = await run({ symptom, program, runs: 1, held: 1, record });
  expect(second).toMatchObject({ findings: [{ bucket: 'hang in x' }], unfinished: [] });
  expect(seen).toEqual(['triage', 'run']);
  expect(statusLines(out)[0]).toMatch(/^hang in x \(/);
  expect(statusLines(out).join()).not.toContain('not looked into');
});

test('the log tells why programs could not be run', async () => {
  let runs = 0;
  const worker = {
    run: () => {
      runs += 1;
      const error = runs === 2 ? { error: 'no room' } : {};
      return Promise.resolve({ features: [], symptoms: [], commands: 1, ...error });
    },
    triage: () => Promise.resolve(null),
  };
  const { progress } = await madeUp('errors', worker, 48);
  expect(progress).toMatchObject({ errors: 1, lastError: 'no room' });
  const rounds = campaigns
    .log('errors')
    .split('\n')
    .filter((line) => line.includes('"type":"round"'));
  expect(rounds.map((line) => /"error":"[^"]*"/.exec(line)?.[0])).toEqual(['"error":"no room"', undefined]);
});

/** Defects that are found late belong to the long tier; `npm run fuzz:selftest` plants them all. */
test.each([
  'pausing a job that never was',
  'change of a node without children',
  'error class that QMP does not know',
  'query that counts in the state',
  'refused overlay that makes read-only',
  'deleted node that leaves another',
  'resize leaves a temporary file',
  'node keeps two descriptors',
  'node is read-only after a refusal',
  'node is read-only after another new one',
])(
  'finds, shrinks and replays a planted defect: %s',
  async (name) => {
    const result = await selftest(planted(name), 'selftest', 6_000);
    expect(passed(result), JSON.stringify(result)).toBe(true);
  },
  60_000,
);

test('at least 40 defects are planted, each under a name of its own', () => {
  expect(new Set(DEFECTS.map(({ name }) => name)).size).toBeGreaterThanOrEqual(40);
});
