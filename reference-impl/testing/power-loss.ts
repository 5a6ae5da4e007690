/** A host that loses power: of what was written since the last flush of a file, any part may be there. */
import { expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import type { ChildHandle } from '../drivers/driver.ts';
import { type FileChange, MemoryFile } from './file-in-memory.ts';
import { type FormatDriver, makeFormat, openFormat } from './format-images.ts';

const SECTOR = 512;

/** A file that remembers what of it is on stable storage. */
class VolatileFile {
  readonly #file: MemoryFile;
  readonly #stable: MemoryFile;
  readonly #pending: FileChange[] = [];

  constructor(bytes: Uint8Array) {
    this.#file = new MemoryFile(bytes.slice());
    this.#stable = new MemoryFile(bytes.slice());
    this.#file.changes = this.#pending;
  }

  handle(): ChildHandle {
    const flush = async () => {
      for (const change of this.#pending.splice(0)) this.#stable.apply(change);
    };
    return { ...this.#file.handle(), flush };
  }

  /** The file as it may be when power comes back. */
  afterPowerLoss(random: Random): MemoryFile {
    for (const change of this.#pending) if (random.below(2) === 0) this.#stable.apply(change);
    return this.#stable;
  }
}

/** What each sector may hold: what it held at the last flush, and what was written since. */
class PossibleSectors {
  readonly #values = new Map<number, readonly number[]>();

  written(first: number, count: number, fill: number): void {
    for (let sector = first; sector < first + count; sector++)
      this.#values.set(sector, [...(this.#values.get(sector) ?? [0]), fill]);
  }

  flushed(): void {
    for (const [sector, values] of this.#values) this.#values.set(sector, values.slice(-1));
  }

  /** Of what is possible, this is so from now on. */
  settle(disk: Uint8Array): void {
    for (let at = 0; at < disk.length; at += SECTOR) {
      const sector = at / SECTOR;
      const fill = disk[at]!;
      const isWhole = Buffer.alloc(SECTOR, fill).equals(disk.subarray(at, at + SECTOR));
      if (!isWhole || !(this.#values.get(sector) ?? [0]).includes(fill))
        expect.fail(`sector ${sector} holds ${isWhole ? fill : 'a mixture'}`);
      this.#values.set(sector, [fill]);
    }
  }
}

export interface PowerLossSubject {
  readonly name: string;
  readonly driver: FormatDriver;
  /** Bytes of the disk. */
  readonly size: number;
  /** The bytes of a new image; default: one that the driver makes. */
  make?(): Promise<Uint8Array>;
}

/** What was flushed is there after a loss of power, sectors hold nothing that was never written to them, and work goes on. */
export function survivesPowerLoss(subject: PowerLossSubject): void {
  test(`${subject.name}: a loss of power costs only what was not flushed`, { timeout: 60_000 }, async () => {
    for (let seed = 0; seed < 8; seed++) await losePower(subject, new Random(seed));
  });
}

async function losePower({ driver, size, make }: PowerLossSubject, random: Random): Promise<void> {
  let image = make && (await make());
  if (!image) {
    const file = new MemoryFile();
    await makeFormat(driver, file.handle(), { size });
    image = file.bytes;
  }
  const possible = new PossibleSectors();
  const file = new VolatileFile(image);
  await writeSome(driver, file.handle(), possible, size, random, 1);
  const survivor = file.afterPowerLoss(random);
  possible.settle(await diskOf(driver, survivor, size));
  // and once more, on what is left
  const again = new VolatileFile(survivor.bytes);
  await writeSome(driver, again.handle(), possible, size, random, 100);
  possible.settle(await diskOf(driver, again.afterPowerLoss(random), size));
}

async function diskOf(driver: FormatDriver, file: MemoryFile, size: number): Promise<Uint8Array> {
  const { io, close } = await openFormat(driver, file.handle());
  const disk = new Uint8Array(size);
  await io.read(0, disk);
  await close();
  return disk;
}

/** Writes with a flush now and then; the image is not closed. */
async function writeSome(
  driver: FormatDriver,
  file: ChildHandle,
  possible: PossibleSectors,
  size: number,
  random: Random,
  fill: number,
): Promise<void> {
  const { io } = await openFormat(driver, file);
  const sectors = size / SECTOR;
  const writes = 1 + random.below(8);
  for (let i = 0; i < writes; i++) {
    const first = random.below(sectors);
    const count = 1 + random.below(Math.min(40, sectors - first));
    await io.write(first * SECTOR, new Uint8Array(count * SECTOR).fill(fill + i));
    possible.written(first, count, fill + i);
    if (random.below(3) > 0) continue;
    await io.flush();
    possible.flushed();
  }
}
