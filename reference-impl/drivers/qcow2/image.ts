/**
 * An open qcow2 image: its parts, and the rules that hold them together.
 *
 * - Metadata changes under one lock; data moves outside it.
 * - A cluster that is being allocated is `busy`: a second request to it waits, so that nobody copies half a cluster.
 * - What an entry refers to has been counted in the file before the entry reaches it, and loses its count after
 *   (`TableCache.writeAfter`). With lazy refcounts the order is dropped and the dirty bit stands for it.
 * - Clusters are freed when the reads that may still look at them have ended.
 */
import type { ChildHandle, HostOffset } from '../driver.ts';
import { Corruption, type CorruptionReport, overlaps, type Section } from './corruption.ts';
import { Autoclear, Compatible, type Header, Incompatible, parseHeader, serialiseHeader } from './header.ts';
import { Lock } from './lock.ts';
import { type Entry, Mapping } from './mapping.ts';
import { Refcounts } from './refcounts.ts';

/** Largest cluster: what `parseHeader` wants to see. */
const HEADER_BYTES = 2 << 20;

export interface ImageOptions {
  readonly writable: boolean;
  readonly lazyRefcounts?: boolean;
  /** Sections that are guarded against writes. */
  readonly overlapCheck: readonly Section[];
  /** Bytes. */
  readonly l2CacheSize: number;
  readonly l2SliceSize?: number;
  readonly refcountCacheSize: number;
}

/** The disk below, as far as an image needs it. */
export interface Backing {
  length(): number;
  read(offset: number, buffer: Uint8Array): Promise<void>;
}

export class Image {
  readonly file: ChildHandle;
  readonly header: Header;
  readonly clusterSize: number;
  readonly lazyRefcounts: boolean;
  readonly writable: boolean;
  readonly corruption: Corruption;
  readonly refcounts: Refcounts;
  readonly mapping: Mapping;
  readonly metadata = new Lock();
  /** Of the node's child `backing`, which changes while the node lives. */
  readonly backing: () => Backing | undefined;
  /** Allocations under way, by guest cluster. */
  readonly busy = new Map<number, Promise<void>>();
  readonly #reads = new Set<Promise<unknown>>();

  private constructor(
    file: ChildHandle,
    header: Header,
    options: ImageOptions,
    backing: () => Backing | undefined,
    report: (report: CorruptionReport) => void,
  ) {
    this.file = file;
    this.header = header;
    this.backing = backing;
    this.clusterSize = 2 ** header.clusterBits;
    this.writable = options.writable;
    this.lazyRefcounts =
      header.version === 3 &&
      (options.lazyRefcounts ?? (header.compatible & BigInt(Compatible.lazyRefcounts)) !== 0n);
    const writeHeader = () => this.writeHeader();
    this.corruption = new Corruption(header, options.writable, report, writeHeader);
    const slice = options.l2SliceSize ?? this.clusterSize;
    this.refcounts = new Refcounts(
      file,
      header,
      this.corruption,
      Math.floor(options.refcountCacheSize / this.clusterSize),
      writeHeader,
    );
    this.mapping = new Mapping(
      file,
      header,
      this.corruption,
      this.refcounts,
      Math.floor(options.l2CacheSize / slice),
      slice,
    );
    for (const section of options.overlapCheck) this.corruption.guard(section, this.#overlapTest(section));
  }

  static async open(
    file: ChildHandle,
    options: ImageOptions,
    backing: () => Backing | undefined,
    report: (report: CorruptionReport) => void,
  ): Promise<Image> {
    const header = await readHeader(file, options.writable);
    const image = new Image(file, header, options, backing, report);
    await image.refcounts.open();
    await image.mapping.open();
    if (options.writable) {
      const unknown = header.autoclear & ~BigInt(Autoclear.bitmaps);
      if (unknown !== 0n) {
        header.autoclear &= BigInt(Autoclear.bitmaps);
        await image.writeHeader();
      }
    }
    return image;
  }

  get size(): number {
    return this.header.size;
  }

  get dirty(): boolean {
    return (this.header.incompatible & BigInt(Incompatible.dirty)) !== 0n;
  }

  async writeHeader(): Promise<void> {
    await this.file.write(0 as HostOffset, serialiseHeader(this.header));
  }

  /** Before the first change of metadata that relies on repair after a crash. */
  async markDirty(): Promise<void> {
    if (!this.lazyRefcounts || this.dirty) return;
    this.header.incompatible |= BigInt(Incompatible.dirty);
    await this.writeHeader();
    await this.file.flush();
  }

  /** Entries that were changed after this may refer to clusters that were counted before it. */
  async entriesAfterCounts(): Promise<void> {
    if (!this.lazyRefcounts) await this.mapping.cache.writeAfter(this.refcounts.cache);
  }

  /** Drops what the entries referred to, now that they do not any more. */
  async release(entries: Iterable<Entry>): Promise<void> {
    const owned = [...entries].filter((entry) => entry.offset !== 0);
    if (owned.length === 0) return;
    await Promise.allSettled(this.#reads);
    if (!this.lazyRefcounts) await this.refcounts.cache.writeAfter(this.mapping.cache);
    for (const entry of owned) {
      if (entry.kind !== 'compressed' && entry.offset % this.clusterSize !== 0) continue;
      await this.refcounts.free(
        entry.offset,
        entry.kind === 'compressed' ? entry.compressedBytes : this.clusterSize,
      );
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
    await this.metadata.run(async () => {
      await this.mapping.cache.flush();
      if (!this.lazyRefcounts) await this.refcounts.cache.flush();
    });
    await this.file.flush();
  }

  /** Writes everything and clears the dirty bit. After a fatal corruption, nothing is written any more. */
  async close(): Promise<void> {
    if (!this.writable || this.corruption.dead) return;
    await this.metadata.run(async () => {
      await this.mapping.cache.flush();
      await this.refcounts.cache.flush();
    });
    await this.file.flush();
    if (this.dirty) {
      this.header.incompatible &= ~BigInt(Incompatible.dirty);
      await this.writeHeader();
    }
  }

  #overlapTest(section: Section): (offset: number, length: number) => boolean {
    const { header, clusterSize } = this;
    const touches = (offset: number, length: number, tableOffset: number) =>
      tableOffset !== 0 && overlaps(offset, length, tableOffset, clusterSize);
    switch (section) {
      case 'main-header':
        return (offset) => offset < clusterSize;
      case 'active-l1':
        return (offset, length) => overlaps(offset, length, header.l1Offset, header.l1Size * 8);
      case 'active-l2':
        return (offset, length) => {
          const tables = this.mapping.l1.byteLength / 8;
          for (let i = 0; i < tables; i++) if (touches(offset, length, this.mapping.l2Offset(i))) return true;
          return false;
        };
      case 'refcount-table':
        return (offset, length) =>
          overlaps(offset, length, header.refcountTableOffset, header.refcountTableClusters * clusterSize);
      case 'refcount-block':
        return (offset, length) => this.refcounts.table.some((block) => touches(offset, length, block));
      case 'snapshot-table':
        return (offset, length) =>
          header.snapshotCount > 0 && touches(offset, length, header.snapshotsOffset);
      case 'inactive-l1':
      case 'inactive-l2':
        return () => false;
    }
  }
}

async function readHeader(file: ChildHandle, writable: boolean): Promise<Header> {
  const start = new Uint8Array(Math.min(HEADER_BYTES, Math.max(file.length(), 512)));
  await file.read(0 as HostOffset, start);
  return parseHeader(start, { writable });
}
