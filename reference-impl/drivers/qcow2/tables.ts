/**
 * Metadata tables of one kind (L2 tables, refcount blocks) cached by where they lie, changed in memory and written
 * back in an order that keeps the file consistent at every moment: a cache may depend on another, whose changes
 * then reach the file first.
 */
import type { BlkdebugEvent } from '../../../spec/generated/qmp.ts';
import type { ChildHandle } from '../driver.ts';

export interface Table {
  /** Bytes; a multiple of the table's size. */
  readonly offset: number;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Changed range that is not in the file yet, in bytes. */
  dirtyFrom: number;
  dirtyTo: number;
}

/** What `blkdebug` is told before a table is read and before changes of it are written. */
export interface TableEvents {
  readonly load: BlkdebugEvent;
  readonly update: BlkdebugEvent;
}

export class TableCache {
  readonly #events: TableEvents;
  readonly #file: ChildHandle;
  readonly #tableSize: number;
  readonly #capacity: number;
  /** In the order of use, the least recent first. */
  readonly #tables = new Map<number, Table>();
  readonly #loading = new Map<number, Promise<Table>>();
  readonly #dirty = new Set<Table>();
  #before: TableCache | undefined;

  /** `capacity`: how many tables are kept at most, dirty ones aside. */
  constructor(file: ChildHandle, tableSize: number, capacity: number, events: TableEvents) {
    this.#events = events;
    this.#file = file;
    this.#tableSize = tableSize;
    this.#capacity = Math.max(2, capacity);
  }

  /** A table that is in memory; for callers that must not wait. */
  peek(offset: number): Table | undefined {
    const table = this.#tables.get(offset);
    if (table) {
      this.#tables.delete(offset);
      this.#tables.set(offset, table);
    }
    return table;
  }

  async load(offset: number): Promise<Table> {
    const cached = this.peek(offset);
    if (cached) return cached;
    let loading = this.#loading.get(offset);
    if (!loading) {
      loading = this.#read(offset).finally(() => this.#loading.delete(offset));
      this.#loading.set(offset, loading);
    }
    return loading;
  }

  /** A table of zeroes that is new in the file at `offset`, all of it dirty. */
  async create(offset: number): Promise<Table> {
    const table = await this.#insert(offset, new Uint8Array(this.#tableSize));
    this.touch(table, 0, this.#tableSize);
    return table;
  }

  /** Bytes `from` to `from + length` of the table were changed. */
  touch(table: Table, from: number, length: number): void {
    table.dirtyFrom = Math.min(table.dirtyFrom, from);
    table.dirtyTo = Math.max(table.dirtyTo, from + length);
    this.#dirty.add(table);
  }

  /** From now on until the next flush, `other` is written before this cache. */
  async writeAfter(other: TableCache): Promise<void> {
    if (this.#before === other) return;
    if (other.#before === this) await other.flush();
    this.#before = other;
  }

  /**
   * Writes every change. What these depend on, and the data that they refer to, is on stable storage before; the changes
   * themselves need not be yet.
   */
  async flush(): Promise<void> {
    await this.#before?.flush();
    this.#before = undefined;
    if (this.#dirty.size === 0) return;
    await this.#file.flush();
    for (const table of [...this.#dirty].toSorted((a, b) => a.offset - b.offset)) await this.#write(table);
  }

  /** Forgets a table whose place in the file was freed, changes included. */
  forget(offset: number): void {
    const table = this.#tables.get(offset);
    if (table === undefined) return;
    this.#tables.delete(offset);
    this.#dirty.delete(table);
  }

  /** Forgets all; nothing may be dirty that matters. */
  clear(): void {
    this.#tables.clear();
    this.#dirty.clear();
  }

  async #read(offset: number): Promise<Table> {
    const bytes = new Uint8Array(this.#tableSize);
    await this.#file.debugEvent(this.#events.load);
    await this.#file.read(offset, bytes);
    return this.#insert(offset, bytes);
  }

  async #insert(offset: number, bytes: Uint8Array): Promise<Table> {
    const table: Table = {
      offset,
      bytes,
      view: new DataView(bytes.buffer),
      dirtyFrom: this.#tableSize,
      dirtyTo: 0,
    };
    this.#tables.set(offset, table);
    for (const [key, oldest] of this.#tables) {
      if (this.#tables.size <= this.#capacity) break;
      if (oldest === table) continue;
      if (this.#dirty.has(oldest)) await this.flush();
      // changed again while it was being written: it stays
      if (!this.#dirty.has(oldest)) this.#tables.delete(key);
    }
    return table;
  }

  async #write(table: Table): Promise<void> {
    const { dirtyFrom, dirtyTo, offset, bytes } = table;
    if (!this.#dirty.delete(table)) return;
    table.dirtyFrom = this.#tableSize;
    table.dirtyTo = 0;
    try {
      await this.#file.debugEvent(this.#events.update);
      await this.#file.write(offset + dirtyFrom, bytes.slice(dirtyFrom, dirtyTo));
    } catch (error) {
      this.touch(table, dirtyFrom, dirtyTo - dirtyFrom);
      throw error;
    }
  }
}
