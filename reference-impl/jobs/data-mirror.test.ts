/** What mirrors and their sources hold, with a guest writing meanwhile, against models of them. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DiskModel } from './disk-model.ts';
import {
  type DataRun,
  ENDINGS,
  type Ending,
  holds,
  type Outcome,
  type Plan,
  scenario,
} from './testing-data.ts';
import { chainOf, expectBytes, type TestImage } from './testing-images.ts';

/** Clusters of the images that jobs make. */
const CLUSTER = 65536;

/** What a job is to do, and how it is to end. */
interface Way {
  readonly sync: 'full' | 'top' | 'none';
  readonly ending: Ending;
  readonly whenReady: NonNullable<Plan['whenReady']>;
}

const WAYS: readonly (readonly [string, Way])[] = (['full', 'top', 'none'] as const).flatMap((sync) => [
  ...ENDINGS.map(
    (ending) => [`sync ${sync}, ${ending}`, { sync, ending, whenReady: 'complete' }] as const,
  ).filter(() => sync !== 'none'),
  ...(['complete', 'cancel'] as const)
    .map(
      (whenReady) =>
        [`sync ${sync}, told to ${whenReady} when ready`, { sync, ending: 'completes', whenReady }] as const,
    )
    .filter(([, way]) => sync === 'none' || way.whenReady === 'cancel'),
]);

describe('blockdev-mirror', () => {
  test.each(WAYS)('%s', async (_, way) => {
    await holds(scenario(chainOf(0)), way.ending, (data) => toNode(data, way));
  });
});

/** Pieces small enough that a limit holds a mirror before it has all. */
const PIECES = { granularity: 65536, 'buf-size': 65536 };

async function toNode(data: DataRun, way: Way): Promise<Outcome> {
  const { top, given, images } = data;
  // Without a backing file the top is all there is.
  const below = way.sync === 'top' ? images.below(top) : undefined;
  const format = below && given.target.format === 'raw' ? 'qcow2' : given.target.format;
  const target = await images.makeTarget({ ...given.target, format, writes: [] }, top.model.size, below);
  const args = { device: top.name, target: target.name, sync: way.sync, ...PIECES };
  return lead(data, way, { command: 'blockdev-mirror', args, failing: [target.name, 'write'] }, () => target);
}

describe('drive-mirror to a new image', () => {
  test.each(WAYS)('%s', async (_, way) => {
    await holds(scenario(chainOf(0, 'plain')), way.ending, (data) => toNewImage(data, way));
  });
});

async function toNewImage(data: DataRun, way: Way): Promise<Outcome> {
  const { top, given, images } = data;
  const below = way.sync === 'none' ? top : way.sync === 'top' ? images.below(top) : undefined;
  const format = below || given.target.format !== 'raw' ? 'qcow2' : 'raw';
  const target = join(data.bench.folder, 'target');
  const model = new DiskModel(top.model.size, CLUSTER, below?.model);
  const args = { device: top.name, target, 'node-name': 'target', format, sync: way.sync, ...PIECES };
  const made = () => images.know('target', { ...given.target, format, clusterSize: CLUSTER }, model);
  return lead(data, way, { command: 'drive-mirror', args, failing: [top.name, 'read'] }, made);
}

async function lead(data: DataRun, way: Way, plan: Plan, targetOf: () => TestImage): Promise<Outcome> {
  const { top } = data;
  const outcome = await data.play({ ...plan, whenReady: way.whenReady }, way.ending);
  const target = targetOf();
  const former = target.model.shows();
  const mirrored = top.model.shows();
  const isPivoted = outcome === 'completed' && data.told === 'complete';
  expect(data.guest.node.name).toBe(isPivoted ? target.name : top.name);
  if (outcome === 'completed' && (way.sync !== 'none' || target.model.below)) {
    target.model.write(0, mirrored);
    // What shows through a target that stays behind changes with its source.
    if (isPivoted || way.sync !== 'none') await data.afterwards(isPivoted ? target : top);
    await data.verify();
    return outcome;
  }
  const judge = (shown: Buffer) => {
    expectBytes(target.name, shown, former, ...data.shown);
    if (outcome === 'completed') expectWritten(target, shown, data.before, mirrored);
  };
  await data.verify(new Map([[target, judge]]));
  return outcome;
}

/** Where `before` and `after` differ, an image shows what was written. */
function expectWritten({ name }: TestImage, shown: Buffer, before: Buffer, after: Buffer): void {
  const written = Buffer.from(shown);
  for (let at = 0; at < shown.length; at += 512)
    if (!before.subarray(at, at + 512).equals(after.subarray(at, at + 512)))
      after.copy(written, at, at, at + 512);
  expectBytes(name, shown, written);
}
