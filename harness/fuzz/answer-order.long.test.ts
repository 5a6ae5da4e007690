/** On the embedded reference what a program shows depends on nothing that ran before it, nor on who ran it. */
import { expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import { decode, encode } from '../../generators/sequences/encoding.ts';
import { generate } from '../../generators/sequences/generate.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { reference } from '../targets/reference.ts';
import { localWorker, type RunAnswer } from './fuzz-worker.ts';
import { prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor } from './program-executor.ts';

const PROGRAMS = 60;

/** What the first of them leaves is seen by the second. */
const TELLING = [
  'ground nodes\nobject-del {"id": "$g0"}',
  'ground nodes\nobject-add {"qom-type": "throttle-group", "id": "$g0"}',
  'ground chain\nwrite $n0 0 65536 7\ncompare',
];

test('programs answer the same in any order, on one executor and on two at a time', async () => {
  const area = await ScratchArea.open();
  try {
    const { config, generation, normaliseText } = await prepareCampaign({
      target: reference('reference'),
      area,
      invalid: 0.1,
      raw: 0.02,
    });
    const made = Array.from({ length: PROGRAMS }, (_, index) =>
      encode(generate({ ...generation, data: 0.3 }, new Random(`order/${index}`))),
    );
    const texts = [...TELLING.map((text) => encode(decode(text))), ...made];
    const answers = async (order: readonly string[]): Promise<ReadonlyMap<string, RunAnswer>> => {
      const worker = localWorker({ executor: new ProgramExecutor(config, area), config, normaliseText });
      const seen = new Map<string, RunAnswer>();
      for (const text of order) seen.set(text, await worker.run(text));
      await worker.stop();
      return seen;
    };
    const forward = await answers(texts);
    const half = texts.length >> 1;
    const apart = await Promise.all([
      answers(texts.slice(half).toReversed()),
      answers(texts.slice(0, half).toReversed()),
    ]);
    for (const text of texts) expect(apart[0].get(text) ?? apart[1].get(text)).toEqual(forward.get(text));
  } finally {
    await area.close();
  }
}, 120_000);
