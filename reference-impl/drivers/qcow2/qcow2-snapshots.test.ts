/** Internal snapshots, taken and deleted by us and by qemu-img, over data of every kind. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { run } from '../../testing/external-programs.ts';
import { type FileChild, make, openFile, openImage, withoutTools } from '../../testing/qcow2-fixture.ts';
import { stress } from '../../testing/qcow2-stress.ts';
import { read } from './reading.ts';
import { write } from './writing.ts';

const SIZE = 600 * 1024;
let folder: string;
let path: string;
let files: FileChild[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-snapshots-'));
  path = join(folder, 'disk.qcow2');
  files = [];
});
afterEach(async () => {
  for (const file of files) await file.close();
  await rm(folder, { recursive: true });
});

async function fresh(options: JsonObject): Promise<FileChild> {
  await writeFile(path, '');
  const file = await openFile(path);
  files.push(file);
  await make(file, { size: SIZE, ...options });
  return file;
}

test('what only a deleted snapshot used is given back to the file, unless pass-discard-snapshot is off', async () => {
  for (const pass of [true, false]) {
    const file = await fresh({});
    const discarded: number[] = [];
    file.discard = (offset) => Promise.resolve(void discarded.push(offset));
    const { image } = await openImage(file, { 'pass-discard-snapshot': pass });
    await write(image, 0, new Uint8Array(512).fill(1));
    const place = (await image.mapping.lookup(0, 1)).offset;
    await image.snapshots.create(named('one'));
    await write(image, 0, new Uint8Array(512).fill(2));
    await image.snapshots.delete('1');
    await image.close();
    expect(discarded.includes(place)).toBe(pass);
  }
});

const named = (name: string) => ({ name, seconds: 1_700_000_000, nanoseconds: 5 });

describe.skipIf(withoutTools !== undefined)(
  `snapshots and qemu-img${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    test.each<JsonObject>([
      {},
      { version: 'v2', 'cluster-size': 512 },
      { 'cluster-size': 4096, 'lazy-refcounts': true, 'refcount-bits': 64 },
      { 'cluster-size': 1024, 'refcount-bits': 4 },
    ])('%o', async (options) => {
      const file = await fresh(options);
      const random = new Random(3);
      const { image, reports } = await openImage(file, { 'overlap-check': 'all' });
      let model: Uint8Array = new Uint8Array(SIZE);
      const taken = new Map<string, Uint8Array>();
      for (const name of ['first', 'second', 'third']) {
        model = await stress(image, model, random, 12, false);
        await image.snapshots.create(named(name));
        taken.set(name, model.slice());
      }
      model = await stress(image, model, random, 12, false);
      await image.snapshots.delete('2');
      taken.delete('second');
      model = await stress(image, model, random, 12, false);
      await image.close();
      expect(reports).toEqual([]);
      expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
      for (const [name, bytes] of [...taken, [undefined, model] as const]) {
        const raw = join(folder, 'model.raw');
        await writeFile(raw, bytes);
        if (name !== undefined)
          await run('qemu-img', 'convert', '-l', name, '-O', 'raw', path, `${raw}.found`);
        else await run('qemu-img', 'convert', '-O', 'raw', path, `${raw}.found`);
        expect(await run('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', raw, `${raw}.found`)).toMatch(
          /identical/,
        );
      }
      expect(await run('qemu-img', 'snapshot', '-l', path)).toMatch(/1 +first[\s\S]*3 +third/);
    });

    test('those that qemu-img took are listed, kept by our writes, and can be deleted', async () => {
      await fresh({});
      await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 5 0 256k', path);
      await run('qemu-img', 'snapshot', '-c', 'theirs', path);
      const file = await openFile(path);
      files.push(file);
      const { image } = await openImage(file);
      expect(image.snapshots.list()).toMatchObject([
        { id: '1', name: 'theirs', 'vm-state-size': 0, 'vm-clock-sec': 0 },
      ]);
      await write(image, 0, new Uint8Array(100_000).fill(6));
      await image.flush();
      expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
      await run('qemu-img', 'convert', '-l', 'theirs', '-O', 'raw', path, `${path}.raw`);
      expect(await run('qemu-io', '-f', 'raw', '-c', 'read -P 5 0 256k', `${path}.raw`)).not.toMatch(
        /failed/,
      );
      await image.snapshots.delete('1');
      await image.close();
      expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
      const bytes = new Uint8Array(100_001);
      await read(image, 0, bytes);
      expect([bytes[0], bytes[99_999], bytes[100_000]]).toEqual([6, 6, 5]);
    });

    test('counts of one bit cannot share: nothing changes', async () => {
      const file = await fresh({ 'refcount-bits': 1 });
      const { image } = await openImage(file);
      await write(image, 0, new Uint8Array(200_000).fill(1));
      await expect(image.snapshots.create(named('no'))).rejects.toMatchObject({ code: 'EINVAL' });
      expect(image.snapshots.list()).toEqual([]);
      await image.close();
      expect(await run('qemu-img', 'check', path)).toMatch(/No errors were found/);
    });
  },
);
