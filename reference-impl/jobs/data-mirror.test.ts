/** What mirrors and their sources hold, with a guest writing meanwhile, against models of them. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type DataRun,
  ENDINGS,
  type Ending,
  holds,
  type Outcome,
  type Plan,
  scenario,
} from '../testing/data-run.ts';
import { DiskModel } from '../testing/disk-model.ts';
import { JobFixture } from '../testing/job-fixture.ts';
import { chainOf, expectBytes, type TestImage } from '../testing/modelled-images.ts';

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

describe.each([
  ['a qcow2 image', 'qcow2', false],
  ['a qcow2 image on a backing file', 'qcow2', true],
  ['a raw image', 'raw', false],
] as const)('sync full onto %s that holds data, from a source that has little', (_, format, isOverlay) => {
  test.each(['blockdev-mirror', 'drive-mirror', 'blockdev-backup'] as const)('%s', async (command) => {
    const fixture = new JobFixture();
    try {
      const size = 4 * CLUSTER;
      await fixture.qcow2('source', size);
      await fixture.qcow2('below', size);
      const target = join(fixture.folder, 'target.qcow2');
      if (format === 'qcow2') await fixture.qcow2('target', size, isOverlay ? 'below' : undefined);
      else {
        const file = { driver: 'file', filename: target };
        await fixture.run('x-blockdev-create', { ...file, size });
        await fixture.run('blockdev-add', { driver: 'raw', 'node-name': 'target', file });
      }
      const written: readonly (readonly [string, number, number])[] = [
        ['source', 2 * CLUSTER, 1],
        ['below', 0, 2],
        ['target', CLUSTER, 3],
        ['target', 2 * CLUSTER, 4],
      ];
      for (const [name, at, byte] of written)
        await fixture.node(name).io.write(at, Buffer.alloc(CLUSTER, byte));
      const guest = fixture.guest('source');
      if (command === 'drive-mirror') await fixture.run('blockdev-del', { 'node-name': 'target' });
      const to =
        command === 'drive-mirror'
          ? { target, format, mode: 'existing', 'node-name': 'target' }
          : { target: 'target' };
      await fixture.run(command, { 'job-id': 'j', device: 'source', sync: 'full', ...to });
      await fixture.idle();
      if (command !== 'blockdev-backup') await fixture.run('block-job-complete', { device: 'j' });
      await fixture.idle();
      // What goes of the target is not counted.
      const copiesAll = command === 'blockdev-backup' || (isOverlay && command === 'blockdev-mirror');
      const len = copiesAll ? size : CLUSTER;
      expect(fixture.events.at(-1)).toMatchObject({
        event: 'BLOCK_JOB_COMPLETED',
        data: { len, offset: len },
      });
      const node = command === 'blockdev-backup' ? fixture.node('target') : guest.node;
      expectBytes(
        'target',
        await fixture.contents(node),
        Buffer.concat([0, 0, 1, 0].map((byte) => Buffer.alloc(CLUSTER, byte))),
      );
    } finally {
      await fixture.close();
    }
  });
});

test.each(['full', 'top'])('a raw node over an overlay has all that it shows: sync %s', async (sync) => {
  const fixture = new JobFixture();
  try {
    await fixture.qcow2('below', 2 * CLUSTER);
    await fixture.qcow2('overlay', 2 * CLUSTER, 'below');
    await fixture.qcow2('target', 2 * CLUSTER);
    await fixture.run('blockdev-add', { driver: 'raw', 'node-name': 'source', file: 'overlay' });
    for (const [name, at, byte] of [
      ['below', CLUSTER, 1],
      ['overlay', 0, 2],
    ] as const)
      await fixture.node(name).io.write(at, Buffer.alloc(CLUSTER, byte));
    await fixture.run('blockdev-mirror', { 'job-id': 'j', device: 'source', target: 'target', sync });
    await fixture.idle();
    await fixture.run('block-job-complete', { device: 'j' });
    await fixture.idle();
    expectBytes(
      'target',
      await fixture.contents(fixture.node('target')),
      Buffer.concat([2, 1].map((byte) => Buffer.alloc(CLUSTER, byte))),
    );
  } finally {
    await fixture.close();
  }
});

test('a target that is too short for what the source has nothing of will do', async () => {
  const fixture = new JobFixture();
  try {
    await fixture.qcow2('source', 4 * CLUSTER);
    await fixture.qcow2('target', 2 * CLUSTER);
    await fixture.node('source').io.write(CLUSTER, Buffer.alloc(CLUSTER, 1));
    fixture.guest('source');
    await fixture.run('blockdev-mirror', { 'job-id': 'j', device: 'source', target: 'target', sync: 'full' });
    await fixture.idle();
    await fixture.run('block-job-complete', { device: 'j' });
    await fixture.idle();
    expect(fixture.events.at(-1)).toMatchObject({ event: 'BLOCK_JOB_COMPLETED', data: { len: CLUSTER } });
    expect(fixture.events.at(-1)?.data).not.toHaveProperty('error');
  } finally {
    await fixture.close();
  }
});

/** Pieces small enough that a limit holds a mirror before it has all. */
const PIECES = { granularity: 65536, 'buf-size': 65536 };

async function toNode(data: DataRun, way: Way): Promise<Outcome> {
  const { top, given, images } = data;
  // Without a backing file the top is all there is.
  const below = way.sync === 'top' ? images.below(top) : undefined;
  const format = below && given.target.format === 'raw' ? 'qcow2' : given.target.format;
  // Whatever a target holds gives way, where all is copied.
  const writes = way.sync === 'full' ? given.target.writes : [];
  const target = await images.makeTarget({ ...given.target, format, writes }, top.model.size, below);
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
  const target = join(data.fixture.folder, 'target');
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

test('clusters of a target without the backing file that its header names are copied whole', async () => {
  const fixture = new JobFixture();
  try {
    const [large, size] = [4 * CLUSTER, 8 * CLUSTER];
    await fixture.qcow2('below', size);
    await fixture.qcow2('source', size, 'below');
    await fixture.qcow2('to', size, 'below', large);
    await fixture.run('blockdev-del', { 'node-name': 'to' });
    const file = { driver: 'file', filename: join(fixture.folder, 'to.qcow2') };
    await fixture.run('blockdev-add', { driver: 'qcow2', 'node-name': 'target', file, backing: null });
    await fixture.node('source').io.write(0, Buffer.alloc(size, 1));
    const guest = fixture.guest('source');
    const job = { 'job-id': 'j', device: 'source', target: 'target', sync: 'none', granularity: 4096 };
    await fixture.run('blockdev-mirror', job);
    await fixture.idle();
    for (const offset of [large + CLUSTER, large]) {
      await guest.node.io.write(offset, Buffer.alloc(512, 2));
      await fixture.idle();
    }
    await fixture.run('block-job-cancel', { device: 'j' });
    await fixture.idle();
    const expected = Buffer.alloc(size, 1).fill(0, 0, large);
    for (const offset of [large + CLUSTER, large]) expected.fill(2, offset, offset + 512);
    expectBytes('target', await fixture.contents(fixture.node('target')), expected);
    expect(fixture.events.at(-1)).toMatchObject({
      event: 'BLOCK_JOB_COMPLETED',
      data: { len: large, offset: large },
    });
  } finally {
    await fixture.close();
  }
});
