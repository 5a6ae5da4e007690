/** An L1 table that is there from the start, and L2 tables that are made when they are first needed, with one entry a cluster. */
import type { ChildHandle } from '../driver.ts';
import type { Run } from './cluster-map.ts';
import { EntryPages, type Page, type TablePlace } from './entry-pages.ts';

/** What a format makes of its entries, which have the same length in both tables. */
export interface TwoLevelFormat {
  /** Bytes of an entry. */
  readonly entryBytes: number;
  readonly l1: TablePlace;
  /** Entries of an L2 table. */
  readonly perTable: number;
  /** The L2 table that the entry of the L1 table at byte `at` leads to; 0: there is none. Throws `IoError` for one that leads nowhere. */
  tableAt(view: DataView, at: number): number;
  /** The run that begins with the entry of an L2 table at byte `at`, cut to `limit` clusters. Throws `IoError`. */
  runAt(view: DataView, at: number, limit: number): Run;
  /** Takes so many bytes of the file for an L2 table. */
  takeTable(bytes: number): number;
  /** An entry of the L1 table that leads to a place. */
  entryTo(offset: number): Uint8Array;
}

/** Finds the runs of clusters by such tables, and makes L2 tables. Changes are made under the lock of the disk. */
export class TwoLevelTables {
  readonly #file: ChildHandle;
  readonly #format: TwoLevelFormat;
  readonly #pages: EntryPages;
  readonly #tableBytes: number;

  constructor(file: ChildHandle, format: TwoLevelFormat) {
    this.#file = file;
    this.#format = format;
    this.#pages = new EntryPages(file);
    this.#tableBytes = format.perTable * format.entryBytes;
  }

  /** As `ClusterMap.peek`. */
  peek(cluster: number, limit: number): Run | undefined {
    const top = this.#pages.peek(this.#format.l1, this.#topAt(cluster));
    if (!top) return undefined;
    const table = this.#tableIn(top, cluster);
    if (!table) return this.#missing(cluster, limit);
    const page = this.#pages.peek(table, this.#at(cluster));
    return page && this.#run(page, cluster, limit);
  }

  /** As `ClusterMap.lookup`. */
  async lookup(cluster: number, limit: number): Promise<Run> {
    const table = await this.#tableOf(cluster);
    if (!table) return this.#missing(cluster, limit);
    return this.#run(await this.#pages.load(table, this.#at(cluster)), cluster, limit);
  }

  /** At most so many clusters from this one on have their entries in one table. */
  within(cluster: number, count: number): number {
    return Math.min(count, this.#format.perTable - (cluster % this.#format.perTable));
  }

  /** Before entries of a cluster change there is a table for them. */
  async need(cluster: number): Promise<void> {
    if (await this.#tableOf(cluster)) return;
    const { l1, takeTable, entryTo } = this.#format;
    const offset = takeTable(this.#tableBytes);
    await this.#file.debugEvent('l2_alloc_write');
    await this.#file.writeZeroes(offset, this.#tableBytes);
    await this.#file.flush();
    await this.#pages.write(l1, this.#topAt(cluster), entryTo(offset));
  }

  /** Writes entries of clusters for which there is a table, in a row. */
  async write(cluster: number, entries: Uint8Array): Promise<void> {
    const table = await this.#tableOf(cluster);
    await this.#pages.write(table!, this.#at(cluster), entries);
  }

  /** What the tables hold in the file has been changed. */
  forget(): void {
    this.#pages.clear();
  }

  #topAt(cluster: number): number {
    return Math.floor(cluster / this.#format.perTable) * this.#format.entryBytes;
  }

  #at(cluster: number): number {
    return (cluster % this.#format.perTable) * this.#format.entryBytes;
  }

  async #tableOf(cluster: number): Promise<TablePlace | undefined> {
    return this.#tableIn(await this.#pages.load(this.#format.l1, this.#topAt(cluster)), cluster);
  }

  #tableIn({ view, start }: Page, cluster: number): TablePlace | undefined {
    const offset = this.#format.tableAt(view, this.#topAt(cluster) - start);
    return offset === 0 ? undefined : { offset, length: this.#tableBytes, update: 'l2_update' };
  }

  #run({ view, start }: Page, cluster: number, limit: number): Run {
    return this.#format.runAt(view, this.#at(cluster) - start, limit);
  }

  #missing(cluster: number, limit: number): Run {
    return { kind: 'unallocated', offset: 0, count: this.within(cluster, limit) };
  }
}
