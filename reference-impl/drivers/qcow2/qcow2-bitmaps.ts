/**
 * Persistent dirty bitmaps: loaded when the image is opened, marked as in use while it may change, stored before it is
 * closed. A crash in between leaves them marked, and a marked bitmap is not loaded again.
 */

import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { PersistentBitmaps, StoredBitmap } from '../driver.ts';
import {
  type BitmapEntry,
  BitmapFlag,
  MAX_BITMAPS,
  MAX_GRANULARITY_BITS,
  MAX_NAME_BYTES,
  MAX_TABLE_ENTRIES,
  MIN_GRANULARITY_BITS,
  readDirectory,
  readTable,
  serialiseDirectory,
} from './bitmap-directory.ts';
import { Autoclear } from './header.ts';
import type { Image } from './image.ts';

/** Bytes of all bits of one bitmap. */
const MAX_BITMAP_BYTES = 0x20000000;

export class Bitmaps implements PersistentBitmaps {
  readonly #image: Image;
  #entries: readonly BitmapEntry[];
  /** The names of bitmaps that were not in use when the image was opened. */
  readonly #trusted: ReadonlySet<string>;

  private constructor(image: Image, entries: readonly BitmapEntry[]) {
    this.#image = image;
    this.#entries = entries;
    const unused = entries.filter(({ flags }) => (flags & BitmapFlag.inUse) === 0);
    this.#trusted = new Set(unused.map(({ name }) => name));
  }

  /** Throws `CommandError`. */
  static async open(image: Image): Promise<Bitmaps> {
    return new Bitmaps(image, await readDirectory(image));
  }

