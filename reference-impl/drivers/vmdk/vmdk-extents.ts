/** Extents of a VMDK image, each a part of its disk. Offsets here are those in the extent. */
import { IoError } from '../../host/errno.ts';
import { type Backing, ClusterDisk } from '../clustered/cluster-disk.ts';
import type { BlockStatus, ChildHandle } from '../driver.ts';
import { GrainTables } from './grain-tables.ts';
import { deflateGrain } from './packed-grain.ts';
import { checkWritable, type SparseHeader } from './vmdk-header.ts';

export interface Extent {
  readonly file: ChildHandle;
  /** What queries show. */
  readonly filename: string;
  /** As the descriptor calls its kind; empty where the image is one file. */
  readonly format: string;
  /** Bytes. */
  readonly length: number;
  /** Bytes; 0 where there are no grains. */
  readonly grain: number;
  readonly isCompressed: boolean;
  /** Whole grains are zeroed without being written. */
  readonly hasZeroEntries: boolean;
  read(offset: number, buffer: Uint8Array): Promise<void>;
  write(offset: number, data: Uint8Array): Promise<void>;
  writeZeroes(offset: number, length: number): Promise<void>;
  blockStatus(offset: number, length: number): Promise<BlockStatus>;
  /** Throws `CommandError`. */
  checkWritable(): void;
}

/** The disk below, which is the right one only as long as it has not been changed. */
export interface Parent extends Backing {
  /** Throws `IoError`. */
  check(): void;
}

export interface ExtentPlace {
  readonly file: ChildHandle;
  readonly filename: string;
  readonly format: string;
}

/** The bytes of a file as they are. `start`: where they begin in it. */
export function flatExtent(place: ExtentPlace, start: number, length: number): Extent {
  const { file } = place;
  return {
    ...place,
    length,
    grain: 0,
    isCompressed: false,
    hasZeroEntries: false,
    read: (offset, buffer) => file.read(start + offset, buffer),
    write: (offset, data) => file.write(start + offset, data),
    writeZeroes: (offset, size) => file.writeZeroes(start + offset, size),
    blockStatus: (_offset, size) => Promise.resolve({ length: size, zero: false, allocated: true }),
    checkWritable: () => {},
  };
}

/** Grains behind tables. `backing`: what shows through where there is none, from this extent's start on. */
export function sparseExtent(
  place: ExtentPlace,
  header: SparseHeader,
  backing: () => Parent | undefined,
): Extent {
  const { file } = place;
  const tables = new GrainTables(file, header, () => backing()?.check());
  const disk = new ClusterDisk(tables, file, backing);
  const packed = new PackedWriter(file, tables, disk);
  return {
    ...place,
    length: tables.size(),
    grain: tables.clusterSize,
    isCompressed: header.isCompressed,
    hasZeroEntries: tables.hasZeroEntries && !header.isCompressed,
    read: (offset, buffer) => disk.read(offset, buffer),
    write: (offset, data) => (header.isCompressed ? packed.write(offset, data) : disk.write(offset, data)),
    writeZeroes: (offset, length) => zeroGrains(disk, tables, offset, length),
    blockStatus: (offset, length) => disk.blockStatus(offset, length),
    checkWritable: () => checkWritable(header, true),
  };
}

/** Whole grains, but at the end of the extent. */
async function zeroGrains(
  disk: ClusterDisk,
  tables: GrainTables,
  offset: number,
  length: number,
): Promise<void> {
  const first = offset / tables.clusterSize;
  const count = Math.ceil(length / tables.clusterSize);
  for (let done = 0; done < count; )
    done += await disk.lock.run(() => tables.linkZeroes(first + done, count - done));
}

/** Writes packed grains: each whole, and once. */
class PackedWriter {
  readonly #file: ChildHandle;
  readonly #tables: GrainTables;
  readonly #disk: ClusterDisk;

  constructor(file: ChildHandle, tables: GrainTables, disk: ClusterDisk) {
    this.#file = file;
    this.#tables = tables;
    this.#disk = disk;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const { clusterSize } = this.#tables;
    for (let done = 0; done < data.length; ) {
      const at = offset + done;
      const part = data.subarray(done, done + clusterSize - (at % clusterSize));
      await this.#disk.lock.run(() => this.#writeGrain(at, part));
      done += part.length;
    }
  }

  async #writeGrain(offset: number, data: Uint8Array): Promise<void> {
    const { clusterSize } = this.#tables;
    const cluster = Math.floor(offset / clusterSize);
    const start = cluster * clusterSize;
    if ((await this.#tables.lookup(cluster, 1)).kind !== 'unallocated') throw new IoError('EIO');
    const end = Math.min(start + clusterSize, this.#tables.size());
    if (offset !== start || offset + data.length !== end) {
      await this.#fillAround(offset - start, data.length);
      throw new IoError('EINVAL');
    }
    const whole = data.length === clusterSize ? data : new Uint8Array(clusterSize);
    if (whole !== data) whole.set(data);
    const bytes = deflateGrain(whole, start / 512);
    await this.#tables.prepare(cluster);
    const place = this.#tables.takeBytes(bytes.length, 512);
    try {
      await this.#file.debugEvent('write_compressed');
      await this.#file.write(place, bytes);
    } catch (error) {
      this.#tables.giveBackBytes(place, bytes.length);
      throw error;
    }
    await this.#tables.link(cluster, { offset: place, count: 1 });
  }

  /** A part of a grain cannot be packed; what surrounds it is in the file by then, as a grain of its own. */
  async #fillAround(within: number, length: number): Promise<void> {
    const { clusterSize } = this.#tables;
    const place = this.#tables.takeBytes(clusterSize, clusterSize);
    await this.#file.writeZeroes(place, within);
    const tail = within + length;
    if (tail < clusterSize) await this.#file.writeZeroes(place + tail, clusterSize - tail);
  }
}
