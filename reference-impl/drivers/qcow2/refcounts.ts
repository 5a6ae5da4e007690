/**
 * Reference counts: who uses each cluster of the file, in a table of blocks, with entries of 1 to 64 bits.
 *
 * Allocation only hands out clusters whose count is 0, and raises the count in the cache before anybody refers to
 * them; the order in which tables reach the file is that of `TableCache.writeAfter`. A crash so leaks clusters at worst.
 */
import { IoError } from '../../host/errno.ts';
import type { ChildHandle } from '../driver.ts';
import { type Header, MAX_REFTABLE_BYTES, words } from './header.ts';
import type { Corruption } from './qcow2-corruption.ts';
import { type Table, TableCache } from './tables.ts';

export class Refcounts {
  readonly #file: ChildHandle;
  readonly #header: Header;
  readonly #corruption: Corruption;
  readonly #writeHeader: () => Promise<void>;
  readonly #clusterSize: number;
  /** log2 of the width of a count in bits. */
  readonly #order: number;
  /** Counts in one block. */
  readonly #perBlock: number;
  readonly cache: TableCache;
  /** Offsets of the blocks, bytes; 0 where there is none. */
  #table: Float64Array = new Float64Array();
  #blocks = new Set<number>();
  /** First cluster that may be free. */
  #hint = 0;
  /** Where the next compressed stream may go: within a cluster that holds streams already; 0: nowhere. */
  #nextStream = 0;

