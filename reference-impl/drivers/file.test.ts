import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import { driverContract } from '../testing/driver-contract.ts';
import { testEnvironment, testServices } from '../testing/test-services.ts';
import { file } from './file.ts';

driverContract({
  name: 'file',
  make: async (folder, size) => {
    const filename = join(folder, 'disk.img');
    await writeFile(filename, '');
    await truncate(filename, size);
    return { driver: 'file', filename };
  },
  keepsData: true,
  resizes: true,
  grows: true,
});

test('zeroes take no room where they are already; beyond the end they make the file longer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-file-'));
  const path = join(folder, 'disk.img');
  await writeFile(path, '');
  await truncate(path, 8 << 20);
  const state = await file.open(testEnvironment(testServices(folder), { filename: path }));
  try {
    const zero = (at: number, length: number) => state.writeZeroes!(at, length, {});
    await state.write(3 << 20, new Uint8Array(4096).fill(1));
    const taken = state.allocatedSize!();
    await zero(0, 8 << 20);
    expect(state.allocatedSize!()).toBeLessThanOrEqual(taken! + (1 << 20));
    expect((await readFile(path)).equals(Buffer.alloc(8 << 20))).toBe(true);
    await zero((8 << 20) - 10, 522);
    expect((await readFile(path)).equals(Buffer.alloc((8 << 20) + 512))).toBe(true);
  } finally {
    await state.close();
    await rm(folder, { recursive: true });
  }
});

describe('file: what it refuses', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qmpcheck-file-'));
    await writeFile(join(folder, 'disk.img'), 'x');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = (options: JsonObject, more: { readOnly?: boolean; direct?: boolean } = {}) =>
    file.open(testEnvironment(testServices(folder), options, more));

  test('a name that does not exist, as it was given', async () => {
    await expect(open({ filename: 'none' })).rejects.toEqual(
      new CommandError("Could not open 'none': No such file or directory"),
    );
  });

  test('a directory, for writing', async () => {
    await mkdir(join(folder, 'd'));
    await expect(open({ filename: 'd' })).rejects.toEqual(
      new CommandError("Could not open 'd': Is a directory"),
    );
  });

  test('aio=native through the page cache', async () => {
    const options = { filename: 'disk.img', aio: 'native' };
    await expect(open(options)).rejects.toThrow('aio=native was specified, but it requires cache.direct=on');
    const state = await open(options, { direct: true });
    await state.close();
  });

  test('a pipe, when its length is asked for', async () => {
    execFileSync('mkfifo', [join(folder, 'p')]);
    const state = await open({ filename: 'p' });
    expect(() => state.length()).toThrow('Illegal seek');
    await state.close();
  });

  test('to grow a character device; its length is 0', async () => {
    const state = await open({ filename: '/dev/null' });
    expect(state.length()).toBe(0);
    await state.truncate!(0);
    await expect(state.truncate!(512)).rejects.toEqual(new CommandError('Cannot grow device files'));
    await state.close();
  });

  test('a size that no file can have', async () => {
    const state = await open({ filename: 'disk.img' });
    await expect(state.truncate!(2 ** 62)).rejects.toEqual(
      new CommandError('Could not resize file: File too large'),
    );
    expect(state.length()).toBe(1);
    await state.close();
  });
});
