/**
 * Dirty bitmaps of a node: which blocks of `granularity` bytes were written since a point in time.
 *
 * Kept sparse, in pages that exist once they hold a bit. The digest is that of the whole map as QEMU's lowest level
 * holds it: little-endian 64-bit words, at least one, bit n for block n.
 */
import { createHash } from 'node:crypto';

const PAGE = 1 << 16;
const WORD_BITS = 64;

export class DirtyBitmap {
  readonly name: string;
  /** Bytes, a power of two. */
  readonly granularity: number;
  #blocks: number;
  readonly #pages = new Map<number, Uint8Array>();

  constructor(name: string, granularity: number, length: number) {
    this.name = name;
    this.granularity = granularity;
    this.#blocks = Math.ceil(length / granularity);
  }

  mark(offset: number, length: number): void {
    if (length === 0) return;
    const last = Math.min(this.#blocks - 1, Math.floor((offset + length - 1) / this.granularity));
    for (let block = Math.floor(offset / this.granularity); block <= last; block += 1) {
      const byte = Math.floor(block / 8);
      const page = this.#page(Math.floor(byte / PAGE));
      page[byte % PAGE]! |= 1 << (block % 8);
    }
  }

  clear(): void {
    this.#pages.clear();
  }

  /** Dirty bytes: whole blocks, also where the disk ends within one. */
  count(): number {
    let bits = 0;
    for (const page of this.#pages.values()) for (const byte of page) bits += populationCount(byte);
    return bits * this.granularity;
  }

  /** Follows the length of the node; what is cut off is forgotten. */
  resize(length: number): void {
    const blocks = Math.ceil(length / this.granularity);
    for (let block = blocks; block < this.#blocks && block % (PAGE * 8) !== 0; block += 1)
      this.#unmark(block);
    for (const index of this.#pages.keys()) if (index * PAGE * 8 >= blocks) this.#pages.delete(index);
    this.#blocks = blocks;
  }

  sha256(): string {
    const size = (Math.max(1, Math.ceil(this.#blocks / WORD_BITS)) * WORD_BITS) / 8;
    const hash = createHash('sha256');
    const empty = new Uint8Array(PAGE);
    for (let at = 0; at < size; at += PAGE)
      hash.update((this.#pages.get(at / PAGE) ?? empty).subarray(0, Math.min(PAGE, size - at)));
    return hash.digest('hex');
  }

  #page(index: number): Uint8Array {
    const known = this.#pages.get(index);
    if (known) return known;
    const page = new Uint8Array(PAGE);
    this.#pages.set(index, page);
    return page;
  }

  #unmark(block: number): void {
    const byte = Math.floor(block / 8);
    const page = this.#pages.get(Math.floor(byte / PAGE));
    if (page) page[byte % PAGE]! &= ~(1 << (block % 8));
  }
}

/** The bitmaps of one node, newest first, as queries list them. */
export class DirtyBitmaps {
  readonly #list: DirtyBitmap[] = [];

  find(name: string): DirtyBitmap | undefined {
    return this.#list.find((bitmap) => bitmap.name === name);
  }

  add(bitmap: DirtyBitmap): void {
    this.#list.unshift(bitmap);
  }

  remove(bitmap: DirtyBitmap): void {
    this.#list.splice(this.#list.indexOf(bitmap), 1);
  }

  mark(offset: number, length: number): void {
    for (const bitmap of this.#list) bitmap.mark(offset, length);
  }

  resize(length: number): void {
    for (const bitmap of this.#list) bitmap.resize(length);
  }
}

function populationCount(byte: number): number {
  let bits = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) bits += 1;
  return bits;
}
