/** The file below fails at every step in turn: no request hangs, the image stays sound, and goes on working afterwards. */
import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { make, openFile, openImage, withoutTools } from '../../testing/qcow2-fixture.ts';
import type { ChildHandle } from '../driver.ts';
import type { Image } from './image.ts';
import { read } from './reading.ts';
import { resize } from './resize.ts';
import { write, writeCompressed } from './writing.ts';
import { discard, writeZeroes } from './zeroing.ts';

const SIZE = 192 * 1024;
const CLUSTER = 512;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-errors-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Fails one write or flush, the one with this number. */
class FailingFile {
  requests = 0;
  readonly #file: ChildHandle;
  readonly #failing: number;

  constructor(file: ChildHandle, failing: number) {
    this.#file = file;
    this.#failing = failing;
  }

  handle(): ChildHandle {
    const count = async () => {
      this.requests += 1;
      if (this.requests === this.#failing) throw new IoError('ENOSPC');
    };
    return {
      ...this.#file,
      write: async (offset, data) => {
        await count();
        await this.#file.write(offset, data);
      },
      flush: async () => {
        await count();
        await this.#file.flush();
      },
    };
  }
}

/** One of everything. Gives how many requests failed. */
async function useAll(image: Image): Promise<number> {
  const steps: (() => Promise<unknown>)[] = [
    () => write(image, 100, new Uint8Array(40_000).fill(2)),
    () => writeCompressed(image, 100 * CLUSTER, new Uint8Array(CLUSTER).fill(2)),
    () => writeZeroes(image, 5000, 9000, true),
    () => image.flush(),
    () => discard(image, 20_000, 10_000),
    () => image.snapshots.create({ name: 's', seconds: 0, nanoseconds: 0 }),
    () => write(image, 3000, new Uint8Array(30_000).fill(2)),
    () => image.snapshots.delete('1'),
    () => resize(image, 2 * SIZE),
    // beyond the old end, if there is more now
    () => write(image, image.size - 10_000, new Uint8Array(10_000).fill(image.size > SIZE ? 2 : 1)),
    () => image.flush(),
  ];
  let failed = 0;
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof IoError) && !(error instanceof CommandError)) throw error;
      failed += 1;
    }
  }
  return failed;
}

/** Leaked clusters harm nobody. */
function expectSound(path: string, failing: number): void {
  const { status, stdout } = spawnSync('qemu-img', ['check', path], { encoding: 'utf8' });
  expect([0, 3], `request ${failing}: ${stdout}`).toContain(status);
}

/** Written in several parts. */
const WRITTEN = 48 * 1024;
const PART = WRITTEN / 3;

/** Writes a file anew, each part a second time if it fails, and all requests but those of the end count. */
async function writeTrying(
  path: string,
  pattern: Uint8Array,
  failing: number,
  behind: number,
): Promise<number> {
  const file = await openFile(path);
  const failer = new FailingFile(file, failing);
  const { image } = await openImage(failer.handle());
  image.refcounts.allocateBehind(behind);
  const tried = (step: () => Promise<void>) => step().catch(step);
  for (let at = 0; at < WRITTEN; at += PART)
    await tried(() => write(image, at, pattern.subarray(at, at + PART)));
  await tried(() => image.flush());
  const { requests } = failer;
  await image.close();
  await file.close();
  return requests;
}

/** One cluster of table says where these many clusters are counted: writing behind makes it grow. */
const COUNTED = (CLUSTER / 8) * (CLUSTER / 8);

test.each<[JsonObject, number]>([
  [{ 'refcount-bits': 64 }, 0],
  [{ 'refcount-bits': 64 }, COUNTED - 20],
  [{ version: 'v2' }, 0],
])('what is written at the second try is in the file, %o, from cluster %i on', async (options, behind) => {
  const pattern = Uint8Array.from({ length: WRITTEN }, (_, at) => 1 + (at % 251));
  const [original, path] = [join(folder, 'original.qcow2'), join(folder, 'disk.qcow2')];
  await writeFile(original, '');
  const first = await openFile(original);
  await make(first, { size: SIZE, 'cluster-size': CLUSTER, ...options });
  await first.close();
  await copyFile(original, path);
  const total = await writeTrying(path, pattern, 0, behind);
  for (let failing = 1; failing <= total; failing += 1) {
    await copyFile(original, path);
    await writeTrying(path, pattern, failing, behind);
    if (withoutTools === undefined) expectSound(path, failing);
    const again = await openFile(path, true);
    const { image } = await openImage(again, {}, undefined, false);
    const bytes = new Uint8Array(WRITTEN);
    await read(image, 0, bytes);
    expect(Buffer.from(bytes).equals(pattern), `request ${failing}`).toBe(true);
    await image.close();
    await again.close();
  }
});

test('a table that grows although its clusters are all in use keeps what it counts', async () => {
  const path = join(folder, 'disk.qcow2');
  await writeFile(path, '');
  const file = await openFile(path);
  await make(file, { size: SIZE, 'cluster-size': CLUSTER, 'refcount-bits': 64 });
  const { image, reports } = await openImage(file);
  while ((await image.refcounts.allocate(1)) < (COUNTED - 1) * CLUSTER);
  await write(image, 0, new Uint8Array(SIZE).fill(7));
  await image.flush();
  expect(reports).toEqual([]);
  expect(await image.refcounts.get(COUNTED)).toBe(1);
  await image.close();
  await file.close();
  if (withoutTools === undefined) expectSound(path, 0);
});

/** Before the failures: the last quarter, which none of the steps touches. */
const KEPT = (SIZE / 4) * 3;

describe.skipIf(withoutTools !== undefined)(`errors below${withoutTools ? `: ${withoutTools}` : ''}`, () => {
  test.each<JsonObject>([{ 'refcount-bits': 2 }, { version: 'v2' }, { 'lazy-refcounts': true }])(
    '%o',
    async (options) => {
      const original = join(folder, 'original.qcow2');
      await writeFile(original, '');
      const first = await openFile(original);
      await make(first, { size: SIZE, 'cluster-size': CLUSTER, ...options });
      const { image: sound } = await openImage(first);
      await write(sound, KEPT, new Uint8Array(SIZE - KEPT).fill(1));
      await sound.close();
      await first.close();
      let total = Number.POSITIVE_INFINITY;
      // a step that is no divisor of anything in particular
      for (let failing = 1; failing <= total; failing += 7) {
        const path = join(folder, 'disk.qcow2');
        await copyFile(original, path);
        const file = await openFile(path);
        const failer = new FailingFile(file, failing);
        const { image, reports } = await openImage(failer.handle());
        await useAll(image);
        // it has failed once and works again
        await write(image, 0, new Uint8Array(1000).fill(3));
        await image.close();
        expect(reports, `request ${failing}`).toEqual([]);
        await file.close();
        total = Math.max(failing, failer.requests);
        expectSound(path, failing);
        const again = await openFile(path);
        const { image: reopened } = await openImage(again, {}, undefined, false);
        const bytes = new Uint8Array(SIZE);
        await read(reopened, 0, bytes);
        await again.close();
        expect(bytes.subarray(0, 1000).every((byte) => byte === 3)).toBe(true);
        expect(bytes.subarray(KEPT).every((byte) => byte === 1)).toBe(true);
        if (failer.requests < failing) break;
      }
    },
  );
});
