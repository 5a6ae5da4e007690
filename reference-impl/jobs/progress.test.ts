/** How far a limited stream or commit gets at once, which its offset tells: as far as the image that holds the data goes. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { JobFixture } from '../testing/job-fixture.ts';

const KIB = 1024;
const SIZE = 4096 * KIB;

let fixture: JobFixture;

beforeEach(async () => {
  fixture = new JobFixture();
});

afterEach(() => fixture.close());

/** Chains from the base up, by what each image has of its own: offset and length in KiB. */
type Chain = readonly (readonly [offset: number, length: number] | undefined)[];

async function build(images: Chain): Promise<void> {
  for (const [index, own] of images.entries()) {
    await fixture.qcow2(`i${index}`, SIZE, index > 0 ? `i${index - 1}` : undefined);
    if (!own) continue;
    const [offset, length] = own;
    await fixture.node(`i${index}`).io.write(offset * KIB, new Uint8Array(length * KIB).fill(1));
  }
}

async function offsetAfter(command: 'block-stream' | 'block-commit', args: JsonObject): Promise<number> {
  await fixture.run(command, { 'job-id': 'j', speed: 1, ...args });
  await fixture.idle();
  const [job] = (await fixture.run('query-block-jobs')) as JsonObject[];
  await fixture.run('block-job-cancel', { device: 'j' });
  await fixture.idle();
  return Number(job!.offset) / KIB;
}

test.each<[images: Chain, offset: number]>([
  [[[0, 2048], undefined], 512],
  [[[0, 192], undefined], 192],
  [
    [
      [0, 2048],
      [64, 64],
    ],
    64,
  ],
  [
    [
      [0, 2048],
      [64, 64],
      [128, 64],
    ],
    128,
  ],
  [
    [
      [0, 2048],
      [0, 64],
      [128, 64],
    ],
    64,
  ],
  [
    [
      [0, 96],
      [256, 64],
      [512, 64],
    ],
    128,
  ],
  [
    [
      [0, 2048],
      [64, 64],
      [64, 64],
      [320, 64],
    ],
    320,
  ],
])('of a stream over %j: %i KiB', async (images, offset) => {
  await build(images);
  expect(await offsetAfter('block-stream', { device: `i${images.length - 1}` })).toBe(offset);
});

test.each<[images: Chain, offset: number]>([
  [[undefined, [0, 2048], undefined], 512],
  [[undefined, [0, 2048], [64, 64], undefined], 512],
  [[undefined, [0, 192], [256, 64], undefined], 192],
  [[[0, 64], [64, 128], [64, 64], undefined], 128],
])('of a commit of all but the top of %j: %i KiB', async (images, offset) => {
  await build(images);
  const top = fixture.node(`i${images.length - 2}`).filename.shown;
  expect(await offsetAfter('block-commit', { device: `i${images.length - 1}`, top })).toBe(offset);
});
