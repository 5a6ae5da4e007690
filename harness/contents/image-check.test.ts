/** What the look at images at rest tells of leaked clusters and of corruption, made on purpose. */
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { checkImages } from './image-check.ts';

const CLUSTER = 65536;
/** Where the header names the refcount table. */
const REFCOUNT_TABLE = 48;
/** A cluster behind all that a new image has. */
const SPARE = 9;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-images-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('qcow2 images', () => {
  beforeEach(async ({ skip }) => {
    requireOrSkip({ skip }, 'qemu', enginesUnavailable('qemu-img'));
    for (const name of ['sound', 'damaged'])
      await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, name), '1M']);
  });

  test('that are sound are no fault', async () => {
    expect(await checkImages(folder, ['sound', 'damaged'])).toEqual([]);
  });
  test('with a cluster that is counted, and used by nobody, leak', async () => {
    await count('damaged', SPARE, 1);
    const faults = await checkImages(folder, ['sound', 'damaged']);
    expect(faults).toMatchObject([{ file: 'damaged', kind: 'leak', report: { leaks: 1 } }]);
  });
  test('with a cluster that is used, and not counted, are corrupt, whatever leaks beside it', async () => {
    await count('damaged', 0, 0);
    await count('damaged', SPARE, 1);
    const faults = await checkImages(folder, ['damaged', 'sound']);
    expect(faults).toMatchObject([{ file: 'damaged', kind: 'corruption', report: { corruptions: 1 } }]);
  });
});

test('files that are no such images, and those that are not there, are left alone', async () => {
  await writeFile(join(folder, 'raw'), Buffer.alloc(CLUSTER, 1));
  await writeFile(join(folder, 'short'), 'QF');
  await writeFile(join(folder, 'broken'), Buffer.from('QFI\u00fb nothing else', 'latin1'));
  expect(await checkImages(folder, ['raw', 'short', 'broken', 'none'])).toEqual([]);
});

/** Sets how often a cluster is said to be used, in 16 bits as new images have it. */
async function count(name: string, cluster: number, references: number): Promise<void> {
  const file = await open(join(folder, name), 'r+');
  try {
    const offset = async (at: number): Promise<number> =>
      Number((await file.read(Buffer.alloc(8), 0, 8, at)).buffer.readBigUInt64BE());
    const block = await offset(await offset(REFCOUNT_TABLE));
    const entry = Buffer.alloc(2);
    entry.writeUInt16BE(references);
    await file.write(entry, 0, 2, block + 2 * cluster);
    if ((await file.stat()).size < (cluster + 1) * CLUSTER) await file.truncate((cluster + 1) * CLUSTER);
  } finally {
    await file.close();
  }
}
