/** What dirty bitmaps say of themselves: active, frozen by an incremental backup, disabled by their image. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../spec/json.ts';
import { addDrive } from '../options/drive.ts';
import { JobFixture } from '../testing/job-fixture.ts';

const CLUSTER = 65536;
const SIZE = 4 * CLUSTER;
const BITMAP = { node: 'd', name: 'b' };

let fixture: JobFixture;

beforeEach(async () => {
  fixture = new JobFixture();
  for (const name of ['s', 't']) {
    await fixture.qcow2(name, SIZE);
    await fixture.run('blockdev-del', { 'node-name': name });
  }
  await openDisk();
});

afterEach(() => fixture.close());

async function openDisk(): Promise<void> {
  await addDrive(`if=none,id=d,format=qcow2,file=${fixture.folder}/s.qcow2`, fixture.endpoint.block);
}

const write = (at: number) =>
  fixture.endpoint.block.graph.lookup('d', 'd').io.write(at, new Uint8Array(512).fill(1));

/** What is told of the bitmaps, newest first. */
async function bitmaps(): Promise<JsonObject[]> {
  const [drive] = (await fixture.run('query-block')) as JsonObject[];
  return (drive?.['dirty-bitmaps'] ?? []) as JsonObject[];
}

/** Asks for the status of the bitmap with a name. */
async function status(): Promise<Json | undefined> {
  return (await bitmaps()).find(({ name }) => name === 'b')?.status;
}

const backup = (more: JsonObject = {}) =>
  fixture.run('drive-backup', {
    'job-id': 'j',
    device: 'd',
    target: join(fixture.folder, 't.qcow2'),
    format: 'qcow2',
    mode: 'existing',
    sync: 'incremental',
    bitmap: 'b',
    ...more,
  });

/** The node of the image that the backup has opened. */
const target = () =>
  fixture.endpoint.block.graph.nodes.find(
    ({ driverName, filename }) => driverName === 'qcow2' && filename.shown.endsWith('t.qcow2'),
  )!;

const clearing = {
  'block-dirty-bitmap-clear': () => fixture.run('block-dirty-bitmap-clear', BITMAP),
  'block-dirty-bitmap-clear in a transaction': () =>
    fixture.run('transaction', { actions: [{ type: 'block-dirty-bitmap-clear', data: BITMAP }] }),
};

test('active: records, and can be cleared, used and removed', async () => {
  await fixture.run('block-dirty-bitmap-add', BITMAP);
  await write(0);
  expect(await status()).toBe('active');
  for (const clear of Object.values(clearing)) await clear();
  await backup();
  await fixture.idle();
  expect(await status()).toBe('active');
  await fixture.run('block-dirty-bitmap-remove', BITMAP);
  expect(await status()).toBeUndefined();
});

test.each(['completes', 'is cancelled', 'fails'])('frozen until the backup %s', async (ending) => {
  await fixture.run('block-dirty-bitmap-add', BITMAP);
  for (const cluster of [0, 1, 2]) await write(cluster * CLUSTER);
  await backup({ speed: 1 });
  await fixture.idle();
  expect(await status()).toBe('frozen');
  for (const clear of Object.values(clearing)) await expect(clear()).rejects.toThrow('frozen');
  await expect(fixture.run('block-dirty-bitmap-remove', BITMAP)).rejects.toThrow('frozen');
  await expect(fixture.run('block-dirty-bitmap-add', BITMAP)).rejects.toThrow('already exists');
  const { bitmap } = fixture.endpoint.block.bitmap('d', 'b');
  await write(3 * CLUSTER);
  expect(bitmap.count()).toBe(3 * CLUSTER);
  if (ending === 'fails') target().io.kill();
  if (ending === 'is cancelled') await fixture.run('block-job-cancel', { device: 'j' });
  else await fixture.run('block-job-set-speed', { device: 'j', speed: 0 });
  await fixture.idle();
  expect(fixture.events.at(-1)).toMatchObject(
    ending === 'is cancelled'
      ? { event: 'BLOCK_JOB_CANCELLED' }
      : { event: 'BLOCK_JOB_COMPLETED', data: ending === 'fails' ? { error: expect.anything() } : {} },
  );
  expect(await status()).toBe('active');
  expect(bitmap.count()).toBe(ending === 'completes' ? CLUSTER : 4 * CLUSTER);
});

test.each(['completes', 'is cancelled', 'fails'])(
  'while it is frozen, one without a name records what is written, until the backup %s',
  async (ending) => {
    const add = (name: string) => fixture.run('block-dirty-bitmap-add', { ...BITMAP, name });
    const listed = async () =>
      (await bitmaps()).map((told) => [told.name, told.status, Number(told.count) / CLUSTER]);
    for (const name of ['a', 'b', 'c']) await add(name);
    for (const cluster of [0, 1, 2]) await write(cluster * CLUSTER);
    await backup({ speed: 1 });
    await fixture.idle();
    await add('e');
    const [before, after] = [
      [['e', 'active', 0]],
      [
        ['c', 'active', 3],
        ['b', 'frozen', 3],
        ['a', 'active', 3],
      ],
    ];
    expect(await listed()).toEqual([...before, [undefined, 'active', 0], ...after]);
    await write(3 * CLUSTER);
    for (const list of [before, after]) for (const one of list) if (one[0] !== 'b') (one[2] as number) += 1;
    expect(await listed()).toEqual([...before, [undefined, 'active', 1], ...after]);
    if (ending === 'fails') target().io.kill();
    if (ending === 'is cancelled') await fixture.run('block-job-cancel', { device: 'j' });
    else await fixture.run('block-job-set-speed', { device: 'j', speed: 0 });
    await fixture.idle();
    const others = after.filter(([name]) => name !== 'b');
    expect(await listed()).toEqual(
      ending === 'completes'
        ? [...before, ['b', 'active', 1], ...others]
        : [...before, others[0], ['b', 'active', 4], others[1]],
    );
  },
);

/** Reopens the disk with a bitmap that, as its image says, records nothing. */
async function disable(): Promise<void> {
  await fixture.run('block-dirty-bitmap-add', { ...BITMAP, persistent: true });
  await write(0);
  fixture.endpoint.block.bitmap('d', 'b').bitmap.recording = false;
  await reopen();
}

async function reopen(): Promise<void> {
  const { block } = fixture.endpoint;
  await block.backends.close();
  for (let node = block.graph.nodes[0]; node; node = block.graph.nodes[0])
    await block.graph.releaseUnused(node);
  await openDisk();
}

test('disabled: stays as it is, also in its image, until it is removed', async () => {
  await disable();
  expect(await status()).toBe('disabled');
  const { bitmap } = fixture.endpoint.block.bitmap('d', 'b');
  await write(CLUSTER);
  expect(bitmap.count()).toBe(CLUSTER);
  for (const clear of Object.values(clearing)) await expect(clear()).rejects.toThrow('disabled');
  await expect(backup()).rejects.toThrow("Bitmap 'b' is currently disabled and cannot be used");
  await reopen();
  expect(await status()).toBe('disabled');
  await fixture.run('block-dirty-bitmap-remove', BITMAP);
  await reopen();
  expect(await status()).toBeUndefined();
});