  constructor(
    file: ChildHandle,
    header: Header,
    corruption: Corruption,
    cacheTables: number,
    writeHeader: () => Promise<void>,
  ) {
    this.#file = file;
    this.#header = header;
    this.#corruption = corruption;
    this.#writeHeader = writeHeader;
    this.#clusterSize = 2 ** header.clusterBits;
    this.#order = header.refcountOrder;
    this.#perBlock = (this.#clusterSize * 8) / 2 ** header.refcountOrder;
    this.cache = new TableCache(file, this.#clusterSize, cacheTables, {
      load: 'refblock_load',
      update: 'refblock_update_part',
    });
  }

  /** Least count that no entry can hold. */
  get #tooMany(): number {
    return 2 ** (2 ** this.#order);
  }

  /** Offsets of the refcount blocks, by the index in the table; 0 where there is none. */
  get table(): Float64Array {
    return this.#table;
  }

  /** Offsets of all refcount blocks. */
  get blocks(): ReadonlySet<number> {
    return this.#blocks;
  }

  async open(): Promise<void> {
    const bytes = new Uint8Array(this.#header.refcountTableClusters * this.#clusterSize);
    await this.#file.debugEvent('reftable_load');
    await this.#file.read(this.#header.refcountTableOffset, bytes);
    const view = new DataView(bytes.buffer);
    this.#table = new Float64Array(bytes.length / 8);
    for (let i = 0; i < this.#table.length; i++) {
      // the low nine bits are reserved
      this.#table[i] = view.getUint32(i * 8) * 2 ** 32 + ((view.getUint32(i * 8 + 4) & 0xfffffe00) >>> 0);
    }
    // most of a large cluster is empty
    this.#blocks = new Set(this.#table.filter((offset) => offset !== 0));
  }

  /** Makes new clusters come from this index on, for as long as none before it is freed. */
  allocateBehind(cluster: number): void {
    this.#hint = cluster;
  }

  /** Every cluster with a count above 0. Throws `IoError` where two parts of the table share a block. */
  async *counted(): AsyncGenerator<number> {
    if (this.#table.filter((offset) => offset !== 0).length !== this.#blocks.size) throw new IoError('EIO');
    for (let index = 0; index < this.#table.length; index++) {
      for (let entry = 0; this.#table[index] !== 0 && entry < this.#perBlock; entry++) {
        const cluster = index * this.#perBlock + entry;
        if ((await this.get(cluster)) > 0) yield cluster;
      }
    }
  }

  /** Count of the cluster with this index (offset divided by the cluster size). */
  async get(cluster: number): Promise<number> {
    const block = await this.#block(cluster);
    return block === undefined ? 0 : this.#read(block.view, cluster % this.#perBlock);
  }

  /**
   * Raises (or lowers) the counts of `count` clusters by `by`. Throws `IoError` when a count would leave its width,
   * and then has changed the clusters before it.
   */
  async change(first: number, count: number, by: number): Promise<void> {
    for (let cluster = first; cluster < first + count; cluster++) {
      const block = (await this.#block(cluster)) ?? (by > 0 ? await this.#makeBlock(cluster) : undefined);
      if (block === undefined) throw new IoError('EINVAL');
      const index = cluster % this.#perBlock;
      const value = this.#read(block.view, index) + by;
      if (value < 0 || value >= this.#tooMany) throw new IoError('EINVAL');
      this.#write(block, index, value);
      if (value === 0) {
        this.#hint = Math.min(this.#hint, cluster);
        if (Math.floor(this.#nextStream / this.#clusterSize) === cluster) this.#nextStream = 0;
        this.cache.forget(cluster * this.#clusterSize);
      }
    }
  }

  /** Allocates `count` clusters in a row with count 1 each; gives the offset of the first, in bytes. */
  async allocate(count: number): Promise<number> {
    await this.#file.debugEvent('cluster_alloc');
    for (;;) {
      const first = await this.#findFree(count);
      // blocks first: making one allocates clusters itself, maybe those that were just found
      let made = false;
      for (let c = first; c < first + count; c = (Math.floor(c / this.#perBlock) + 1) * this.#perBlock) {
        if ((await this.#block(c)) === undefined) {
          await this.#makeBlock(c);
          made = true;
        }
      }
      if (made) continue;
      await this.change(first, count, 1);
      this.#hint = first + count;
      return first * this.#clusterSize;
    }
  }

  /** Room for `bytes` less than a cluster, shared with other such allocations while a count can bear it. */
  async allocateBytes(bytes: number): Promise<number> {
    await this.#file.debugEvent('cluster_alloc_bytes');
    const within = this.#nextStream % this.#clusterSize;
    let offset = this.#nextStream;
    if (within !== 0 && within + bytes <= this.#clusterSize) {
      const cluster = Math.floor(offset / this.#clusterSize);
      if ((await this.get(cluster)) + 1 < this.#tooMany) {
        await this.change(cluster, 1, 1);
        this.#nextStream = offset + bytes;
        return offset;
      }
    }
    offset = await this.allocate(1);
    this.#nextStream = offset + bytes;
    return offset;
  }

  /** Drops one reference to each cluster of the range. */
  async free(offset: number, bytes: number): Promise<void> {
    await this.#file.debugEvent('cluster_free');
    const first = Math.floor(offset / this.#clusterSize);
    await this.change(first, Math.ceil((offset + bytes) / this.#clusterSize) - first, -1);
  }

  async #findFree(count: number): Promise<number> {
    let run = 0;
    for (let cluster = this.#hint; ; cluster++) {
      const block = await this.#block(cluster);
      const used = block !== undefined && this.#read(block.view, cluster % this.#perBlock) !== 0;
      run = used ? 0 : run + 1;
      if (run === count) return cluster - count + 1;
    }
  }

  async #block(cluster: number): Promise<Table | undefined> {
    const offset = this.#table[Math.floor(cluster / this.#perBlock)];
    if (offset === undefined || offset === 0) return undefined;
    const cached = this.cache.peek(offset);
    if (cached) return cached;
    if (offset % this.#clusterSize !== 0) {
      throw await this.#corruption.found(
        `Refblock offset ${hex(offset)} unaligned (reftable index: ${hex(Math.floor(cluster / this.#perBlock))})`,
      );
    }
    return this.cache.load(offset);
  }

  /** Makes the block that counts `cluster`, which so far counts nothing. */
  async #makeBlock(cluster: number): Promise<Table> {
    const index = Math.floor(cluster / this.#perBlock);
    if (index >= this.#table.length) {
      await this.#growTable(index + 1);
      // the larger table may lie among the clusters that this block counts: then it has been made
      const made = await this.#block(cluster);
      if (made !== undefined) return made;
    }
    const own = await this.#findFree(1);
    const ownIndex = Math.floor(own / this.#perBlock);
    if (ownIndex !== index && (await this.#block(own)) === undefined) {
      // that place is uncounted as well: its own block comes first, and then there is a free place or another
      await this.#makeBlock(own);
      return (await this.#block(cluster)) ?? this.#makeBlock(cluster);
    }
    const offset = own * this.#clusterSize;
    await this.#corruption.checkWrite(offset, this.#clusterSize);
    await this.#file.debugEvent('refblock_alloc');
    const block = await this.cache.create(offset);
    try {
      if (ownIndex === index) this.#write(block, own % this.#perBlock, 1);
      else await this.change(own, 1, 1);
      await this.#file.debugEvent('refblock_alloc_write');
      await this.cache.flush();
      await this.#file.flush();
      await this.#writeTableEntry(index, offset);
    } catch (error) {
      // The table in the file does not know it.
      this.cache.forget(offset);
      throw error;
    }
    this.#table[index] = offset;
    this.#blocks.add(offset);
    return block;
  }

  /** Moves the table to a larger place; the old one is freed after the header points at the new. */
  async #growTable(entries: number): Promise<void> {
    const { refcountTableOffset: offset, refcountTableClusters } = this.#header;
    const needed = Math.ceil(entries / (this.#clusterSize / 8));
    const most = MAX_REFTABLE_BYTES / this.#clusterSize;
    if (needed > most) throw new IoError('EFBIG');
    // twice the table has room for what counts itself
    const clusters = Math.min(Math.max(needed, refcountTableClusters * 2), most);
    await this.#moveTable(await this.#endOfUse(), clusters);
    await this.#file.flush();
    await this.free(offset, refcountTableClusters * this.#clusterSize);
  }

  /** Writes the table with these many clusters from the cluster `first` on. Where that fails, the old one stays in use. */
  async #moveTable(first: number, clusters: number): Promise<void> {
    const { refcountTableOffset, refcountTableClusters } = this.#header;
    const old = { table: this.#table, blocks: this.#blocks };
    const table = new Float64Array((clusters * this.#clusterSize) / 8);
    table.set(old.table);
    // new blocks behind the new table count both
    let next = first + clusters;
    const made: number[] = [];
    for (let index = Math.floor(first / this.#perBlock); index * this.#perBlock < next; index++) {
      if (table[index]) continue;
      table[index] = next * this.#clusterSize;
      made.push(table[index]!);
      next += 1;
    }
    let counted = first;
    try {
      for (const offset of made) await this.cache.create(offset);
      this.#table = table;
      this.#blocks = new Set([...old.blocks, ...made]);
      for (; counted < next; counted += 1) await this.change(counted, 1, 1);
      await this.#file.debugEvent('refblock_alloc_write_blocks');
      await this.cache.flush();
      await this.#file.debugEvent('refblock_alloc_write_table');
      await this.#file.write(first * this.#clusterSize, words(this.#table));
      await this.#file.flush();
      this.#header.refcountTableOffset = first * this.#clusterSize;
      this.#header.refcountTableClusters = clusters;
      await this.#file.debugEvent('refblock_alloc_switch_table');
      await this.#writeHeader();
    } catch (error) {
      const isToldOf = this.#header.refcountTableOffset !== refcountTableOffset;
      Object.assign(this.#header, { refcountTableOffset, refcountTableClusters });
      this.#table = old.table;
      this.#blocks = old.blocks;
      for (const offset of made) this.cache.forget(offset);
      // Nobody knows whether the file's header names it: then its place is lost.
      if (!isToldOf) await this.#uncount(first, counted);
      throw error;
    }
  }

  /** Takes back what was counted in blocks that stay. A count that cannot be reached is a leak. */
  async #uncount(first: number, end: number): Promise<void> {
    for (let cluster = first; cluster < end; cluster += 1) {
      const block = await this.#block(cluster).catch(() => undefined);
      if (block !== undefined) await this.change(cluster, 1, -1);
    }
  }

  /** Index of the first cluster behind everything that is counted. */
  async #endOfUse(): Promise<number> {
    let end = 0;
    for await (const cluster of this.counted()) end = cluster + 1;
    return end;
  }

  async #writeTableEntry(index: number, block: number): Promise<void> {
    const offset = this.#header.refcountTableOffset + index * 8;
    await this.#file.debugEvent('refblock_alloc_hookup');
    await this.#file.write(offset, words([block]));
  }

  #read(view: DataView, index: number): number {
    switch (this.#order) {
      case 3:
        return view.getUint8(index);
      case 4:
        return view.getUint16(index * 2);
      case 5:
        return view.getUint32(index * 4);
      case 6:
        return Number(view.getBigUint64(index * 8));
      default: {
        // 1, 2 and 4 bits: the lowest index lies in the lowest bits of a byte
        const bits = 1 << this.#order;
        const shift = (index << this.#order) & 7;
        return (view.getUint8((index << this.#order) >> 3) >> shift) & ((1 << bits) - 1);
      }
    }
  }

  #write(block: Table, index: number, value: number): void {
    const { view } = block;
    const bits = 1 << this.#order;
    const at = Math.floor((index * bits) / 8);
    switch (this.#order) {
      case 3:
        view.setUint8(at, value);
        break;
      case 4:
        view.setUint16(at, value);
        break;
      case 5:
        view.setUint32(at, value);
        break;
      case 6:
        view.setBigUint64(at, BigInt(value));
        break;
      default: {
        const shift = (index * bits) & 7;
        const mask = ((1 << bits) - 1) << shift;
        view.setUint8(at, (view.getUint8(at) & ~mask) | (value << shift));
      }
    }
    this.cache.touch(block, at, Math.ceil(bits / 8));
  }
}

/** A number as texts of errors have it; 0 goes without a prefix. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`.replace(/^0x0$/, '0');
}
