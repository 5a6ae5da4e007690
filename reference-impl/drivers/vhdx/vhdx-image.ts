/**
 * The blocks of an open VHDX image. New ones come at the end of the file, which grows by a block; the table of blocks is changed
 * through the log at a flush, when the blocks are on stable storage.
 */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { ClusterMap, Run, Taken } from '../clustered/cluster-map.ts';
import { overlap } from '../clustered/overlap.ts';
import { PendingTable } from '../clustered/pending-table.ts';
import type { ChildHandle } from '../driver.ts';
import { MIB, type Region, VhdxHeaders } from './vhdx-headers.ts';
import { LOG_SECTOR, MOST_LOGGED, VhdxLog } from './vhdx-log.ts';
import { checkRegions, type DiskShape, readMetadata, readRegions } from './vhdx-regions.ts';

/** Bytes of an entry of the table of blocks. */
export const ENTRY_BYTES = 8;
/** The lowest bits of an entry. */
const STATE_MASK = 7;
/** Blocks without a place that read as zeroes; `unmapped` has another number in older versions. */
export const BlockState = {
  absent: 0,
  undefined: 1,
  zero: 2,
  unmapped: 3,
  wasUnmapped: 5,
  present: 6,
} as const;
const READS_ZERO: ReadonlySet<number> = new Set([
  BlockState.absent,
  BlockState.undefined,
  BlockState.zero,
  BlockState.unmapped,
  BlockState.wasUnmapped,
]);
/** Bytes of the disk whose sectors one block of bitmap would stand for; its entry follows those of their blocks. */
const CHUNK = 2 ** 32;

/** Entries of the table of blocks, with those of bitmaps, which only images with parents use. */
export function tableEntries({ size, blockSize }: DiskShape): number {
  const blocks = Math.ceil(size / blockSize);
  return blocks === 0 ? 0 : blocks + Math.floor((blocks - 1) / (CHUNK / blockSize));
}

/** Whether an entry of the table is that of a bitmap. */
export function isBitmapEntry(index: number, blockSize: number): boolean {
  return (index + 1) % (CHUNK / blockSize + 1) === 0;
}

export interface VhdxEnvironment {
  readonly file: ChildHandle;
  readonly readOnly: boolean;
  readonly newId: () => Uint8Array;
  log(line: string): void;
}

/** Where a block lies, in bytes of the file. */
function placeOf(entry: DataView): number {
  return (entry.getUint32(4, true) * 4096 + (entry.getUint32(0, true) >>> 20)) * MIB;
}

const stateOf = (entry: DataView) => entry.getUint32(0, true) & STATE_MASK;

export class VhdxImage implements ClusterMap {
  readonly takesZeroes = true;
  readonly #file: ChildHandle;
  readonly #headers: VhdxHeaders;
  readonly #log: VhdxLog;
  readonly #shape: DiskShape;
  readonly #table: PendingTable;
  readonly #newId: () => Uint8Array;
  /** The header tells that the image was written to since it was opened. */
  #isMarked = false;

  private constructor(
    { file, newId }: VhdxEnvironment,
    headers: VhdxHeaders,
    log: VhdxLog,
    shape: DiskShape,
    { offset }: Region,
  ) {
    this.#file = file;
    this.#newId = newId;
    this.#headers = headers;
    this.#log = log;
    this.#shape = shape;
    const length = tableEntries(shape) * ENTRY_BYTES;
    this.#table = new PendingTable(file, { offset, length, width: ENTRY_BYTES }, LOG_SECTOR);
  }

  /** Throws `CommandError` or `IoError`. */
  static async open(environment: VhdxEnvironment): Promise<VhdxImage> {
    const { file, newId, readOnly } = environment;
    const headers = await VhdxHeaders.open(file);
    const log = new VhdxLog(file, headers, newId);
    await log.replay(readOnly);
    const { blocks, metadata, all } = await readRegions(file);
    const regions = [headers.log, ...all];
    checkRegions(regions);
    const shape = await readMetadata(file, metadata);
    const length = tableEntries(shape) * ENTRY_BYTES;
    if (length > blocks.length || blocks.offset + length > file.length()) throw new IoError('EINVAL');
    const image = new VhdxImage(environment, headers, log, shape, blocks);
    await image.#checkBlocks([{ offset: 0, length: MIB }, ...regions], environment);
    return image;
  }

