/**
 * An open qcow2 image: its parts, and the rules that hold them together.
 *
 * - Metadata changes under one lock; data moves outside it.
 * - A cluster that is being allocated is `busy`: a second request to it waits, so that nobody copies half a cluster.
 * - What an entry refers to has been counted in the file before the entry reaches it, and loses its count after
 *   (`TableCache.writeAfter`). With lazy refcounts the order is dropped and the dirty bit stands for it.
 * - Clusters are freed when the reads that may still look at them have ended.
 */

import type { SectorCipher } from '../../crypto/sector-cipher.ts';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle, CorruptionReport } from '../driver.ts';
import { Lock } from '../lock.ts';
import {
  Autoclear,
  firstClusterBytes,
  type Header,
  Incompatible,
  parseHeader,
  serialiseHeader,
} from './header.ts';
import { type Entry, Mapping } from './mapping.ts';
import { overlapTests } from './overlaps.ts';
import { repair } from './qcow2-check.ts';
import { Corruption } from './qcow2-corruption.ts';
import type { ImageOptions, PassDiscard } from './qcow2-options.ts';
import { Snapshots } from './qcow2-snapshots.ts';
import { Refcounts } from './refcounts.ts';

/** The disk below, as far as an image needs it. */
export interface Backing {
  length(): number;
  read(offset: number, buffer: Uint8Array): Promise<void>;
}

export interface ImageEnvironment {
  readonly file: ChildHandle;
  readonly writable: boolean;
  /** Gives the node's child `backing`, which changes while the node lives. */
  backing(): Backing | undefined;
  corrupted(report: CorruptionReport): void;
  /** Throws `CommandError` for options that the image cannot have. */
  options(header: Header): ImageOptions;
  /** What decrypts the data; undefined for an image in the clear. Throws `CommandError`. */
  cipher(header: Header): Promise<SectorCipher | undefined>;
}

export class Image {
  readonly file: ChildHandle;
  readonly header: Header;
  readonly clusterSize: number;
  readonly corruption: Corruption;
  readonly refcounts: Refcounts;
  readonly mapping: Mapping;
  readonly snapshots: Snapshots;
  readonly metadata = new Lock();
  readonly backing: () => Backing | undefined;
  /** Allocations under way, by guest cluster. */
  readonly busy = new Map<number, Promise<void>>();
  cipher: SectorCipher | undefined;
  #writable: boolean;
  #lazyRefcounts: boolean;
  #passDiscard: PassDiscard;
  readonly #reads = new Set<Promise<unknown>>();

  private constructor(header: Header, environment: ImageEnvironment) {
    const { file } = environment;
    const options = environment.options(header);
    this.file = file;
    this.header = header;
    this.backing = () => environment.backing();
    this.clusterSize = 2 ** header.clusterBits;
    this.#writable = environment.writable;
    this.#lazyRefcounts = options.lazyRefcounts;
    this.#passDiscard = options.passDiscard;
    const writeHeader = () => this.writeHeader();
    this.corruption = new Corruption(
      header,
      () => this.#writable,
      (report) => environment.corrupted(report),
      writeHeader,
    );
    const blocks = Math.floor(options.refcountCacheSize / this.clusterSize);
    this.refcounts = new Refcounts(file, header, this.corruption, blocks, writeHeader);
    const { corruption, refcounts } = this;
    const { l2CacheSize, l2SliceSize: sliceSize } = options;
    const slices = Math.floor(l2CacheSize / sliceSize);
    this.mapping = new Mapping({ file, header, corruption, refcounts, slices, sliceSize });
    this.snapshots = new Snapshots(this);
    this.corruption.guard(overlapTests(this, options.overlapCheck));
  }

  /** Throws `CommandError` for an image that cannot be opened so. */
  static async open(environment: ImageEnvironment): Promise<Image> {
    const header = await readHeader(environment.file);
    const image = new Image(header, environment);
    await image.refcounts.open();
    await image.mapping.open();
    image.cipher = await environment.cipher(header);
    await image.snapshots.open();
    if (environment.writable) await image.#prepareWriting();
    return image;
  }

  get writable(): boolean {
    return this.#writable;
  }

  /**
   * Takes other options, except for the sizes of caches, which stay. Requires that no request is in flight. Throws
   * `CommandError`, and then nothing has changed.
   */
  async reconfigure({ lazyRefcounts, passDiscard, overlapCheck }: ImageOptions): Promise<void> {
    if (!lazyRefcounts && this.dirty)
      await this.close().catch((error: unknown) => {
        throw error instanceof IoError
          ? new CommandError(`Could not write what is dirty: ${error.message}`)
          : error;
      });
    this.#lazyRefcounts = lazyRefcounts;
    this.#passDiscard = passDiscard;
    this.corruption.guard(overlapTests(this, overlapCheck));
  }

  /** Requires that no request is in flight. Throws `CommandError`, and then nothing has changed. */
  async setWritable(writable: boolean): Promise<void> {
    if (writable) await this.#prepareWriting();
    else await this.close();
    this.#writable = writable;
  }

