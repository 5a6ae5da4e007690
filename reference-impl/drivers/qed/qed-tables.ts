/**
 * The tables of a qed image: an L1 table that is there from the start, and L2 tables that are made when they are first
 * needed. While clusters are being placed the header says that the tables need a check.
 */

import { IoError } from '../../host/errno.ts';
import type { ClusterMap, PlaceKind, Run, Taken } from '../clustered/cluster-map.ts';
import type { TablePlace } from '../clustered/entry-pages.ts';
import { TwoLevelTables } from '../clustered/two-level-tables.ts';
import type { ChildHandle } from '../driver.ts';
import { type Header, writeFeatures } from './qed-header.ts';

const ENTRY = 8;
/** The L2 entry of a cluster that reads as zeroes whatever is below. */
export const ZERO_ENTRY = 1;

export class Tables implements ClusterMap {
  readonly #file: ChildHandle;
  readonly #header: Header;
  readonly #l1: TablePlace;
  readonly #tables: TwoLevelTables;
  /** Where the file ends for us: what lies before may be in use. */
  #end: number;

  constructor(file: ChildHandle, header: Header) {
    this.#file = file;
    this.#header = header;
    this.#l1 = { offset: header.l1Offset, length: header.tableSize, update: 'l1_update' };
    this.#end = Math.ceil(file.length() / header.clusterSize) * header.clusterSize;
    this.#tables = new TwoLevelTables(file, {
      entryBytes: ENTRY,
      l1: this.#l1,
      perTable: header.tableSize / ENTRY,
      tableAt: (view, at) => this.#tableAt(view, at),
      runAt: (view, at, limit) => this.#runAt(view, at, limit),
      takeTable: (bytes) => this.#takeBytes(bytes),
      entryTo: (offset) => entries([offset]),
    });
  }

  get clusterSize(): number {
    return this.#header.clusterSize;
  }

  size(): number {
    return this.#header.size;
  }

  /** Whether an entry may lead there: to `length` bytes that are neither the header's nor the L1 table's. */
  isPlace(offset: number, length: number): boolean {
    const { clusterSize, headerSize } = this.#header;
    const { offset: l1, length: l1Length } = this.#l1;
    return (
      offset % clusterSize === 0 &&
      offset >= Math.max(headerSize, clusterSize) &&
      offset + length <= this.#end &&
      (offset + length <= l1 || offset >= l1 + l1Length)
    );
  }

  peek(cluster: number, limit: number): Run | undefined {
    return this.#tables.peek(cluster, limit);
  }

  lookup(cluster: number, limit: number): Promise<Run> {
    return this.#tables.lookup(cluster, limit);
  }

  async take(cluster: number, count: number): Promise<Taken> {
    await this.#startPlacing(cluster);
    const most = this.#tables.within(cluster, count);
    return { offset: this.#takeBytes(most * this.clusterSize), count: most };
  }

  giveBack({ offset, count }: Taken): void {
    if (this.#end === offset + count * this.clusterSize) this.#end = offset;
  }

  link(cluster: number, { offset, count }: Taken): Promise<void> {
    return this.#setEntries(cluster, count, (index) => offset + index * this.clusterSize);
  }

  /** Under the lock: makes clusters that have no place read as zeroes. Gives how many were done. */
  async linkZeroes(cluster: number, count: number): Promise<number> {
    await this.#startPlacing(cluster);
    const most = this.#tables.within(cluster, count);
    await this.#setEntries(cluster, most, () => ZERO_ENTRY);
    return most;
  }

  /** Under the lock: the header says whether the tables need a check. */
  async setNeedCheck(needCheck: boolean): Promise<void> {
    const header = this.#header;
    if (header.needCheck === needCheck) return;
    if (!needCheck) await this.#file.flush();
    header.needCheck = needCheck;
    try {
      await writeFeatures(this.#file, header);
      if (needCheck) await this.#file.flush();
    } catch (error) {
      header.needCheck = !needCheck;
      throw error;
    }
  }

  /** What the tables hold in the file has been changed. */
  forget(): void {
    this.#tables.forget();
  }

  /** Before entries of a cluster change: there is a table for them, and the header tells of it. */
  async #startPlacing(cluster: number): Promise<void> {
    await this.setNeedCheck(true);
    await this.#tables.need(cluster);
  }

  #takeBytes(bytes: number): number {
    const offset = this.#end;
    this.#end += bytes;
    return offset;
  }

  #tableAt(view: DataView, at: number): number {
    const offset = entryAt(view, at);
    if (offset !== 0 && !this.isPlace(offset, this.#header.tableSize)) throw new IoError('EINVAL');
    return offset;
  }

  #runAt(view: DataView, at: number, limit: number): Run {
    const { clusterSize } = this;
    const offset = entryAt(view, at);
    const kind = kindOf(offset);
    const most = Math.min(limit, (view.byteLength - at) / ENTRY);
    if (kind === 'data' && !this.isPlace(offset, clusterSize)) throw new IoError('EINVAL');
    const step = kind === 'data' ? clusterSize : 0;
    let count = 1;
    while (count < most && entryAt(view, at + count * ENTRY) === offset + count * step) {
      if (kind === 'data' && !this.isPlace(offset + count * step, clusterSize)) break;
      count += 1;
    }
    return { kind, offset: kind === 'data' ? offset : 0, count };
  }

  #setEntries(cluster: number, count: number, entry: (index: number) => number): Promise<void> {
    const values = Array.from({ length: count }, (_, index) => entry(index));
    return this.#tables.write(cluster, entries(values));
  }
}

function kindOf(entry: number): PlaceKind {
  if (entry === 0) return 'unallocated';
  return entry === ZERO_ENTRY ? 'zero' : 'data';
}

/** The entry at byte `at`; what is beyond 2^53 is inexact, and leads nowhere. */
export function entryAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function entries(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * ENTRY));
  for (const [index, value] of values.entries()) view.setBigUint64(index * ENTRY, BigInt(value), true);
  return new Uint8Array(view.buffer);
}
