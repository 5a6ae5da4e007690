/**
 * Keeps pages of a file that were read, and reads ahead. What others write to the file goes unnoticed; that is why it is
 * forbidden where the host's cache is.
 */

/** Bytes. */
export const PAGE = 4096;

/** What the pages are of. */
export interface Pageable {
  /** Zeroes are behind the end. */
  read(offset: number, buffer: Uint8Array): Promise<void>;
}

/** In pages: how many are kept, and how many are read behind those that are wanted. */
export interface CacheSizes {
  readonly pages: number;
  readonly ahead: number;
}

export class PageCache {
  readonly #file: Pageable;
  readonly #sizes: CacheSizes;
  /** By number. Another map when all are forgotten, so that what was asked for before that is not kept after it. */
  #pages = new Map<number, Uint8Array>();

  constructor(file: Pageable, sizes: CacheSizes) {
    this.#file = file;
    this.#sizes = sizes;
  }

  async read(offset: number, buffer: Uint8Array): Promise<void> {
    const first = Math.floor(offset / PAGE);
    const end = Math.ceil((offset + buffer.length) / PAGE);
    const bytes = this.#kept(first, end) ?? (await this.#fetch(first, end));
    const start = offset - first * PAGE;
    buffer.set(bytes.subarray(start, start + buffer.length));
  }

  /** Forgets all: to be called when the file has changed. */
  clear(): void {
    this.#pages = new Map();
  }

  /** Undefined where one is missing. */
  #kept(first: number, end: number): Uint8Array | undefined {
    const pages: Uint8Array[] = [];
    for (let number = first; number < end; number += 1) {
      const page = this.#pages.get(number);
      if (page === undefined) return undefined;
      pages.push(page);
    }
    return Buffer.concat(pages);
  }

  async #fetch(first: number, end: number): Promise<Uint8Array> {
    const pages = this.#pages;
    const count = end - first + this.#sizes.ahead;
    const bytes = new Uint8Array(count * PAGE);
    await this.#file.read(first * PAGE, bytes);
    // Copies, since a part keeps the whole in memory.
    for (let i = 0; i < count; i += 1) pages.set(first + i, bytes.slice(i * PAGE, (i + 1) * PAGE));
    if (pages.size > this.#sizes.pages) this.clear();
    return bytes;
  }
}