  async load(): Promise<StoredBitmap[]> {
    const loaded: StoredBitmap[] = [];
    for (const entry of this.#entries) {
      if (!this.#trusted.has(entry.name) || !this.#fits(entry)) continue;
      loaded.push({
        name: entry.name,
        granularity: 2 ** entry.granularityBits,
        recording: (entry.flags & BitmapFlag.auto) !== 0,
        parts: await this.#read(entry),
      });
    }
    return loaded;
  }

  /** Nobody but us is to trust the stored bits from now on. */
  async markInUse(): Promise<void> {
    const marked = this.#entries.map((entry) => ({ ...entry, flags: entry.flags | BitmapFlag.inUse }));
    if (marked.every((entry, i) => entry.flags === this.#entries[i]!.flags)) return;
    await this.#image.metadata.run(() => this.#storeDirectory(marked));
  }

  check(name: string, granularity: number): void {
    const { header } = this.#image;
    if (header.version === 2) throw new CommandError('Cannot store dirty bitmaps in qcow2 v2 files');
    const bits = Math.log2(granularity);
    if (bits < MIN_GRANULARITY_BITS)
      throw new CommandError(`Granularity is under minimum (${2 ** MIN_GRANULARITY_BITS} bytes)`);
    if (bits > MAX_GRANULARITY_BITS)
      throw new CommandError(`Granularity exceeds maximum (${2 ** MAX_GRANULARITY_BITS} bytes)`);
    const mostBytes = [MAX_BITMAP_BYTES, MAX_TABLE_ENTRIES * 2 ** header.clusterBits];
    if (mostBytes.some((most) => BigInt(header.size) > shifted(most, bits))) {
      throw new CommandError('Too much space will be occupied by the bitmap. Use larger granularity');
    }
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      throw new CommandError(`Name length exceeds maximum (${MAX_NAME_BYTES} characters)`);
    if (this.#entries.length >= MAX_BITMAPS)
      throw new CommandError('Maximum number of persistent bitmaps is already reached');
  }

  async store(bitmaps: readonly StoredBitmap[]): Promise<void> {
    const image = this.#image;
    if (bitmaps.length === 0 || image.corruption.dead) return;
    await image.metadata.run(async () => {
      await image.markDirty();
      const written: BitmapEntry[] = [];
      for (const bitmap of bitmaps) written.push(await this.#write(bitmap));
      const names = new Set(bitmaps.map(({ name }) => name));
      const [old, kept] = [[] as BitmapEntry[], [] as BitmapEntry[]];
      for (const entry of this.#entries) (names.has(entry.name) ? old : kept).push(entry);
      await this.#storeDirectory([...kept, ...written]);
      for (const entry of old) await this.#free(entry);
    });
  }

  async remove(name: string): Promise<void> {
    const found = this.#entries.find((entry) => entry.name === name);
    if (!this.#image.writable) throw new IoError('EPERM');
    if (!found) return;
    await this.#image.metadata.run(async () => {
      await this.#image.markDirty();
      await this.#storeDirectory(this.#entries.filter((entry) => entry !== found));
      await this.#free(found);
    });
  }

  /** The table is as long as the disk makes it. */
  #fits({ tableSize, granularityBits }: BitmapEntry): boolean {
    return tableSize === Math.ceil(this.#mapBytes(2 ** granularityBits) / this.#image.clusterSize);
  }

  #mapBytes(granularity: number): number {
    return Math.ceil(Math.ceil(this.#image.size / granularity) / 8);
  }

  async #read(entry: BitmapEntry): Promise<[position: number, bytes: Uint8Array][]> {
    const { clusterSize, file } = this.#image;
    const parts: [number, Uint8Array][] = [];
    for (const [index, cluster] of (await readTable(this.#image, entry)).entries()) {
      const bytes = new Uint8Array(clusterSize);
      if (typeof cluster === 'number') await file.read(cluster, bytes);
      else bytes.fill(cluster.fill);
      parts.push([index * clusterSize, bytes]);
    }
    return parts;
  }

  /** Under the lock: the bits and the table, at new places. */
  async #write({ name, granularity, recording, parts }: StoredBitmap): Promise<BitmapEntry> {
    const { clusterSize, file, refcounts, corruption } = this.#image;
    const tableSize = Math.ceil(this.#mapBytes(granularity) / clusterSize);
    const table = new DataView(new ArrayBuffer(tableSize * 8));
    for (const [index, bytes] of inClusters(parts, clusterSize)) {
      const offset = await refcounts.allocate(1);
      await corruption.checkWrite(offset, clusterSize);
      await file.write(offset, bytes);
      table.setBigUint64(index * 8, BigInt(offset));
    }
    const tableOffset =
      tableSize === 0 ? 0 : await refcounts.allocate(Math.ceil((tableSize * 8) / clusterSize));
    if (tableSize > 0) {
      await corruption.checkWrite(tableOffset, tableSize * 8);
      await file.write(tableOffset, new Uint8Array(table.buffer));
    }
    const flags = recording ? BitmapFlag.auto : 0;
    return { name, tableOffset, tableSize, flags, granularityBits: Math.log2(granularity) };
  }

  /** Under the lock: the bits and the table of a bitmap that the directory does not hold any more. */
  async #free(entry: BitmapEntry): Promise<void> {
    const { refcounts, clusterSize } = this.#image;
    const parts = (await readTable(this.#image, entry)).filter((cluster) => typeof cluster === 'number');
    for (const cluster of parts) await refcounts.free(cluster, clusterSize);
    await this.#image.giveBack(parts, 'other');
    await this.#image.freeReplaced(entry.tableOffset, entry.tableSize * 8);
  }

  /** Under the lock: writes the directory at a new place, points the header at it, and frees the old one. */
  async #storeDirectory(entries: readonly BitmapEntry[]): Promise<void> {
    const { header, refcounts, corruption, file, clusterSize } = this.#image;
    const { bitmaps: old, autoclear } = header;
    const bytes = serialiseDirectory(entries);
    const offset = entries.length === 0 ? 0 : await refcounts.allocate(Math.ceil(bytes.length / clusterSize));
    if (entries.length > 0) await corruption.checkWrite(offset, bytes.length);
    try {
      if (entries.length > 0) await file.write(offset, bytes);
      await refcounts.cache.flush();
      await file.flush();
      header.bitmaps =
        entries.length === 0 ? undefined : { count: entries.length, offset, length: bytes.length };
      if (header.bitmaps) header.autoclear |= BigInt(Autoclear.bitmaps);
      else header.autoclear &= ~BigInt(Autoclear.bitmaps);
      await this.#image.writeHeader();
    } catch (error) {
      header.bitmaps = old;
      header.autoclear = autoclear;
      await refcounts.free(offset, bytes.length);
      throw error;
    }
    this.#entries = entries;
    if (old) await this.#image.freeReplaced(old.offset, old.length);
  }
}

/** Parts of a map, cut or joined to whole clusters. */
function inClusters(parts: StoredBitmap['parts'], clusterSize: number): Map<number, Uint8Array> {
  const clusters = new Map<number, Uint8Array>();
  for (const [position, bytes] of parts) {
    for (let done = 0; done < bytes.length; ) {
      const at = position + done;
      const within = at % clusterSize;
      const piece = bytes.subarray(done, done + clusterSize - within);
      done += piece.length;
      if (piece.every((byte) => byte === 0)) continue;
      const index = Math.floor(at / clusterSize);
      const cluster = clusters.get(index) ?? new Uint8Array(clusterSize);
      cluster.set(piece, within);
      clusters.set(index, cluster);
    }
  }
  return clusters;
}

/** In 64 bits, as the endpoint reckons: of what is too large for them, only the rest counts, so that all is refused. */
function shifted(value: number, bits: number): bigint {
  return BigInt.asUintN(64, BigInt(value) << BigInt(bits));
}
