/**
 * Entries of tables in a file, read in pages of which a bounded number is kept, and written through: memory and reads follow what
 * is used, not what a header claims.
 */
import type { BlkdebugEvent } from '../../../spec/generated/qmp.ts';
import type { ChildHandle } from '../driver.ts';

const PAGE = 4096;
const MOST_PAGES = 2048;

/** A table in the file. */
export interface TablePlace {
  /** Bytes of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** What `blkdebug` is told before a change is written. */
  readonly update: BlkdebugEvent;
}

/** A part of a table in memory. */
export interface Page {
  readonly view: DataView;
  /** Where in the table it starts, in bytes. */
  readonly start: number;
}

/** The entries of all tables of an image. */
export class EntryPages {
  readonly #file: ChildHandle;
  /** By where they start in the file, in the order of use. */
  readonly #pages = new Map<number, Page>();
  readonly #loading = new Map<number, Promise<Page>>();

  constructor(file: ChildHandle) {
    this.#file = file;
  }

  /** The page with byte `at` of the table, if it is in memory. */
  peek({ offset }: TablePlace, at: number): Page | undefined {
    const key = offset + at - (at % PAGE);
    const page = this.#pages.get(key);
    if (page) {
      this.#pages.delete(key);
      this.#pages.set(key, page);
    }
    return page;
  }

  async load(table: TablePlace, at: number): Promise<Page> {
    const known = this.peek(table, at);
    if (known) return known;
    const start = at - (at % PAGE);
    const key = table.offset + start;
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = this.#read(table, start).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /** Writes `bytes` at `at` of the table, and then has them in memory too. No two writes at a time. */
  async write(table: TablePlace, at: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const page = await this.load(table, at + done);
      const within = at + done - page.start;
      const part = bytes.subarray(done, done + page.view.byteLength - within);
      await this.#file.debugEvent(table.update);
      await this.#file.write(table.offset + at + done, part);
      new Uint8Array(page.view.buffer).set(part, within);
      done += part.length;
    }
  }

  /** Forgets everything, as what is in the file has changed. */
  clear(): void {
    this.#pages.clear();
  }

  async #read({ offset, length }: TablePlace, start: number): Promise<Page> {
    const bytes = new Uint8Array(Math.min(PAGE, length - start));
    await this.#file.debugEvent('l2_load');
    await this.#file.read(offset + start, bytes);
    const page = { view: new DataView(bytes.buffer), start };
    this.#pages.set(offset + start, page);
    for (const [key] of this.#pages) {
      if (this.#pages.size <= MOST_PAGES) break;
      this.#pages.delete(key);
    }
    return page;
  }
}
