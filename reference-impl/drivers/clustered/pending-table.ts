/**
 * The table that tells where the clusters of an image lie. It is read in pages of which a bounded number is kept. What is
 * changed stays in memory until it is stored: whoever stores it sees to it that what the entries refer to is on stable
 * storage before.
 */
import type { ChildHandle } from '../driver.ts';

const PAGE = 65536;
const MOST_PAGES = 128;
const SECTOR = 512;

/** Bytes; `length` may end within a sector, the rest of which is kept as it is. */
export interface TableExtent {
  readonly offset: number;
  readonly length: number;
  /** Bytes of an entry. */
  readonly width: 4 | 8;
}

/** A part of the table that is stored as a whole. */
export interface TableUnit {
  /** Bytes of the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Page {
  readonly bytes: Uint8Array;
  /** Where in the page units start that were changed since they were stored. */
  readonly changed: Set<number>;
}

/** A table of entries of one width; offsets that it is given are those of entries, by number. */
export class PendingTable {
  readonly #file: ChildHandle;
  readonly #extent: TableExtent;
  /** What is stored at a time, in bytes. */
  readonly #unit: number;
  /** By number, in the order of use. */
  readonly #pages = new Map<number, Page>();
  readonly #loading = new Map<number, Promise<Page>>();
  readonly #changed = new Set<number>();

  constructor(file: ChildHandle, extent: TableExtent, unit = SECTOR) {
    this.#file = file;
    this.#extent = extent;
    this.#unit = unit;
  }

  /** There is something to store. */
  get isChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** The bytes of an entry, if they are in memory. */
  peek(index: number): DataView | undefined {
    const [number, at] = this.#locate(index);
    const page = this.#pages.get(number);
    return page && this.#entry(page, at);
  }

  async get(index: number): Promise<DataView> {
    const [number, at] = this.#locate(index);
    return this.#entry(await this.#page(number), at);
  }

  /** Changes an entry, in memory. */
  async set(index: number, change: (entry: DataView) => void): Promise<void> {
    const [number, at] = this.#locate(index);
    const page = await this.#page(number);
    change(this.#entry(page, at));
    page.changed.add(at - (at % this.#unit));
    this.#changed.add(number);
    // it may have been left out of memory while its change was not yet known
    this.#pages.set(number, page);
  }

  /** All entries in order, page by page, without keeping them. Nothing may be changed meanwhile. */
  async *scan(): AsyncGenerator<DataView> {
    const { offset, length } = this.#extent;
    for (let start = 0; start < length; start += PAGE * 16) {
      const bytes = new Uint8Array(Math.min(PAGE * 16, length - start));
      await this.#file.read(offset + start, bytes);
      yield new DataView(bytes.buffer);
    }
  }

  /**
   * Has `write` write every changed unit, in order, at most `most` at a time. What it fails to write is still to be
   * stored.
   */
  async store(write: (units: readonly TableUnit[]) => Promise<void>, most = 1024): Promise<void> {
    while (this.#changed.size > 0) {
      const taken = this.#takeChanged(most);
      try {
        await write(taken.map(({ page, number, at }) => this.#unitOf(page, number, at)));
      } catch (error) {
        for (const { page, number, at } of taken) {
          page.changed.add(at);
          this.#changed.add(number);
        }
        throw error;
      }
    }
  }

  /** The first changed units, which do not count as changed any more. */
  #takeChanged(most: number): { page: Page; number: number; at: number }[] {
    const taken: { page: Page; number: number; at: number }[] = [];
    for (const number of [...this.#changed].toSorted((a, b) => a - b)) {
      const page = this.#pages.get(number)!;
      for (const at of [...page.changed].toSorted((a, b) => a - b)) {
        if (taken.length === most) return taken;
        taken.push({ page, number, at });
        page.changed.delete(at);
      }
      this.#changed.delete(number);
    }
    return taken;
  }

  #unitOf({ bytes }: Page, number: number, at: number): TableUnit {
    return { offset: this.#extent.offset + number * PAGE + at, bytes: bytes.slice(at, at + this.#unit) };
  }

  #locate(index: number): [page: number, at: number] {
    const position = index * this.#extent.width;
    return [Math.floor(position / PAGE), position % PAGE];
  }

  #entry({ bytes }: Page, at: number): DataView {
    return new DataView(bytes.buffer, at, this.#extent.width);
  }

  async #page(number: number): Promise<Page> {
    const known = this.#pages.get(number);
    if (known) {
      this.#pages.delete(number);
      this.#pages.set(number, known);
      return known;
    }
    let loading = this.#loading.get(number);
    if (!loading) {
      loading = this.#load(number).finally(() => this.#loading.delete(number));
      this.#loading.set(number, loading);
    }
    return loading;
  }

  async #load(number: number): Promise<Page> {
    const { offset, length } = this.#extent;
    const start = number * PAGE;
    const bytes = new Uint8Array(Math.min(PAGE, Math.ceil((length - start) / this.#unit) * this.#unit));
    await this.#file.read(offset + start, bytes);
    const page = { bytes, changed: new Set<number>() };
    this.#pages.set(number, page);
    for (const [key, { changed }] of this.#pages) {
      if (this.#pages.size <= MOST_PAGES) break;
      if (key !== number && changed.size === 0) this.#pages.delete(key);
    }
    return page;
  }
}
