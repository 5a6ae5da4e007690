/** The tables of a qcow image: an L1 table that is there from the start, and L2 tables that are made when they are first needed. */
import zlib from 'node:zlib';
import { IoError } from '../../host/errno.ts';
import type { ClusterMap, Run, Taken } from '../clustered/cluster-map.ts';
import type { TablePlace } from '../clustered/entry-pages.ts';
import { TwoLevelTables } from '../clustered/two-level-tables.ts';
import type { ChildHandle } from '../driver.ts';
import { ENTRY, HEADER_LENGTH, type Header } from './qcow-header.ts';

/** Highest bit of the upper word of an entry. */
const COMPRESSED = 0x80000000;
const SECTOR = 512;

export class QcowTables implements ClusterMap {
  readonly clusterSize: number;
  readonly #file: ChildHandle;
  readonly #header: Header;
  readonly #l1: TablePlace;
  readonly #tables: TwoLevelTables;
  /** Where the file ends for us: what lies before may be in use. */
  #end: number;

  constructor(file: ChildHandle, header: Header) {
    this.#file = file;
    this.#header = header;
    this.clusterSize = 2 ** header.clusterBits;
    this.#l1 = { offset: header.l1Offset, length: header.l1Size * ENTRY, update: 'l1_update' };
    this.#end = Math.max(file.length(), this.#l1.offset + this.#l1.length);
    const perTable = 2 ** header.l2Bits;
    this.#tables = new TwoLevelTables(file, {
      entryBytes: ENTRY,
      l1: this.#l1,
      perTable,
      tableAt: (view, at) => this.#tableAt(view, at, perTable * ENTRY),
      runAt: (view, at, limit) => this.#runAt(view, at, limit),
      takeTable: (bytes) => this.#takeClusters(bytes),
      entryTo: (offset) => entriesOf([BigInt(offset)]),
    });
  }

  size(): number {
    return this.#header.size;
  }

  peek(cluster: number, limit: number): Run | undefined {
    return this.#tables.peek(cluster, limit);
  }

  lookup(cluster: number, limit: number): Promise<Run> {
    return this.#tables.lookup(cluster, limit);
  }

  async take(cluster: number, count: number): Promise<Taken> {
    await this.#tables.need(cluster);
    const most = this.#tables.within(cluster, count);
    return { offset: this.#takeClusters(most * this.clusterSize), count: most };
  }

  giveBack({ offset, count }: Taken): void {
    if (this.#end === offset + count * this.clusterSize) this.#end = offset;
  }

  link(cluster: number, { offset, count }: Taken): Promise<void> {
    const entries = Array.from({ length: count }, (_, index) => BigInt(offset + index * this.clusterSize));
    return this.#tables.write(cluster, entriesOf(entries));
  }

  /**
   * Under the lock: writes a cluster that is not data as this stream, which is shorter than a cluster. `safely`: it is
   * on stable storage before an entry refers to it.
   */
  async addCompressed(cluster: number, stream: Uint8Array, safely: boolean): Promise<void> {
    await this.#tables.need(cluster);
    const offset = this.#end;
    this.#end += stream.length;
    await this.#file.debugEvent('write_compressed');
    await this.#file.write(offset, stream);
    if (safely) await this.#file.flush();
    const entry = (BigInt(stream.length) << this.#sizeShift) | BigInt(offset) | (1n << 63n);
    await this.#tables.write(cluster, entriesOf([entry]));
  }

  async readCompressed({ offset, compressedBytes }: Run): Promise<Uint8Array> {
    const stream = new Uint8Array(compressedBytes!);
    await this.#file.read(offset, stream);
    try {
      const cluster = zlib.inflateRawSync(stream, {
        maxOutputLength: this.clusterSize,
        finishFlush: zlib.constants.Z_SYNC_FLUSH,
      });
      if (cluster.length === this.clusterSize) return cluster;
    } catch {
      // falls through: the stream is broken
    }
    throw new IoError('EIO');
  }

  /** Forgets all clusters, and gives their space back. Nothing is in flight. */
  async clear(): Promise<void> {
    await this.#file.writeZeroes(this.#l1.offset, this.#l1.length);
    this.#tables.forget();
    await this.#file.flush();
    await this.#file.truncate(this.#l1.offset + this.#l1.length);
    this.#end = this.#l1.offset + this.#l1.length;
  }

  /** Where the length of a stream stands in an entry, above its offset. */
  get #sizeShift(): bigint {
    return BigInt(63 - this.#header.clusterBits);
  }

  /** Whether an entry may lead there: to what is neither the header's nor the L1 table's, and starts in the file. */
  #isPlace(offset: number, length: number): boolean {
    const { offset: l1, length: l1Length } = this.#l1;
    return (
      offset >= HEADER_LENGTH && offset < this.#end && (offset + length <= l1 || offset >= l1 + l1Length)
    );
  }

  /** Aligned, as the format wants clusters and tables. */
  #takeClusters(bytes: number): number {
    const offset = Math.ceil(this.#end / this.clusterSize) * this.clusterSize;
    this.#end = offset + bytes;
    return offset;
  }

  #tableAt(view: DataView, at: number, length: number): number {
    const offset = entryAt(view, at);
    if (offset !== 0 && !this.#isPlace(offset, length)) throw new IoError('EIO');
    return offset;
  }

  #runAt(view: DataView, at: number, limit: number): Run {
    if ((view.getUint32(at) & COMPRESSED) !== 0) return this.#compressedRun(view.getBigUint64(at));
    const offset = entryAt(view, at);
    const step = offset === 0 ? 0 : this.clusterSize;
    const most = Math.min(limit, (view.byteLength - at) / ENTRY);
    let count = 1;
    while (count < most && entryAt(view, at + count * ENTRY) === offset + count * step) count += 1;
    if (offset === 0) return { kind: 'unallocated', offset, count };
    const isSound = (from: number) => from % SECTOR === 0 && this.#isPlace(from, this.clusterSize);
    if (!isSound(offset)) throw new IoError('EIO');
    while (!isSound(offset + (count - 1) * step)) count -= 1;
    return { kind: 'data', offset, count };
  }

  #compressedRun(entry: bigint): Run {
    const offset = Number(entry & ((1n << this.#sizeShift) - 1n));
    const compressedBytes = Number(entry >> this.#sizeShift) % this.clusterSize;
    if (!this.#isPlace(offset, compressedBytes)) throw new IoError('EIO');
    return { kind: 'compressed', offset, count: 1, compressedBytes };
  }
}

/** The entry at byte `at`; what is beyond 2^53 is inexact, and leads nowhere. */
const entryAt = (view: DataView, at: number) => Number(view.getBigUint64(at));

function entriesOf(values: readonly bigint[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * ENTRY));
  for (const [index, value] of values.entries()) view.setBigUint64(index * ENTRY, value);
  return new Uint8Array(view.buffer);
}
