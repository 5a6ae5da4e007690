/** Jobs and snapshots that make images of formats which only a file name and a format make: what they copied is there. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import type { JsonObject } from '../../spec/json.ts';
import { JobFixture } from '../testing/job-fixture.ts';

const SIZE = 3 * 65536 + 512 * 3;

let fixture: JobFixture;
let content: Buffer;
beforeEach(async () => {
  fixture = new JobFixture();
  await fixture.qcow2('base', SIZE);
  content = Buffer.alloc(SIZE);
  content.set(new Random(1).bytes(100_000), 10_000);
  await fixture.node('base').io.write(0, content);
});
afterEach(() => fixture.close());

const path = (name: string) => join(fixture.folder, name);

/** Ends the endpoint, and reads the image with another. */
async function expectImage(format: string, name: string, more: JsonObject = {}): Promise<void> {
  await fixture.end();
  const reader = new JobFixture(fixture.folder);
  const file = { driver: 'file', filename: path(name) };
  const definition = { driver: format, 'node-name': 'read', file, 'read-only': true, ...more };
  await reader.run('blockdev-add', definition);
  expect(Buffer.compare(await reader.contents(reader.node('read')), content)).toBe(0);
  await reader.end();
}

/** Writes to the disk and to what it must hold. */
async function write(node: string, offset: number, bytes: Buffer): Promise<void> {
  await fixture.node(node).io.write(offset, bytes);
  content.set(bytes, offset);
}

/** That the only job has ended without an error, or with that one. */
function expectEnd(error?: string): void {
  expect(fixture.told('BLOCK_JOB_COMPLETED').map(({ data }) => data.error)).toEqual([error]);
}

/** Starts a copy of the disk to a new image. */
const copyTo = (format: string, command: 'drive-backup' | 'drive-mirror') =>
  fixture.run(command, { 'job-id': 'j', device: 'base', target: path('t'), format, sync: 'full' });

describe.each(['qcow', 'qed', 'parallels', 'vmdk'])('to %s', (format) => {
  test('a backup', async () => {
    await copyTo(format, 'drive-backup');
    await fixture.idle();
    expectEnd();
    await expectImage(format, 't');
  });

  test('a mirror, which follows writes until it is completed', async () => {
    await copyTo(format, 'drive-mirror');
    await fixture.idle();
    await write('base', 70_000, new Random(2).bytes(9000));
    await fixture.pass(200);
    await fixture.run('block-job-complete', { device: 'j' });
    await fixture.pass(200);
    expectEnd();
    await expectImage(format, 't');
  });
});

describe.each(['qcow', 'qed'])('an overlay in %s', (format) => {
  beforeEach(async () => {
    fixture.guest('base');
    const image = { 'node-name': 'base', 'snapshot-node-name': 'over', 'snapshot-file': path('o'), format };
    await fixture.run('blockdev-snapshot-sync', image);
    await write('over', 65_000, new Random(3).bytes(5000));
    await write('over', 1000, Buffer.alloc(5000));
  });

  test('shows what is below and what was written', async () => {
    expect(Buffer.compare(await fixture.contents(fixture.node('over')), content)).toBe(0);
  });

  test('holds everything itself once it was streamed to', async () => {
    await fixture.run('block-stream', { 'job-id': 'j', device: 'over' });
    await fixture.pass(200);
    // the header of qcow cannot be given another name, or none
    expectEnd(format === 'qcow' ? 'Operation not supported' : undefined);
    await expectImage(format, 'o', { backing: null });
  });

  test('is committed to what is below', async () => {
    await fixture.run('block-commit', { 'job-id': 'j', device: 'over' });
    await fixture.pass(200);
    await fixture.run('block-job-complete', { device: 'j' });
    await fixture.pass(200);
    expectEnd();
    await expectImage('qcow2', 'base.qcow2');
  });
});

test('no compressed backup to qcow: it takes one cluster at a time, and the job copies more', async () => {
  const backup = { 'job-id': 'j', device: 'base', target: path('t'), format: 'qcow', sync: 'full' };
  await fixture.run('drive-backup', { ...backup, compress: true });
  await fixture.idle();
  const [error] = fixture.told('BLOCK_JOB_ERROR').map(({ data }) => data);
  expect(error).toEqual({ device: 'j', operation: 'write', action: 'report' });
  expectEnd('Invalid argument');
});

test('no image of parallels is made over another', async () => {
  const image = { 'node-name': 'base', 'snapshot-node-name': 'over', 'snapshot-file': path('o') };
  await expect(fixture.run('blockdev-snapshot-sync', { ...image, format: 'parallels' })).rejects.toThrow(
    "Backing file not supported for file format 'parallels'",
  );
});

test('no image of vmdk is made over one of another format, and no file', async () => {
  const image = { 'node-name': 'base', 'snapshot-node-name': 'over', 'snapshot-file': path('o') };
  await expect(fixture.run('blockdev-snapshot-sync', { ...image, format: 'vmdk' })).rejects.toThrow(
    "Backing file format not supported for file format 'vmdk'",
  );
  await expect(stat(path('o'))).rejects.toMatchObject({ code: 'ENOENT' });
});