  /** Every block must lie within the file, and over none of what describes the image. */
  async #checkBlocks(regions: readonly Region[], { log }: VhdxEnvironment): Promise<void> {
    const { blockSize } = this.#shape;
    const fileLength = this.#file.length();
    let index = 0;
    for await (const entries of this.#table.scan())
      for (let at = 0; at < entries.byteLength; at += ENTRY_BYTES, index++) {
        if ((entries.getUint32(at, true) & STATE_MASK) !== BlockState.present) continue;
        if (isBitmapEntry(index, blockSize)) continue;
        const start = placeOf(new DataView(entries.buffer, at, ENTRY_BYTES));
        const end = start + blockSize;
        const isOver = regions.some((region) => overlap(region, { offset: start, length: blockSize }));
        if (end <= fileLength && !isOver) continue;
        log(
          isOver
            ? `VHDX BAT entry ${index}: the block at ${start} lies over another region`
            : `VHDX BAT entry ${index} offset ${start} points after end of file (${fileLength}). Image has probably been truncated.`,
        );
        throw new IoError('EINVAL');
      }
  }

  get clusterSize(): number {
    return this.#shape.blockSize;
  }

  size(): number {
    return this.#shape.size;
  }

  #entryOf(block: number): number {
    return block + Math.floor(block / (CHUNK / this.clusterSize));
  }

  peek(cluster: number, limit: number): Run | undefined {
    const entry = this.#table.peek(this.#entryOf(cluster));
    return entry && this.#run(cluster, limit, entry);
  }

  async lookup(cluster: number, limit: number): Promise<Run> {
    const run = this.#run(cluster, limit, await this.#table.get(this.#entryOf(cluster)));
    if (!run) throw new IoError('EIO');
    return run;
  }

  /** Undefined for a block of a state that images without parents do not have. */
  #run(cluster: number, limit: number, first: DataView): Run | undefined {
    const [state, offset] = [stateOf(first), placeOf(first)];
    const isPresent = state === BlockState.present;
    if (!isPresent && !READS_ZERO.has(state)) return undefined;
    let count = 1;
    for (; count < limit; count++) {
      const next = this.#table.peek(this.#entryOf(cluster + count));
      if (!next) break;
      const goesOn = isPresent
        ? stateOf(next) === state && placeOf(next) === offset + count * this.clusterSize
        : READS_ZERO.has(stateOf(next));
      if (!goesOn) break;
    }
    return isPresent ? { kind: 'data', offset, count } : { kind: 'unallocated', offset: 0, count };
  }

  async take(): Promise<Taken> {
    const offset = Math.ceil(this.#file.length() / MIB) * MIB;
    try {
      await this.#file.truncate(offset + this.clusterSize);
    } catch (error) {
      throw error instanceof CommandError ? new IoError('ENOSPC', { cause: error }) : error;
    }
    return { offset, count: 1 };
  }

  /** It stays behind: the file is not made shorter. */
  giveBack(): void {}

  async link(cluster: number, { offset }: Taken): Promise<void> {
    const mebibytes = offset / MIB;
    await this.#table.set(this.#entryOf(cluster), (entry) => {
      entry.setUint32(0, (((mebibytes % 4096) << 20) | BlockState.present) >>> 0, true);
      entry.setUint32(4, Math.floor(mebibytes / 4096), true);
    });
  }

  /** Under the lock, before the first write: who has the image's contents elsewhere is to see that they change. */
  async markChanged(): Promise<void> {
    if (this.#isMarked) return;
    await this.#headers.change({ fileWriteId: this.#newId(), dataWriteId: this.#newId() });
    this.#isMarked = true;
  }

  get isMarked(): boolean {
    return this.#isMarked;
  }

  /** Under the lock of who takes and links. */
  async flush(): Promise<void> {
    await this.#file.flush();
    await this.#table.store((units) => this.#log.write(units), MOST_LOGGED);
  }
}
