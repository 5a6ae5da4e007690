/** Images that we and qemu-img make of each other: what one writes, the other reads equal and finds sound. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import { isZero } from '../host/zero.ts';
import { run, whyMissing } from './external-programs.ts';
import {
  contentsOf,
  type FormatDriver,
  makeFormat,
  type OpenFormatOptions,
  openFormat,
} from './format-images.ts';
import { type FileChild, openFile } from './qcow2-fixture.ts';

export interface ToolSubject {
  /** As qemu-img calls it. */
  readonly format: string;
  readonly driver: FormatDriver;
  /** What `-o` of qemu-img may say. */
  readonly options: readonly string[];
  readonly hasBacking: boolean;
  /** qemu-img can compress. */
  readonly compresses?: boolean;
  /** qemu-img can check it. */
  readonly checks: boolean;
  /** A disk may be longer than was asked for. */
  readonly roundsUp?: boolean;
}

/** Bytes of the disks that go from tool to tool. */
export const TOOL_BYTES = (3 << 20) + 5 * 512;
const missing = whyMissing(['qemu-img', 'qemu-io'], 'qemu');

/** Bytes with runs of zeroes and of other bytes, some of which do not compress. */
export function toolContent(): Uint8Array {
  const random = new Random(11);
  const bytes = new Uint8Array(TOOL_BYTES);
  for (let at = 0; at < TOOL_BYTES; at += 20_000) {
    const kind = random.below(3);
    const part = bytes.subarray(at, at + 20_000);
    if (kind === 1) part.fill(1 + random.below(255));
    if (kind === 2) for (let i = 0; i < part.length; i++) part[i] = random.below(256);
  }
  return bytes;
}

export function sharedWithTools(subject: ToolSubject): void {
  const { format, driver, options, hasBacking, compresses = false, checks, roundsUp = false } = subject;
  describe.skipIf(missing !== undefined)(`${format} by other tools${missing ? `: ${missing}` : ''}`, () => {
    let folder: string;
    let raw: string;
    const files: FileChild[] = [];
    const content = toolContent();
    const inFolder = (name: string) => join(folder, name);

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'qmpcheck-tools-'));
      raw = inFolder('content.raw');
      await writeFile(raw, content);
    });
    afterEach(async () => {
      for (const file of files.splice(0)) await file.close();
      await rm(folder, { recursive: true });
    });

    // What does not concern the format is left out, not skipped.
    const ifCompresses = compresses ? test : leaveOut;
    const ifBacked = hasBacking ? test : leaveOut;
    const open = async (path: string, how: OpenFormatOptions = {}) => {
      const file = await openFile(path, how.readOnly);
      files.push(file);
      return openFormat(driver, file, how);
    };
    const expectShows = async (path: string, expected: Uint8Array, how: OpenFormatOptions = {}) => {
      const found = await contentsOf(await open(path, { readOnly: true, ...how }));
      const length = roundsUp ? expected.length : found.length;
      expect(Buffer.compare(found.subarray(0, length), expected)).toBe(0);
      expect(isZero(found.subarray(length))).toBe(true);
    };
    const convert = (path: string, ...more: string[]) =>
      run('qemu-img', 'convert', '-f', 'raw', '-O', format, ...more, raw, path);
    const expectSound = async (path: string) => {
      if (checks) expect(await run('qemu-img', 'check', '-f', format, path)).toMatch(/No errors were found/);
    };

    test.each(['', ...options])('converted with "%s", read and written by us', async (option) => {
      const path = inFolder('theirs');
      await convert(path, ...(option === '' ? [] : ['-o', option]));
      await expectShows(path, content);
      const expected = content.slice();
      await writePieces(await open(path), expected);
      await expectSound(path);
      await writeFile(raw, expected);
      await run('qemu-img', 'compare', '-f', format, '-F', 'raw', path, raw);
    });

    ifCompresses('compressed', async () => {
      const path = inFolder('theirs');
      // for qcow it ends with status 1, and no word, after it has written the whole image
      await convert(path, '-c').catch(() => undefined);
      await expectShows(path, content);
    });

    test('made and written by us', async () => {
      const path = inFolder('ours');
      await writeFile(path, '');
      const file = await openFile(path);
      files.push(file);
      await makeFormat(driver, file, { size: TOOL_BYTES });
      await expectSound(path);
      const expected = new Uint8Array(TOOL_BYTES);
      await writePieces(await open(path), expected);
      await expectSound(path);
      await writeFile(raw, expected);
      await run('qemu-img', 'compare', '-s', '-f', format, '-F', 'raw', path, raw).catch(() =>
        run('qemu-img', 'compare', '-f', format, '-F', 'raw', path, raw),
      );
      await expectShows(path, expected);
    });

    ifBacked('over a backing file, by both', async () => {
      const below = await openFile(raw, true);
      files.push(below);
      const theirs = inFolder('theirs');
      await run('qemu-img', 'create', '-q', '-f', format, '-b', raw, '-F', 'raw', theirs);
      await run('qemu-io', '-f', format, '-c', 'write -P 7 100k 3k', '-c', 'write -P 8 2M 200k', theirs);
      const expected = content.slice();
      expected.fill(7, 100 << 10, 103 << 10).fill(8, 2 << 20, (2 << 20) + (200 << 10));
      await expectShows(theirs, expected, { backing: below });

      const ours = inFolder('ours');
      await writeFile(ours, '');
      const file = await openFile(ours);
      files.push(file);
      await makeFormat(driver, file, { size: TOOL_BYTES, 'backing-file': raw, 'backing-fmt': 'raw' });
      const shown = content.slice();
      await writePieces(await open(ours, { backing: below }), shown);
      await expectSound(ours);
      const flat = inFolder('flat');
      await run('qemu-img', 'convert', '-f', format, '-O', 'raw', ours, flat);
      expect(Buffer.compare(await readFile(flat), shown)).toBe(0);
    });
  });
}

function leaveOut(_name: string, _law: () => Promise<void>): void {}

/** Writes data and zeroes to an image and to a model of it, some at a time, and closes the image. */
async function writePieces(image: Awaited<ReturnType<typeof openFormat>>, model: Uint8Array): Promise<void> {
  const random = new Random(5);
  for (let i = 1; i <= 10; i++) {
    const requests = Array.from({ length: 4 }, (_, k) => {
      const offset = ((model.length / 4) >> 0) * k + random.below(400_000);
      return { offset, length: 1 + random.below(300_000), fill: i % 3 === 0 ? 0 : i * 4 + k };
    });
    await Promise.all(
      requests.map(({ offset, length, fill }) => {
        model.fill(fill, offset, offset + length);
        const size = Math.min(length, model.length - offset);
        return fill === 0
          ? image.io.writeZeroes(offset, size)
          : image.io.write(offset, new Uint8Array(size).fill(fill));
      }),
    );
  }
  await image.io.flush();
  await image.close();
}
