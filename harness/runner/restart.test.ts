/** Cases that have their endpoint started again. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { stringifyJson } from '../../spec/json.ts';
import type { CaseContext } from '../cases/case.ts';
import { addRaw, KiB, nodeNames } from '../cases/helpers/shared-setup.ts';
import { reference } from '../targets/reference.ts';
import { type RestartKind, StartError, type Target } from '../targets/target.ts';
import { replay } from './replay/replay-transcripts.ts';
import { run } from './run.ts';

const spec = loadBlockSchema();
const KINDS: readonly RestartKind[] = ['stop', 'kill'];

async function outcomeOf(body: (t: CaseContext) => Promise<void>, target: Target = reference('reference')) {
  const definition = {
    id: 'tests/restart',
    title: 'A case that starts its endpoint again',
    requirements: ['protocol/quit-ends'],
    fresh: true,
    run: body,
  } as const;
  const { cases } = await run({ target, spec, cases: () => [definition] });
  return cases[0]!;
}

test.each(KINDS)(
  'after a %s nothing of the old endpoint is there but its files, and nothing is missed',
  async (how) => {
    const record = await outcomeOf(async (t: CaseContext) => {
      const { file } = await addRaw(t, 64 * KiB);
      await writeFile(file.local, 'kept');
      await t.restart(how);
      t.equal(await nodeNames(t), [], 'an endpoint that was started again must have no nodes');
      t.check((await readFile(file.local, 'utf8')) === 'kept', 'files must stay', 'they do not');
      await addRaw(t, 64 * KiB);
      await t.refused('blockdev-del', { 'node-name': 'nothing' });
    });
    expect(record).toMatchObject({ outcome: 'pass', deviations: [] });
  },
);

test('the case after it gets another endpoint, and finds nothing of a killed one', async () => {
  const open = (id: string, end: (t: CaseContext) => Promise<void>) =>
    ({
      id: `tests/${id}`,
      title: 'A case with an open file',
      requirements: ['protocol/quit-ends'],
      fresh: true,
      run: async (t: CaseContext) => {
        await addRaw(t, 64 * KiB);
        await end(t);
      },
    }) as const;
  const killing = open('killing', (t) => t.restart('kill'));
  const after = { ...open('after', () => Promise.resolve()), fresh: false };
  const { cases } = await run({ target: reference('reference'), spec, cases: () => [killing, after] });
  expect(cases).toMatchObject([{ outcome: 'pass' }, { outcome: 'pass', deviations: [] }]);
});

test('a deviation after a restart is told at its exchange, and a second restart works like the first', async () => {
  const record = await outcomeOf(async (t) => {
    await t.restart();
    await t.restart('kill');
    await t.execute('query-nothing');
  });
  expect(record).toMatchObject({ outcome: 'fail', deviations: [{ exchange: 2 }] });
});

test.each(KINDS)('an endpoint that does not come up again after a %s is to blame', async (how) => {
  const target = reference('reference');
  let isGone = false;
  const start: Target['start'] = (request) =>
    isGone ? Promise.reject(new StartError('no more')) : target.start(request);
  const record = await outcomeOf(
    async (t) => {
      isGone = true;
      await t.restart(how);
    },
    { ...target, start },
  );
  expect(record).toMatchObject({
    outcome: 'fail',
    deviations: [{ message: expect.stringContaining('it does not: no more') as string }],
  });
});

test('an endpoint that is not ours is left alone', async () => {
  const { start, ...target } = reference('reference');
  const attached = { ...target, start, capabilities: { ...target.capabilities, owned: false } };
  expect(await outcomeOf((t) => t.restart(), attached)).toMatchObject({ outcome: 'skip' });
});

test.each(KINDS)('the transcript replays, %s included', async (how) => {
  const { transcript } = await outcomeOf(async (t) => {
    const data = { driver: 'null-co', 'node-name': 'n' };
    await t.execute('blockdev-add', data);
    await t.restart(how);
    await t.execute('blockdev-add', data);
  });
  const folder = await mkdtemp(join(tmpdir(), 'restart-test-'));
  try {
    const file = join(folder, 'restart.json');
    await writeFile(file, stringifyJson(transcript as never));
    const { results } = await replay({ target: reference('reference'), paths: [file] });
    expect(results).toMatchObject([{ verdict: 'MATCH' }]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
