/** The whole way on fake endpoints that differ in known ways. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decode } from '../../generators/sequences/encoding.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../cases/case.ts';
import { KnownDeviations } from '../expectations/known-deviations.ts';
import { symptomsOf } from '../fuzz/buckets.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { type FakePort, fakeTarget } from '../testing/fake-endpoint.ts';
import { timeLimits } from '../time-limits.ts';
import { DiffExecutor } from './diff-executor.ts';
import { caseInputs, commonStartStates, type DiffInput, programInput } from './diff-inputs.ts';
import { DiffReport } from './diff-report.ts';
import { explainer } from './explain-difference.ts';
import { type IdentifiedTarget, identifyTarget } from './lockstep-side.ts';
import { type DiffOutcome, diff } from './run-diff.ts';

let area: ScratchArea;
beforeEach(async () => {
  area = await ScratchArea.open();
});
afterEach(() => area.close());

const LIMITS = timeLimits({ caseTimeout: 2_000 });

const COMMANDS = new Set([
  'query-qmp-schema',
  'query-block-jobs',
  'block_resize',
  'eject',
  'query-named-block-nodes',
]);

/** An endpoint of a few commands; `answer` replaces what it says to one. */
function endpoint(
  answer: (command: string, args: JsonObject, port: FakePort) => JsonObject | undefined = () => undefined,
) {
  const schema: Json = introspect(loadBlockSchema()).filter(
    (entry) => entry['meta-type'] !== 'command' || COMMANDS.has(String(entry.name)),
  );
  const target = fakeTarget({
    virtualTime: true,
    schema,
    capabilities: { monitors: 1 },
    answer: (command, args, port) => {
      const own = answer(command, args, port);
      if (own !== undefined) return own;
      if (!COMMANDS.has(command)) return undefined;
      return { return: command.startsWith('query-') ? [] : {} };
    },
  });
  return identifyTarget(target, area, LIMITS);
}

const nothingKnown = new KnownDeviations([], {
  about: 'difference',
  endpoint: { target: 'x', version: null },
});

const refusal = (desc: string): JsonObject => ({ error: { class: 'GenericError', desc } });
const resize: CaseDefinition = {
  id: 'a/resize',
  title: 'a resize',
  requirements: [],
  run: async (t: CaseContext) => {
    await t.request({ execute: 'block_resize', arguments: { device: 'x', size: 1 } });
  },
};

async function differences(
  left: IdentifiedTarget,
  right: IdentifiedTarget,
  inputs: readonly DiffInput[],
  judge: IdentifiedTarget | null = null,
) {
  const explain = explainer(nothingKnown, (text) => text);
  const outcomes: DiffOutcome[] = [];
  const onOutcome = (outcome: DiffOutcome): void => void outcomes.push(outcome);
  await diff({
    left,
    right,
    judge,
    explain,
    area,
    inputs,
    seed: 's',
    workers: 1,
    limits: LIMITS,
    onOutcome,
  });
  const report = new DiffReport();
  for (const outcome of outcomes) report.add(outcome);
  return { report, entries: report.entries(), keys: report.entries().map(({ key }) => key) };
}

