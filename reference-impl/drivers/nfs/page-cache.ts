/**
 * Keeps pages of a file that were read, and reads ahead of those who read on. What others write to the file goes unnoticed; that
 * is why it is forbidden where the host's cache is.
 */

const PAGE = 4096;
/** How far the first read looks ahead, in bytes; twice as far each time that somebody reads on. */
const FIRST_AHEAD = 2 * PAGE;

/** What the pages are of. */
export interface Pageable {
  readonly size: number;
  /** Zeroes are behind the end. */
  read(offset: number, buffer: Uint8Array): Promise<void>;
}

export interface CacheSizes {
  readonly pages: number;
  /** Bytes. */
  readonly readAhead: number;
}

export class PageCache {
  readonly #file: Pageable;
  readonly #sizes: CacheSizes;
  /** By number, those used last at the end. */
  readonly #pages = new Map<number, Uint8Array>();
  /** The page behind what was read last, and how far the next read looks ahead. */
  #next = 0;
  #ahead = FIRST_AHEAD;
  /** Changes that have begun or ended: what was asked for before one may be old. */
  #changes = 0;
  #changing = 0;

  constructor(file: Pageable, sizes: CacheSizes) {
    this.#file = file;
    this.#sizes = sizes;
  }

  async read(offset: number, buffer: Uint8Array): Promise<void> {
    const end = offset + buffer.length;
    const first = Math.floor(offset / PAGE);
    const last = Math.ceil(end / PAGE);
    const found = new Map<number, Uint8Array>();
    for (let page = first; page < last; page += 1) {
      const bytes = this.#recall(page);
      if (bytes) found.set(page, bytes);
    }
    for (let page = first; page < last; page += 1)
      if (!found.has(page)) page = await this.#fetch(page, last, found);
    for (const [page, bytes] of found) copyOverlap(page * PAGE, bytes, offset, buffer);
  }

  /** Makes a change of a range of the file; its pages are forgotten. */
  async change(offset: number, length: number, work: () => Promise<void>): Promise<void> {
    this.#changes += 1;
    this.#changing += 1;
    try {
      await work();
    } finally {
      this.#changing -= 1;
      for (let page = Math.floor(offset / PAGE); page * PAGE < offset + length; page += 1)
        this.#pages.delete(page);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#changes += 1;
    this.#pages.clear();
  }

  /** Reads pages that are missing, from `page` on, and some ahead of them. Gives the last that was missing. */
  async #fetch(page: number, end: number, found: Map<number, Uint8Array>): Promise<number> {
    let missing = page;
    while (missing + 1 < end && !found.has(missing + 1)) missing += 1;
    const ahead = missing + 1 === end ? this.#lookAhead(page) : 0;
    const top = Math.ceil(this.#file.size / PAGE) * PAGE;
    const stop = Math.max((missing + 1) * PAGE, Math.min((missing + 1) * PAGE + ahead, top));
    const bytes = new Uint8Array(stop - page * PAGE);
    const changes = this.#changes;
    await this.#file.read(page * PAGE, bytes);
    const isFresh = changes === this.#changes && this.#changing === 0;
    for (let at = 0; at < bytes.length; at += PAGE) {
      const number = page + at / PAGE;
      const part = bytes.subarray(at, at + PAGE);
      if (number <= missing) found.set(number, part);
      // A copy, since a part keeps the whole in memory.
      if (isFresh) this.#keep(number, part.slice());
    }
    this.#next = stop / PAGE;
    return missing;
  }

  #lookAhead(page: number): number {
    const { readAhead } = this.#sizes;
    this.#ahead = page === this.#next && page > 0 ? Math.min(this.#ahead * 2, readAhead) : FIRST_AHEAD;
    return Math.floor(Math.min(this.#ahead, readAhead) / PAGE) * PAGE;
  }

  #recall(page: number): Uint8Array | undefined {
    const bytes = this.#pages.get(page);
    if (bytes) this.#keep(page, bytes);
    return bytes;
  }

  #keep(page: number, bytes: Uint8Array): void {
    this.#pages.delete(page);
    this.#pages.set(page, bytes);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= this.#sizes.pages) break;
      this.#pages.delete(oldest);
    }
  }
}

/** Copies what of `bytes`, which lie at `at`, is in `buffer`, which lies at `offset`. */
function copyOverlap(at: number, bytes: Uint8Array, offset: number, buffer: Uint8Array): void {
  const start = Math.max(at, offset);
  const end = Math.min(at + bytes.length, offset + buffer.length);
  buffer.set(bytes.subarray(start - at, end - at), start - offset);
}