  async #prepareWriting(): Promise<void> {
    if (this.corruption.marked)
      throw new CommandError('qcow2: Image is corrupt; cannot be opened read/write');
    try {
      if (this.dirty) await repair(this);
      if ((this.header.autoclear & ~BigInt(Autoclear.bitmaps)) !== 0n) {
        this.header.autoclear &= BigInt(Autoclear.bitmaps);
        await this.writeHeader();
      }
    } catch (error) {
      if (error instanceof IoError) throw new CommandError(`Could not repair dirty image: ${error.message}`);
      throw error;
    }
  }

  get size(): number {
    return this.header.size;
  }

  get dirty(): boolean {
    return (this.header.incompatible & BigInt(Incompatible.dirty)) !== 0n;
  }

  async writeHeader(): Promise<void> {
    await this.file.write(0, serialiseHeader(this.header));
  }

  /** Before the first change of metadata that relies on repair after a crash. */
  async markDirty(): Promise<void> {
    if (!this.#lazyRefcounts || this.dirty) return;
    this.header.incompatible |= BigInt(Incompatible.dirty);
    await this.writeHeader();
    await this.file.flush();
  }

  /** Entries that were changed after this may refer to clusters that were counted before it. */
  async entriesAfterCounts(): Promise<void> {
    if (!this.#lazyRefcounts) await this.mapping.cache.writeAfter(this.refcounts.cache);
  }

  /** Drops what the entries referred to, now that they do not any more; leaks it where that fails. Under the lock. */
  async release(entries: Iterable<Entry>, reason: keyof PassDiscard): Promise<void> {
    const owned = [...entries].filter((entry) => entry.offset !== 0);
    if (owned.length === 0) return;
    await Promise.allSettled(this.#reads);
    try {
      if (!this.#lazyRefcounts) await this.refcounts.cache.writeAfter(this.mapping.cache);
      for (const { kind, offset, compressedBytes } of owned) {
        if (kind !== 'compressed' && offset % this.clusterSize !== 0) continue;
        await this.refcounts.free(offset, compressedBytes ?? this.clusterSize);
      }
      const whole = owned.filter(({ kind }) => kind !== 'compressed');
      await this.giveBack(
        whole.map(({ offset }) => offset),
        reason,
      );
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
    }
  }

  /**
   * Gives the space of the clusters at those offsets, as far as nobody refers to them any more, to the file below, as far as it
   * takes it. Under the lock.
   */
  async giveBack(offsets: Iterable<number>, reason: keyof PassDiscard): Promise<void> {
    if (!this.#passDiscard[reason]) return;
    try {
      for (const offset of offsets) {
        if (offset % this.clusterSize !== 0) continue;
        if ((await this.refcounts.get(offset / this.clusterSize)) > 0) continue;
        await this.file.discard(offset, this.clusterSize);
      }
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
    }
  }

  /** A read that clusters must outlive. */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    const read = work();
    this.#reads.add(read);
    try {
      return await read;
    } finally {
      this.#reads.delete(read);
    }
  }

  async flush(): Promise<void> {
    this.corruption.assertUsable();
    await this.file.debugEvent('flush_to_os');
    await this.metadata.run(async () => {
      await this.mapping.flush();
      if (!this.#lazyRefcounts) await this.refcounts.cache.flush();
    });
    await this.file.debugEvent('flush_to_disk');
    await this.file.flush();
  }

  /** Writes everything and clears the dirty bit. After a fatal corruption, nothing is written any more. */
  async close(): Promise<void> {
    if (!this.#writable || this.corruption.dead) return;
    await this.metadata.run(async () => {
      await this.mapping.flush();
      await this.refcounts.cache.flush();
    });
    await this.file.flush();
    await this.clearDirty();
  }

  /**
   * Drops what the header as it was just written does not refer to any more. It stays, leaked, where the header may not
   * be on stable storage. Under the lock.
   */
  async freeReplaced(offset: number, bytes: number, reason: keyof PassDiscard = 'other'): Promise<void> {
    try {
      await this.file.flush();
      await this.refcounts.free(offset, bytes);
      const count = Math.ceil(bytes / this.clusterSize);
      await this.giveBack(
        Array.from({ length: count }, (_, index) => offset + index * this.clusterSize),
        reason,
      );
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
    }
  }

  /** All that the dirty bit stands for is in the file. */
  async clearDirty(): Promise<void> {
    if (!this.dirty) return;
    this.header.incompatible &= ~BigInt(Incompatible.dirty);
    await this.writeHeader();
  }
}

/** As long as a cluster of most images. */
const USUAL_CLUSTER = 65536;

async function readHeader(file: ChildHandle): Promise<Header> {
  const start = await beginningOf(file, USUAL_CLUSTER);
  const needed = firstClusterBytes(start);
  return parseHeader(needed > USUAL_CLUSTER ? await beginningOf(file, needed) : start);
}

/** With zeroes behind the file's end. */
async function beginningOf(file: ChildHandle, bytes: number): Promise<Uint8Array> {
  const start = new Uint8Array(bytes);
  await file.read(0, start.subarray(0, file.length()));
  return start;
}