describe('diff', () => {
  it('finds nothing between two that are alike', async () => {
    const { report, keys } = await differences(await endpoint(), await endpoint(), caseInputs([resize], []));
    expect(keys).toEqual([]);
    expect(report.totals).toEqual({ compared: 1, alike: 1, known: 0, skipped: 0, faults: 0 });
  });

  it('tells who refuses, and whom a judge takes for wrong', async () => {
    const refusing = await endpoint((command) => (command === 'block_resize' ? refusal('no') : undefined));
    const { entries } = await differences(
      await endpoint(),
      refusing,
      caseInputs([resize], []),
      await endpoint(),
    );
    expect(entries).toMatchObject([
      {
        key: 'must block_resize $: left does it, right refuses: no',
        count: 1,
        first: { where: 'a/resize', verdict: { wrong: 'right', by: 'judge' } },
      },
    ]);
  });

  it('asks for the state at the end', async () => {
    const job = {
      type: 'stream',
      device: 'j',
      len: 0,
      offset: 0,
      busy: false,
      paused: false,
      speed: 0,
      ready: false,
    };
    const working = await endpoint((command) =>
      command === 'query-block-jobs' ? { return: [{ ...job, 'io-status': 'ok' }] } : undefined,
    );
    const { keys } = await differences(working, await endpoint(), caseInputs([resize], []));
    expect(keys).toEqual(['must query-block-jobs $.return[]: only left']);
  });

  it('tells the first step after which the sides hold different things', async () => {
    const nodes = (resized: boolean): JsonObject => ({
      return: resized ? [{ 'node-name': 'n', drv: 'raw', file: 'f' } as unknown as Json] : [],
    });
    let resized = false;
    const growing = await endpoint((command) => {
      if (command === 'block_resize') resized = true;
      return command === 'query-named-block-nodes' ? nodes(resized) : undefined;
    });
    const program = decode(
      'ground empty\neject {}\nblock_resize {"size":1}\neject {}\nquery-block-jobs {}\n',
    );
    const other = await endpoint();
    const input = programInput('program 0', program, commonStartStates([growing.target, other.target]));
    const { entries } = await differences(growing, other, [input]);
    expect(entries.map(({ key, first }) => [key, first.difference.step])).toEqual([
      ['must query-named-block-nodes $.return[]: only left', 2],
    ]);
  });

  it('counts as alike what differs in time alone', async () => {
    const job = { type: 'stream', device: 'j', len: 9, busy: false, paused: true, speed: 0, ready: false };
    const at = (offset: number): Promise<IdentifiedTarget> =>
      endpoint((command) =>
        command === 'query-block-jobs' ? { return: [{ ...job, offset, 'io-status': 'ok' }] } : undefined,
      );
    const { report, keys } = await differences(await at(1), await at(2), caseInputs([resize], []));
    expect(keys).toEqual(['timing query-block-jobs $.return[].offset: not equal']);
    expect(report.totals).toMatchObject({ compared: 1, alike: 1, known: 0 });
  });

  it('takes what shows only sometimes for timing', async () => {
    let asked = 0;
    const moody = await endpoint((command) => {
      if (command !== 'block_resize') return undefined;
      asked += 1;
      return asked === 1 ? refusal('not now') : undefined;
    });
    const { entries } = await differences(await endpoint(), moody, caseInputs([resize], []));
    expect(entries).toMatchObject([
      {
        key: 'timing block_resize $: left does it, right refuses: not now',
        reason: 'it does not show in every run',
      },
    ]);
  });

  it('tells faults of the harness from what a side cannot do', async () => {
    const [left, right] = [await endpoint(), await endpoint()];
    const broken = { ...resize, id: 'a/broken', run: () => Promise.reject(new Error('a mistake')) };
    const special = { ...resize, id: 'a/special', needs: { commands: ['block-stream'] } };
    const { report } = await differences(left, right, caseInputs([broken, special], []));
    expect(report.totals).toEqual({ compared: 0, alike: 0, known: 0, skipped: 1, faults: 1 });
    expect(report.fault).toContain('a/broken: Error: a mistake');
  });

  it('passes over a fault that does not come again', async () => {
    const [left, right] = [await endpoint(), await endpoint()];
    let runs = 0;
    const lame: CaseDefinition = {
      ...resize,
      run: async (t) => {
        runs += 1;
        if (runs === 1) throw new Error('a mistake');
        await resize.run(t);
      },
    };
    const { report } = await differences(left, right, caseInputs([lame], []));
    expect(report.totals).toEqual({ compared: 1, alike: 1, known: 0, skipped: 0, faults: 0 });
  });

  it('shrinks programs', async () => {
    const [left, right] = [
      await endpoint(),
      await endpoint((command, { size }) =>
        command === 'block_resize' && size === 7 ? refusal('seven') : undefined,
      ),
    ];
    const program = decode(
      'ground empty\neject {}\nblock_resize {"size":3}\n& block_resize {"size":7}\neject {}\n',
    );
    const input = programInput('program 0', program, commonStartStates([left.target, right.target]));
    const { entries } = await differences(left, right, [input]);
    expect(entries).toHaveLength(1);
    expect(entries[0]!.first.program).toEqual(decode('ground empty\nblock_resize {"size":7}\n'));
  });
});

describe('an executor on two targets', () => {
  it('takes for deviations what the second does not do', async () => {
    const right = await endpoint((command) => (command === 'eject' ? refusal('locked') : undefined));
    const left = await endpoint();
    const explain = explainer(nothingKnown, (text) => text);
    const executor = new DiffExecutor({ left, right, explain, area, seed: 's' });
    try {
      const { record } = await executor.run(decode('ground empty\nblock_resize {"size":1}\neject {}\n'));
      expect(symptomsOf(record, (text) => text)).toMatchObject([
        {
          kind: 'deviation',
          check: 'diff/must',
          bucket: 'deviation diff/must: eject: left does it, right refuses: locked',
        },
      ]);
    } finally {
      await executor.stop();
    }
  });
});
