/** What backups hold, and their sources, with a guest writing meanwhile, against models of them. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DataRun, ENDINGS, type Ending, holds, type Outcome, scenario } from '../testing/data-run.ts';
import { DiskModel } from '../testing/disk-model.ts';
import { chainOf, expectBytes, type TestImage, type Write } from '../testing/modelled-images.ts';

/** Clusters of the images that jobs make. */
const CLUSTER = 65536;
/** So that there is something to copy in every cluster. */
const EVERYWHERE: readonly Write[] = Array.from({ length: 18 }, (_, index) => {
  return { at: (index * CLUSTER) / 512, sectors: 1, zeroes: false, seed: index };
});

describe.each(['full', 'top'] as const)('blockdev-backup, sync %s', (sync) => {
  test.each(ENDINGS)('%s', async (ending) => {
    await holds(scenario(chainOf(0)), ending, (data) => toNode(data, sync, ending));
  });
});

async function toNode(data: DataRun, sync: 'full' | 'top', ending: Ending): Promise<Outcome> {
  const { top, given } = data;
  const below = sync === 'top' && given.target.format !== 'raw' ? data.images.below(top) : undefined;
  const target = await data.images.makeTarget(given.target, top.model.size, below);
  const [former, before] = [target.model.shows(), top.model.shows()];
  const owned = [...top.model.owned()];
  const args = { device: top.name, target: target.name, sync };
  const outcome = await data.play(
    { command: 'blockdev-backup', args, failing: [target.name, 'write'] },
    ending,
  );
  await data.afterwards(top);
  const judge = (shown: Buffer) => {
    if (outcome !== 'completed') expectBytes(target.name, shown, former, before);
    else if (sync === 'full') expectBytes(target.name, shown, before);
    else {
      // Of a cluster that is not all the top's own, the rest may come along.
      const copied = Buffer.from(shown);
      for (const [start, end] of owned) before.copy(copied, start, start, end);
      expectBytes(target.name, shown, copied);
      expectBytes(target.name, shown, former, before);
    }
  };
  await data.verify(new Map([[target, judge]]));
  return outcome;
}

test('blockdev-backup, sync none: what the guest writes over is kept', async () => {
  await holds(scenario(chainOf(0)), 'is cancelled', async (data) => {
    const { top, given } = data;
    const target = await data.images.makeTarget({ ...given.target, writes: [] }, top.model.size);
    const args = { device: top.name, target: target.name, sync: 'none' };
    const outcome = await data.play({ command: 'blockdev-backup', args, endless: true }, 'is cancelled');
    const [before, after] = [data.before, top.model.shows()];
    const judge = (shown: Buffer) => {
      expectBytes(target.name, shown, before, Buffer.alloc(before.length));
      expectChanged(target, shown, before, after);
    };
    await data.verify(new Map([[target, judge]]));
    return outcome;
  });
});

/** Where `before` and `after` differ, an image shows what was before. */
function expectChanged({ name }: TestImage, shown: Buffer, before: Buffer, after: Buffer): void {
  const kept = Buffer.from(shown);
  for (let at = 0; at < shown.length; at += 512)
    if (!before.subarray(at, at + 512).equals(after.subarray(at, at + 512)))
      before.copy(kept, at, at, at + 512);
  expectBytes(name, shown, kept);
}

describe.each(['full', 'top', 'none'] as const)('drive-backup to a new image, sync %s', (sync) => {
  test.each(ENDINGS.filter((ending) => sync !== 'none' || /cancel/.test(ending)))('%s', async (ending) => {
    await holds(scenario(chainOf(0, 'plain')), ending, (data) => toNewImage(data, sync, ending));
  });
});

async function toNewImage(data: DataRun, sync: 'full' | 'top' | 'none', ending: Ending): Promise<Outcome> {
  const { top, given, images } = data;
  const below = sync === 'none' ? top : sync === 'top' ? images.below(top) : undefined;
  const format = below === undefined ? given.target.format : 'qcow2';
  const { size } = top.model;
  const args = { device: top.name, target: join(data.fixture.folder, 'target'), format: plain(format), sync };
  const plan = {
    command: 'drive-backup',
    args,
    failing: [top.name, 'read'],
    endless: sync === 'none',
  } as const;
  const model = new DiskModel(size, CLUSTER, below?.model);
  const former = model.shows();
  const outcome = await data.play(plan, ending);
  const target = images.know(
    'target',
    { ...given.target, format: plain(format), clusterSize: CLUSTER },
    model,
  );
  if (sync !== 'none') await data.afterwards(top);
  const judge = (shown: Buffer) => {
    const isWhole = outcome === 'completed' || sync === 'none';
    expectBytes(target.name, shown, data.before, ...(isWhole ? [] : [former]));
  };
  await data.verify(new Map([[target, judge]]));
  return outcome;
}

function plain(format: TestImage['given']['format']): 'raw' | 'qcow2' {
  return format === 'raw' ? 'raw' : 'qcow2';
}

describe('drive-backup to an image that is there, sync incremental', () => {
  test.each(ENDINGS)('%s; the next one holds what the source held at its beginning', async (ending) => {
    await holds(scenario(chainOf(0, 'plain')), ending, (data) => incremental(data, ending));
  });
});

async function incremental(data: DataRun, ending: Ending): Promise<Outcome> {
  const { top, fixture, given } = data;
  const target = join(fixture.folder, 'target');
  const format = plain(given.target.format);
  const granularity = 512 << (2 * given.chosen[0]);
  await fixture.run('block-dirty-bitmap-add', { node: top.name, name: 'b', granularity });
  const full = { 'job-id': 'f', device: top.name, target, format, sync: 'full' };
  await fixture.run('drive-backup', full);
  await fixture.idle();
  const args = { device: top.name, target, format, mode: 'existing', sync: 'incremental', bitmap: 'b' };
  const plan = { command: 'drive-backup', args, failing: [top.name, 'read'] } as const;
  await data.write([...given.early, ...EVERYWHERE]);
  const outcome = await data.play(plan, ending);
  await data.afterwards(top);
  const model = new DiskModel(top.model.size, CLUSTER);
  model.write(0, top.model.shows());
  await fixture.run('drive-backup', { 'job-id': 'j', ...args });
  const writing = data.write(given.last);
  await fixture.idle();
  await writing;
  expect(fixture.events.at(-1)?.event).toBe('BLOCK_JOB_COMPLETED');
  expect(fixture.events.at(-1)?.data.error).toBeUndefined();
  data.images.know('target', { ...given.target, format, clusterSize: CLUSTER }, model);
  await data.verify();
  return outcome;
}
