/** `dmg`: a disk image of macOS, whose runs are packed each in its own way. It is only read. */
import { IoError } from '../../host/errno.ts';
import type { ChildHandle, Driver, DriverOptions, DriverState, OpenEnvironment } from '../driver.ts';
import { unpackAdc } from './adc.ts';
import { BlockCache } from './block-cache.ts';
import { unpackBzip2 } from './bzip2.ts';
import { inflate } from './inflate.ts';
import { onlyReads } from './only-reads.ts';
import { type DiskRun, DiskRuns, RunKind, SECTOR } from './udif.ts';

const MAX_SIZE = 2 ** 63;

const unpackers: ReadonlyMap<number, (stream: Uint8Array, length: number) => Uint8Array> = new Map([
  [RunKind.adc, unpackAdc],
  [RunKind.zlib, inflate],
  [RunKind.bzip2, unpackBzip2],
]);

async function unpack(file: ChildHandle, run: DiskRun): Promise<Uint8Array> {
  const unpacker = unpackers.get(run.kind);
  if (!unpacker) throw new IoError('EIO');
  const stream = new Uint8Array(run.length);
  await file.read(run.offset, stream);
  return unpacker(stream, run.sectors * SECTOR);
}

class Reader {
  readonly #file: ChildHandle;
  readonly #runs: DiskRuns;
  readonly #cache: BlockCache<DiskRun>;

  constructor(file: ChildHandle, runs: DiskRuns) {
    this.#file = file;
    this.#runs = runs;
    this.#cache = new BlockCache((run) => unpack(file, run));
  }

  /** Whole sectors. */
  async read(offset: number, buffer: Uint8Array): Promise<void> {
    for (let done = 0; done < buffer.length; ) {
      const run = this.#runs.find((offset + done) / SECTOR);
      if (!run) throw new IoError('EIO');
      const within = offset + done - run.firstSector * SECTOR;
      const part = buffer.subarray(done, done + run.sectors * SECTOR - within);
      await this.#readRun(run, within, part);
      done += part.length;
    }
  }

  async #readRun(run: DiskRun, within: number, buffer: Uint8Array): Promise<void> {
    switch (run.kind) {
      case RunKind.zeroes:
      case RunKind.unused:
        buffer.fill(0);
        return;
      case RunKind.plain: {
        const present = buffer.subarray(0, Math.max(0, run.length - within));
        await this.#file.read(run.offset + within, present);
        buffer.fill(0, present.length);
        return;
      }
      default:
        await this.#cache.copy(run.index, run, within, buffer);
    }
  }
}

async function open({ child }: OpenEnvironment<DriverOptions<'dmg'>>): Promise<DriverState> {
  const file = await child('file');
  const runs = await DiskRuns.read(file);
  const reader = new Reader(file, runs);
  return {
    ...onlyReads,
    length: () => {
      if (runs.size >= MAX_SIZE) throw new IoError('EFBIG');
      return runs.size;
    },
    limits: { requestAlignment: SECTOR },
    read: (offset, buffer) => reader.read(offset, buffer),
    allocatedSize: () => file.allocatedSize(),
    close: () => Promise.resolve(),
  };
}

/** Disk images of macOS, which are only read. They are known by the names of their files. */
export const dmg: Driver<'dmg'> = {
  kind: 'format',
  children: { file: 'file' },
  open,
  probe: (_start, filename) => (filename.endsWith('.dmg') ? 2 : 0),
};
