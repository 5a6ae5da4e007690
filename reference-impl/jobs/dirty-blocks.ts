/**
 * Which blocks of a disk a job has still to copy: a set with a count, searched in the order of the disk. Kept in pages,
 * of which only those that are mixed take room, so that a whole disk is marked at once, however large it is.
 */
const PAGE_WORDS = 1024;
const PAGE_BLOCKS = PAGE_WORDS * 32;
const ALL = 0xffffffff;

interface MixedPage {
  readonly words: Uint32Array;
  count: number;
}

/** Whether all blocks of a page are in the set, or which of them are. */
type Page = boolean | MixedPage;

export class DirtyBlocks {
  /** Bytes. */
  readonly granularity: number;
  readonly #pages = new Map<number, Page>();
  /** What pages are that are not kept. */
  #others = false;
  readonly #length: number;
  readonly #blocks: number;
  #count = 0;

  constructor(granularity: number, length: number) {
    this.granularity = granularity;
    this.#length = length;
    this.#blocks = Math.ceil(length / granularity);
  }

  /** Blocks in the set. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that the blocks stand for, whole blocks also at the end of the disk. */
  get bytes(): number {
    return this.#count * this.granularity;
  }

  /** The same, without what lies behind the end of the disk. */
  get bytesOnDisk(): number {
    const behind = this.#blocks * this.granularity - this.#length;
    return this.has(this.#length - 1) ? this.bytes - behind : this.bytes;
  }

  markAll(): void {
    this.#changeAll(true);
  }

  /** Adds every block that the range touches. */
  mark(offset: number, length: number): void {
    this.#change(offset, length, true);
  }

  /** Takes out every block that the range touches. */
  clear(offset: number, length: number): void {
    this.#change(offset, length, false);
  }

  has(offset: number): boolean {
    const block = Math.floor(offset / this.granularity);
    if (block >= this.#blocks) return false;
    const page = this.#page(Math.floor(block / PAGE_BLOCKS));
    if (typeof page === 'boolean') return page;
    const bit = block % PAGE_BLOCKS;
    return (page.words[bit >> 5]! & (1 << (bit & 31))) !== 0;
  }

  /** The offset of the first block in the set at or behind `offset`, or undefined. */
  next(offset: number): number | undefined {
    let block = Math.ceil(offset / this.granularity);
    while (block < this.#blocks) {
      const index = Math.floor(block / PAGE_BLOCKS);
      const page = this.#page(index);
      if (page === true) return block * this.granularity;
      const found = page === false ? undefined : firstFrom(page, block % PAGE_BLOCKS);
      if (found !== undefined) return (index * PAGE_BLOCKS + found) * this.granularity;
      block = this.#following(index) * PAGE_BLOCKS;
    }
    return undefined;
  }

  /** The next page that may hold a block; infinite if there is none. */
  #following(index: number): number {
    if (this.#others || this.#pages.has(index + 1)) return index + 1;
    let nearest = Number.POSITIVE_INFINITY;
    for (const other of this.#pages.keys()) if (other > index && other < nearest) nearest = other;
    return nearest;
  }

  #page(index: number): Page {
    return this.#pages.get(index) ?? this.#others;
  }

  #change(offset: number, length: number, add: boolean): void {
    if (length === 0) return;
    const from = Math.floor(offset / this.granularity);
    const to = Math.min(this.#blocks, Math.ceil((offset + length) / this.granularity));
    if (from === 0 && to === this.#blocks) {
      this.#changeAll(add);
      return;
    }
    for (let block = from; block < to; ) {
      const index = Math.floor(block / PAGE_BLOCKS);
      const start = index * PAGE_BLOCKS;
      const end = Math.min(to, start + PAGE_BLOCKS);
      this.#changePage(index, block - start, end - start, add);
      block = end;
    }
  }

  #changeAll(add: boolean): void {
    this.#pages.clear();
    this.#others = add;
    this.#count = add ? this.#blocks : 0;
  }

  #changePage(index: number, from: number, to: number, add: boolean): void {
    const size = Math.min(PAGE_BLOCKS, this.#blocks - index * PAGE_BLOCKS);
    const before = this.#page(index);
    if (before === add) return;
    const page = typeof before === 'boolean' ? filled(before, size) : before;
    this.#count -= page.count;
    if (to - from === size) page.count = add ? size : 0;
    else page.count += (add ? 1 : -1) * put(page.words, from, to, add);
    this.#count += page.count;
    const now = page.count === 0 ? false : page.count === size ? true : page;
    if (now === this.#others) this.#pages.delete(index);
    else this.#pages.set(index, now);
  }
}

function filled(full: boolean, size: number): MixedPage {
  const words = new Uint32Array(PAGE_WORDS);
  if (full) put(words, 0, size, true);
  return { words, count: full ? size : 0 };
}

/** Sets or clears a range of bits; gives how many of them changed. */
function put(words: Uint32Array, from: number, to: number, add: boolean): number {
  let changed = 0;
  for (let bit = from; bit < to; ) {
    const end = Math.min(to, (bit | 31) + 1);
    const mask = (ALL >>> (32 - (end - bit))) << (bit & 31);
    const word = words[bit >> 5]!;
    changed += population((add ? ~word : word) & mask);
    words[bit >> 5] = add ? word | mask : word & ~mask;
    bit = end;
  }
  return changed;
}

function firstFrom({ words }: MixedPage, from: number): number | undefined {
  for (let bit = from; bit < PAGE_BLOCKS; bit = (bit | 31) + 1) {
    const word = words[bit >> 5]! >>> (bit & 31);
    if (word !== 0) return bit + trailingZeroes(word);
  }
  return undefined;
}

function trailingZeroes(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function population(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
