/**
 * Which blocks of a disk a job has still to copy: a set with a count, searched in the order of the disk. Kept sparse, in
 * pages that exist once they hold a block.
 */
const PAGE_WORDS = 1024;
const PAGE_BLOCKS = PAGE_WORDS * 32;

interface Page {
  readonly words: Uint32Array;
  count: number;
}

export class DirtyBlocks {
  /** Bytes. */
  readonly granularity: number;
  readonly #pages = new Map<number, Page>();
  readonly #length: number;
  #count = 0;

  constructor(granularity: number, length: number) {
    this.granularity = granularity;
    this.#length = length;
  }

  /** Blocks in the set. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that the blocks stand for, whole blocks also at the end of the disk. */
  get bytes(): number {
    return this.#count * this.granularity;
  }

  /** Adds every block that the range touches. */
  mark(offset: number, length: number): void {
    const end = Math.min(offset + length, this.#length);
    for (let block = Math.floor(offset / this.granularity); block * this.granularity < end; block += 1)
      this.#change(block, true);
  }

  /** Takes out every block that the range touches. */
  clear(offset: number, length: number): void {
    for (
      let block = Math.floor(offset / this.granularity);
      block * this.granularity < offset + length;
      block += 1
    )
      this.#change(block, false);
  }

  has(offset: number): boolean {
    const block = Math.floor(offset / this.granularity);
    const page = this.#pages.get(Math.floor(block / PAGE_BLOCKS));
    if (page === undefined) return false;
    const bit = block % PAGE_BLOCKS;
    return (page.words[bit >> 5]! & (1 << (bit & 31))) !== 0;
  }

  /** The offset of the first block in the set at or behind `offset`, or undefined. */
  next(offset: number): number | undefined {
    let block = Math.ceil(offset / this.granularity);
    const blocks = Math.ceil(this.#length / this.granularity);
    while (block < blocks) {
      const index = Math.floor(block / PAGE_BLOCKS);
      const page = this.#pages.get(index);
      const pageEnd = (index + 1) * PAGE_BLOCKS;
      if (page === undefined || page.count === 0) {
        block = pageEnd;
        continue;
      }
      for (; block < pageEnd; block += 1) {
        const word = page.words[(block % PAGE_BLOCKS) >> 5]! >>> (block & 31);
        if (word === 0) block |= 31;
        else return (block + trailingZeroes(word)) * this.granularity;
      }
    }
    return undefined;
  }

  #change(block: number, add: boolean): void {
    const index = Math.floor(block / PAGE_BLOCKS);
    let page = this.#pages.get(index);
    if (page === undefined) {
      if (!add) return;
      page = { words: new Uint32Array(PAGE_WORDS), count: 0 };
      this.#pages.set(index, page);
    }
    const bit = block % PAGE_BLOCKS;
    const mask = 1 << (bit & 31);
    const word = page.words[bit >> 5]!;
    if (((word & mask) !== 0) === add) return;
    page.words[bit >> 5] = word ^ mask;
    page.count += add ? 1 : -1;
    this.#count += add ? 1 : -1;
    if (page.count === 0) this.#pages.delete(index);
  }
}

function trailingZeroes(word: number): number {
  return 31 - Math.clz32(word & -word);
}
