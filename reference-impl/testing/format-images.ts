/** Formats over a file in memory, behind the block I/O layer: hostile images, and what is left when a write is cut off. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockDriver, ChildHandle, NamedCreation } from '../drivers/driver.ts';
import { BlockIo } from '../graph/block-io.ts';
import { DirtyBitmaps } from '../graph/dirty-bitmap.ts';
import { IoError } from '../host/errno.ts';
import { HostWork } from '../host/host-work.ts';
import { CommandError } from '../qapi/command-error.ts';
import { MemoryFile } from './file-in-memory.ts';
import { ManualClock, testEnvironment, testServices } from './test-services.ts';

/** A driver of any format. */
export type FormatDriver = Pick<BlockDriver<object, never, object>, 'open' | 'createNamed'>;

/** An image that is open, as the graph's nodes have it. */
export interface OpenFormat {
  readonly io: BlockIo;
  truncate(length: number): Promise<void>;
  makeEmpty(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenFormatOptions {
  readonly readOnly?: boolean;
  readonly backing?: ChildHandle;
  /** The driver's own. */
  readonly options?: object;
}

/** Throws `CommandError` or `IoError`. */
export async function openFormat(
  driver: FormatDriver,
  file: ChildHandle,
  { readOnly = false, backing, options = {} }: OpenFormatOptions = {},
): Promise<OpenFormat> {
  const environment = testEnvironment(testServices('/'), options, {
    readOnly,
    child: () => Promise.resolve(file),
    backing: () => backing,
  });
  const state = await driver.open(environment);
  const policy = { readOnly, discard: 'unmap', detectZeroes: 'off', noFlush: false } as const;
  const io = new BlockIo(state, policy, new DirtyBitmaps());
  return {
    io,
    truncate: (length) => io.truncate(async () => state.truncate?.(length)),
    makeEmpty: async () => state.makeEmpty?.(),
    close: () => state.close(),
  };
}

/** Makes an image as commands do that name a file and a format. */
export async function makeFormat(
  driver: FormatDriver,
  file: ChildHandle,
  options: NamedCreation,
): Promise<void> {
  const random = new Random(7);
  await driver.createNamed!({
    options,
    file: () => Promise.resolve(file),
    secret: () => Buffer.alloc(0),
    claim: () => {},
    log: () => {},
    clock: new ManualClock(),
    random: () => random.uint32(),
    hostWork: new HostWork(),
    cwd: '/',
  });
}

/** Has an image made in an empty file of the folder; gives the options of a node over it. */
export async function imageIn(
  folder: string,
  driver: string,
  fill: (file: ChildHandle) => Promise<void>,
): Promise<JsonObject> {
  const filename = join(folder, `disk.${driver}`);
  const file = new MemoryFile();
  await fill(file.handle());
  await writeFile(filename, file.bytes);
  return { driver, file: { driver: 'file', filename } };
}

/** All that an image shows. */
export async function contentsOf({ io }: OpenFormat): Promise<Uint8Array> {
  const bytes = new Uint8Array(io.length());
  await io.read(0, bytes);
  return bytes;
}

export interface HostileSubject {
  readonly name: string;
  readonly driver: FormatDriver;
  /** Bytes of sound images whose tables are worth breaking. */
  originals(): Promise<readonly Uint8Array[]>;
  /** Bytes at the start of an image, and further ranges, of which half of the mutations are. */
  readonly metadata: readonly (readonly [from: number, to: number])[];
}

/** Requests to the file that an open may take, and that all of an image's use may. */
const MOST_READS_OF_OPEN = 10_000;
const MOST_REQUESTS = 40_000;
/** What an open may leave in memory, what is to be collected yet included. */
const MOST_BYTES_OF_OPEN = 64 << 20;
/** Bytes of the disk that are used of an image. */
const USED = 2 ** 18;
/** Where a write must not go: behind everything that the images here can come to. */
const FAR = 64 << 20;

/**
 * Mutated images, by seeds: each opens or is refused with an error of ours, and serves requests or fails them with one;
 * memory and requests stay within bounds.
 */
export function hostileImages(subject: HostileSubject, [from, to]: readonly [number, number]): void {
  describe(`${subject.name}: hostile images`, () => {
    test(`those of the seeds ${from} to ${to}`, { timeout: 300_000 }, async () => {
      const originals = await subject.originals();
      let opened = 0;
      for (let seed = from; seed < to; seed++) {
        const random = new Random(seed);
        const original = originals[random.below(originals.length)]!;
        const file = new MemoryFile(mutate(original, subject.metadata, random), {
          mostRequests: MOST_REQUESTS,
          mostBytes: FAR,
        });
        try {
          if (await use(subject.driver, file, random)) opened += 1;
        } catch (error) {
          throw new Error(`image ${seed} of length ${file.bytes.length}`, { cause: error });
        }
      }
      // the mutations are worth something only if many images get past the header
      expect(opened).toBeGreaterThan((to - from) / 8);
      expect(process.memoryUsage().rss).toBeLessThan(2 ** 30);
    });
  });
}

function bytesHeld(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const NASTY = [0, 1, 0x7f, 0x80, 0xff, 0x40, 4];

function mutate(original: Uint8Array, metadata: HostileSubject['metadata'], random: Random): Uint8Array {
  const bytes = original.slice(0, random.below(20) === 0 ? random.below(original.length) : original.length);
  const inMetadata = random.below(4) !== 0;
  for (let i = 1 + random.below(4); i > 0; i--) {
    const [start, end] = inMetadata ? metadata[random.below(metadata.length)]! : [0, bytes.length];
    const at = start + random.below(end - start);
    if (at >= bytes.length) continue;
    switch (random.below(4)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = NASTY[random.below(NASTY.length)]!;
        break;
      case 2:
        bytes.fill(random.below(2) * 255, at & ~3, (at & ~3) + 4);
        break;
      case 3: {
        // an entry of another table
        const other = random.below(bytes.length) & ~7;
        bytes.copyWithin(at & ~7, other, other + 8);
      }
    }
  }
  return bytes;
}

/** Gives whether the work was done; throws what is no error of ours. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof IoError)) throw error;
    return false;
  }
}

async function use(driver: FormatDriver, file: MemoryFile, random: Random): Promise<boolean> {
  const readOnly = random.below(4) === 0;
  return attempt(async () => {
    const before = bytesHeld();
    const image = await openFormat(driver, file.handle(), { readOnly });
    expect(file.reads).toBeLessThan(MOST_READS_OF_OPEN);
    expect(bytesHeld() - before).toBeLessThan(MOST_BYTES_OF_OPEN);
    const { io } = image;
    const size = Math.min(io.length(), USED);
    await attempt(() => io.read(0, new Uint8Array(size)));
    for (let at = 0, n = 0; at < size && n < 100; n++) {
      const status = { length: size };
      await attempt(async () => Object.assign(status, await io.blockStatus(at, size - at)));
      expect(status.length).toBeGreaterThan(0);
      at += status.length;
    }
    if (size === 0) return;
    for (let i = 0; i < 6; i++) {
      const offset = random.below(size);
      const length = Math.min(1 + random.below(9000), size - offset);
      if (i % 3 === 0) await attempt(() => io.writeZeroes(offset, length, { mayUnmap: true }));
      else if (i % 3 === 1) await attempt(() => io.discard(offset, length));
      else await attempt(() => io.write(offset, new Uint8Array(length).fill(7)));
    }
    await attempt(() => image.truncate(io.length() + 65536));
    await attempt(() => io.flush());
    await attempt(() => image.close());
  });
}

export interface CutSubject {
  readonly name: string;
  readonly driver: FormatDriver;
  /** Makes an image of this many bytes. */
  make(file: ChildHandle, size: number): Promise<void>;
  /** What shows through; of as many bytes. */
  readonly backing?: (size: number) => Uint8Array;
  /** What is left of a cut-off write opens only so. */
  readonly onlyReadable?: boolean;
}

const CUT_SIZE = 2 ** 18;

/**
 * After every change of the file in a series of writes, what is in the file is an image that opens and holds for each sector
 * what it held before the write at hand or what that wrote.
 */
export function cutOffWrites({ name, driver, make, backing: below, onlyReadable = false }: CutSubject): void {
  test(`${name}: writes that are cut off leave old contents or new ones`, async () => {
    const shown = below?.(CUT_SIZE) ?? new Uint8Array(CUT_SIZE);
    const backing = below && new MemoryFile(shown).handle();
    const options = backing ? { backing } : {};
    const file = new MemoryFile(undefined, { mostBytes: 2 ** 23 });
    await make(file.handle(), CUT_SIZE);
    const image = await openFormat(driver, file.handle(), options);
    const replayed = new MemoryFile(file.bytes.slice());
    let old = shown;
    const random = new Random(3);
    for (let i = 1; i <= 12; i++) {
      const offset = random.below(CUT_SIZE / 512 - 100) * 512;
      const length = (1 + random.below(99)) * 512;
      const now = old.slice().fill(i % 4 === 0 ? 0 : i, offset, offset + length);
      file.changes = [];
      if (i % 4 === 0) await image.io.writeZeroes(offset, length);
      else await image.io.write(offset, now.subarray(offset, offset + length));
      await image.io.flush();
      for (const change of file.changes) {
        replayed.apply(change);
        const after = new MemoryFile(replayed.bytes.slice());
        const reopened = await openFormat(driver, after.handle(), { ...options, readOnly: onlyReadable });
        expectSectors(await contentsOf(reopened), old, now);
      }
      old = now;
    }
    await image.close();
    const last = await openFormat(driver, file.handle(), options);
    expect(Buffer.compare(await contentsOf(last), old)).toBe(0);
  });
}

function expectSectors(found: Uint8Array, old: Uint8Array, now: Uint8Array): void {
  for (let at = 0; at < found.length; at += 512) {
    const sector = Buffer.from(found.subarray(at, at + 512));
    const isKnown = [old, now].some((bytes) => sector.equals(bytes.subarray(at, at + 512)));
    expect(isKnown, `sector ${at / 512}`).toBe(true);
  }
}
