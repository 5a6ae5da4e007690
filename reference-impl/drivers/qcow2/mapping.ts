/**
 * Where guest clusters lie in the file: the L1 table in memory, L2 tables through a cache of slices.
 *
 * This file only reads and changes entries. Who may change what when, and whom the clusters belong to, is decided
 * in `image.ts`.
 */
import type { ChildHandle } from '../driver.ts';
import { type Header, words } from './header.ts';
import type { Corruption } from './qcow2-corruption.ts';
import { hex, type Refcounts } from './refcounts.ts';
import { type Table, TableCache } from './tables.ts';

/** Highest bits of the upper word of an entry. */
const COPIED = 0x80000000;
const COMPRESSED = 0x40000000;
/** Lowest bit of the lower word of an L2 entry of version 3. */
const READS_ZERO = 1;

/**
 * `unallocated`: the backing file shows through. `zero`: reads as zeroes; `zero-allocated`: and keeps a cluster.
 */
export type ClusterKind = 'unallocated' | 'zero' | 'zero-allocated' | 'data' | 'compressed';

export interface Entry {
  readonly kind: ClusterKind;
  /** Bytes of the image file; 0 where the entry has no cluster. For `compressed`, where the stream starts. */
  readonly offset: number;
  /** Only this entry refers to the cluster, so it may be written in place. */
  readonly copied: boolean;
  /** Bytes of the sectors of a compressed stream; absent where there is none. */
  readonly compressedBytes?: number;
}

/** Consecutive clusters of one kind that also lie in a row in the file. */
export interface Run extends Entry {
  /** Guest clusters. */
  readonly count: number;
}

/** What shows is below. */
export const UNALLOCATED: Entry = { kind: 'unallocated', offset: 0, copied: false };
/** Reads as zeroes, and takes no cluster. */
export const ZERO: Entry = { ...UNALLOCATED, kind: 'zero' };

export interface MappingOptions {
  readonly file: ChildHandle;
  readonly header: Header;
  readonly corruption: Corruption;
  readonly refcounts: Refcounts;
  /** How many slices of L2 tables are cached, and of how many bytes. */
  readonly slices: number;
  readonly sliceSize: number;
}

export class Mapping {
  readonly #file: ChildHandle;
  readonly #header: Header;
  readonly #corruption: Corruption;
  readonly #refcounts: Refcounts;
  readonly #clusterSize: number;
  /** Entries of a whole L2 table, and of the slice of it that is cached as one. */
  readonly #perTable: number;
  readonly #perSlice: number;
  readonly cache: TableCache;
  readonly #l2Tables = new Set<number>();
  #l1Changed = false;
  #l1: DataView = new DataView(new ArrayBuffer(0));

  constructor({ file, header, corruption, refcounts, slices, sliceSize }: MappingOptions) {
    this.#file = file;
    this.#header = header;
    this.#corruption = corruption;
    this.#refcounts = refcounts;
    this.#clusterSize = 2 ** header.clusterBits;
    this.#perTable = this.#clusterSize / 8;
    this.#perSlice = sliceSize / 8;
    this.cache = new TableCache(file, sliceSize, slices, { load: 'l2_load', update: 'l2_update' });
  }

  async open(): Promise<void> {
    const bytes = new Uint8Array(this.#header.l1Size * 8);
    await this.#file.read(this.#header.l1Offset, bytes);
    this.#setL1Table(new DataView(bytes.buffer));
  }

  #setL1Table(l1: DataView): void {
    this.#l1 = l1;
    this.#l2Tables.clear();
    for (let index = 0; index < l1.byteLength / 8; index++) this.#l2Tables.add(this.l2Offset(index));
    this.#l2Tables.delete(0);
  }

  /** Offsets of all L2 tables. */
  get l2Tables(): ReadonlySet<number> {
    return this.#l2Tables;
  }

  /** The L1 table as it lies in the file. */
  get l1(): DataView {
    return this.#l1;
  }

  /** Replaces the L1 table in memory; the caller has written it and frees the old one. */
  replaceL1(l1: DataView): void {
    this.#setL1Table(l1);
    this.cache.clear();
  }

