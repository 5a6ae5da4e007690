/** An executor looks at images when nobody has them open any more: those that a program made, and those of its start state. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decode } from '../../generators/sequences/encoding.ts';
import { filesOf, type ImageReader } from '../contents/closed-images.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { reference } from '../targets/reference.ts';
import { type PreparedCampaign, prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor } from './program-executor.ts';
import type { Execution } from './run-program.ts';

let area: ScratchArea;
let prepared: PreparedCampaign;
beforeAll(async () => {
  area = await ScratchArea.open();
  prepared = await prepareCampaign({
    target: reference('reference'),
    area,
    invalid: 0,
    raw: 0,
  });
});
afterAll(() => area.close());

/** `f0` is written to, and copied into `f7`. */
const COPY = decode(
  [
    'ground disks',
    'write $n0 0 65536 7',
    'drive-backup {"job-id": "$j0", "device": "$n0", "target": "$f7", "sync": "full", "format": "raw"}',
    'wait BLOCK_JOB_COMPLETED',
  ].join('\n'),
);

async function run(imageReader: ImageReader): Promise<Execution> {
  const executor = new ProgramExecutor({ ...prepared.config, imageReader }, area);
  try {
    return await executor.run(COPY, true);
  } finally {
    await executor.stop();
  }
}

test('each once, with all that its node contained', async () => {
  const looked: string[] = [];
  const { record, resting } = await run(async (options) => {
    looked.push(...filesOf(options));
    return null;
  });
  expect(looked).toEqual(['f7', 'f0', 'f1']);
  expect(record.outcome).toBe('pass');
  const copied = resting.find(({ options }) => filesOf(options).includes('f7'));
  expect(copied!.bytes.subarray(0, 65536)).toEqual(Buffer.alloc(65536, 7));
});

test('and tells what is not as it must be', async () => {
  const { record } = await run(async (options) =>
    filesOf(options)[0] === 'f7' ? Buffer.alloc(2 ** 20, 7) : null,
  );
  expect(record).toMatchObject({ outcome: 'fail', severity: 'must' });
  expect(record.deviations).toMatchObject([
    { check: 'data/images', expected: { node: 'n0', offset: 65536, byte: 0 }, got: { byte: 7 } },
  ]);
});
