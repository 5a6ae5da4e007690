import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { openFlags } from '../host/fd-sets.ts';
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

describe.skipIf(!hasDirectAccess())('cache.direct', () => {
  test('a file is open with O_DIRECT besides, and reads and writes at any place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-file-'));
    const path = join(folder, 'disk.img');
    const size = (3 << 20) + 1000;
    const bytes = Buffer.from(Array.from({ length: size }, (_, at) => (at * 7) >> 3));
    await writeFile(path, bytes);
    const environment = testEnvironment(testServices(folder), { filename: path }, { direct: true });
    const state = await file.open(environment);
    try {
      expect(directlyOpen(path)).toBe(1);
      const places = [
        [0, 3 << 20],
        [4096, (2 << 20) + 4096],
        [512, 512],
        [3 << 20, 4096],
        [4095, 8192],
      ] as const;
      for (const [at, length] of places) {
        const read = Buffer.alloc(length, 1);
        await state.read(at, read);
        const expected = Buffer.alloc(length);
        bytes.copy(expected, 0, at, at + length);
        expect(read.equals(expected), `read ${at} ${length}`).toBe(true);
      }
      for (const [at, length] of places.slice(0, -1)) {
        const written = Buffer.alloc(length, at / 512 + 3);
        await state.write(at, written);
        const held = await readFile(path);
        expect(held.subarray(at, at + length).equals(written), `write ${at} ${length}`).toBe(true);
      }
      const many = Array.from({ length: 40 }, (_, index) => index * 4096);
      await Promise.all(many.map((at) => state.write(at, Buffer.alloc(4096, at / 4096))));
      const back = await Promise.all(
        many.map(async (at) => {
          const read = Buffer.alloc(4096);
          await state.read(at, read);
          return read.equals(Buffer.alloc(4096, at / 4096));
        }),
      );
      expect(back).toEqual(many.map(() => true));
      await state.setReadOnly!(true);
      expect(directlyOpen(path)).toBe(1);
    } finally {
      await state.close();
      await rm(folder, { recursive: true });
    }
    expect(directlyOpen(path)).toBe(0);
  });
});

/** How many descriptors of this process are open on it with `O_DIRECT`. */
function directlyOpen(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return false;
      return (openFlags(Number(fd)) & constants.O_DIRECT) !== 0;
    } catch {
      return false;
    }
  }).length;
}

/** Not every file system has it. */
function hasDirectAccess(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-file-'));
  try {
    const { O_RDWR, O_CREAT, O_DIRECT } = constants;
    closeSync(openSync(join(folder, 'probe'), O_RDWR | O_CREAT | O_DIRECT));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

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