  /** Bytes of the image file where the L2 table of this L1 index lies, 0 if there is none. */
  l2Offset(l1Index: number): number {
    return offsetOf(this.#l1.getUint32(l1Index * 8), this.#l1.getUint32(l1Index * 8 + 4));
  }

  /** Guest clusters that one L2 table maps. */
  get perTable(): number {
    return this.#perTable;
  }

  /**
   * The run at guest cluster `cluster`, at most `limit` clusters and within one slice. Undefined if the slice is not in
   * memory; then `lookup` gets it.
   */
  peek(cluster: number, limit: number): Run | undefined {
    const offset = this.l2Offset(Math.floor(cluster / this.#perTable));
    if (offset === 0) return { ...UNALLOCATED, count: Math.min(limit, this.#leftInTable(cluster)) };
    if (offset % this.#clusterSize !== 0) return undefined;
    const slice = this.cache.peek(this.#sliceOffset(offset, cluster));
    return slice && this.#run(slice, cluster, limit);
  }

  async lookup(cluster: number, limit: number): Promise<Run> {
    const known = this.peek(cluster, limit);
    if (known) return known;
    return this.#run(await this.#slice(cluster), cluster, limit);
  }

  /** Sets `count` entries from `cluster` on, all within one L2 table that `prepare` has made ours. */
  async set(cluster: number, count: number, entry: (index: number) => Entry): Promise<void> {
    for (let i = 0; i < count; i++) {
      const slice = await this.#slice(cluster + i);
      const at = ((cluster + i) % this.#perSlice) * 8;
      encodeEntry(slice.view, at, entry(i), this.#header.clusterBits);
      this.cache.touch(slice, at, 8);
    }
  }

  /**
   * Makes the L2 table of `cluster` exist and belong to the active L1 table alone, so that its entries may be
   * changed. The refcounts of what it takes are raised, those of a shared table lowered.
   */
  async prepare(cluster: number): Promise<void> {
    const index = Math.floor(cluster / this.#perTable);
    const high = this.#l1.getUint32(index * 8);
    const old = this.l2Offset(index);
    if (old % this.#clusterSize !== 0) throw await this.#unaligned(old, index);
    if (old !== 0 && (high & COPIED) !== 0) return;
    const offset = await this.#refcounts.allocate(1);
    await this.#corruption.checkWrite(offset, this.#clusterSize);
    const bytes = new Uint8Array(this.#clusterSize);
    if (old !== 0) {
      await this.#file.debugEvent('l2_alloc_cow_read');
      await this.#file.read(old, bytes);
    }
    await this.#refcounts.cache.flush();
    await this.#file.debugEvent('l2_alloc_write');
    await this.#file.write(offset, bytes);
    await this.#file.flush();
    await this.#setL1(index, offset);
    this.#forget(offset);
    if (old !== 0) {
      await this.#file.flush();
      await this.#refcounts.free(old, this.#clusterSize);
    }
  }

  #forget(l2Offset: number): void {
    for (let at = 0; at < this.#clusterSize; at += this.#perSlice * 8) this.cache.forget(l2Offset + at);
  }

  /** Points the L1 entry at an L2 table that only it refers to, in the file and then in memory. */
  async #setL1(index: number, offset: number): Promise<void> {
    const at = this.#header.l1Offset + index * 8;
    await this.#corruption.checkWrite(at, 8, 'active-l1');
    const entry = BigInt(offset) | (1n << 63n);
    await this.#file.debugEvent('l1_update');
    await this.#file.write(at, words([entry]));
    this.#l2Tables.delete(this.l2Offset(index));
    this.#l2Tables.add(offset);
    this.#l1.setBigUint64(index * 8, entry);
  }

  /** Sets the `copied` mark of every entry of an L2 table that has a place in the file. */
  async remark(l1Index: number, copied: (entry: Entry) => Promise<boolean>): Promise<void> {
    for (let first = 0; first < this.#perTable; first += this.#perSlice) {
      const slice = await this.#slice(l1Index * this.#perTable + first);
      for (let at = 0; at < this.#perSlice * 8; at += 8) {
        const entry = decodeEntry(slice.view, at, this.#header);
        const mark = entry.offset !== 0 && (await copied(entry));
        if (mark === entry.copied) continue;
        encodeEntry(slice.view, at, { ...entry, copied: mark }, this.#header.clusterBits);
        this.cache.touch(slice, at, 8);
      }
    }
  }

  /** Sets the `copied` mark of an L1 entry; `flush` writes it. */
  markL1(index: number, copied: boolean): void {
    const high = this.#l1.getUint32(index * 8);
    const marked = copied ? (high | COPIED) >>> 0 : (high & ~COPIED) >>> 0;
    if (marked === high) return;
    this.#l1.setUint32(index * 8, marked);
    this.#l1Changed = true;
  }

  /** Writes what has changed of the tables. */
  async flush(): Promise<void> {
    await this.cache.flush();
    if (!this.#l1Changed) return;
    await this.#file.write(this.#header.l1Offset, new Uint8Array(this.#l1.buffer.slice(0)));
    this.#l1Changed = false;
  }

  #leftInTable(cluster: number): number {
    return this.#perTable - (cluster % this.#perTable);
  }

  #sliceOffset(l2Offset: number, cluster: number): number {
    return l2Offset + Math.floor((cluster % this.#perTable) / this.#perSlice) * this.#perSlice * 8;
  }

  async #slice(cluster: number): Promise<Table> {
    const index = Math.floor(cluster / this.#perTable);
    const offset = this.l2Offset(index);
    if (offset % this.#clusterSize !== 0) throw await this.#unaligned(offset, index);
    return this.cache.load(this.#sliceOffset(offset, cluster));
  }

  #unaligned(offset: number, index: number): Promise<Error> {
    return this.#corruption.found(`L2 table offset ${hex(offset)} unaligned (L1 index: ${hex(index)})`);
  }

  #run(slice: Table, cluster: number, limit: number): Run {
    const first = cluster % this.#perSlice;
    const entry = decodeEntry(slice.view, first * 8, this.#header);
    const most = Math.min(limit, this.#perSlice - first);
    let count = 1;
    if (entry.kind !== 'compressed') {
      const step = entry.offset === 0 ? 0 : this.#clusterSize;
      while (count < most) {
        const next = decodeEntry(slice.view, (first + count) * 8, this.#header);
        if (next.kind !== entry.kind || next.copied !== entry.copied) break;
        if (next.offset !== entry.offset + count * step) break;
        count += 1;
      }
    }
    return { ...entry, count };
  }

  /** Message for a cluster that starts off a cluster boundary, met while reading. */
  unalignedCluster(entry: Entry, cluster: number): string {
    const index = cluster % this.#perTable;
    const table = this.l2Offset(Math.floor(cluster / this.#perTable));
    return `Cluster allocation offset ${hex(entry.offset)} unaligned (L2 offset: ${hex(table)}, L2 index: ${hex(index)})`;
  }
}

/** The L2 entry at byte `at` of a table. */
export function decodeEntry(view: DataView, at: number, header: Header): Entry {
  const high = view.getUint32(at);
  const low = view.getUint32(at + 4);
  if ((high & COMPRESSED) !== 0) return decodeCompressed(view.getBigUint64(at), header.clusterBits);
  const offset = offsetOf(high, low);
  const copied = (high & COPIED) !== 0;
  if (header.version === 3 && (low & READS_ZERO) !== 0) {
    return {
      kind: offset === 0 ? 'zero' : 'zero-allocated',
      offset,
      copied: copied && offset !== 0,
    };
  }
  if (offset === 0) return UNALLOCATED;
  return { kind: 'data', offset, copied };
}

/** Bits 9 to 55 of an entry. */
export function offsetOf(high: number, low: number): number {
  return (high & 0x00ffffff) * 2 ** 32 + ((low & 0xfffffe00) >>> 0);
}

/** The descriptor of a compressed cluster: offset in the low bits, whole further sectors in those above. */
function decodeCompressed(entry: bigint, clusterBits: number): Entry {
  const offsetBits = BigInt(62 - (clusterBits - 8));
  const offset = Number(entry & ((1n << offsetBits) - 1n));
  const sectors = Number((entry & ((1n << 62n) - 1n)) >> offsetBits) + 1;
  return { kind: 'compressed', offset, copied: false, compressedBytes: sectors * 512 - (offset % 512) };
}

/** Puts an entry at byte `at` of an L2 table. */
export function encodeEntry(view: DataView, at: number, entry: Entry, clusterBits: number): void {
  if (entry.kind === 'compressed') {
    const offsetBits = BigInt(62 - (clusterBits - 8));
    const sectors =
      Math.floor((entry.offset + entry.compressedBytes! - 1) / 512) - Math.floor(entry.offset / 512);
    view.setBigUint64(at, (1n << 62n) | (BigInt(sectors) << offsetBits) | BigInt(entry.offset));
    return;
  }
  const zero = entry.kind === 'zero' || entry.kind === 'zero-allocated' ? READS_ZERO : 0;
  view.setUint32(at, (Math.floor(entry.offset / 2 ** 32) | (entry.copied ? COPIED : 0)) >>> 0);
  view.setUint32(at + 4, ((entry.offset % 2 ** 32) | zero) >>> 0);
}
