/**
 * Dirty bitmaps of a node: which blocks of `granularity` bytes were written since a point in time.
 *
 * Kept sparse, in pages that exist once they hold a bit. The digest is that of the whole map as QEMU's lowest level
 * holds it: little-endian 64-bit words, at least one, bit n for block n.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DirtyBitmapStatus } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';

const PAGE = 0x10000;
const PAGE_BLOCKS = PAGE * 8;
const WORD_BITS = 64;
/** Blocks of the largest map; its digest takes a few seconds. */
const MAX_BLOCKS = 2 ** 33;
/** The digest lets others run after this many pages. */
const PAGES_A_TURN = 64;

/** One bitmap. Offsets and lengths are in bytes; a block counts as written if any byte of it was. */
export class DirtyBitmap {
  readonly name: string;
  /** Bytes, a power of two. */
  readonly granularity: number;
  /** The image keeps it while the node is closed. */
  persistent = false;
  /** It belongs to a read-only image, and so is not to change. */
  readOnly = false;
  /** Writes are marked; else its image keeps the bitmap as it is, and it can only be removed. */
  recording = true;
  #blocks: number;
  #pages = new Map<number, Uint8Array>();
  /** Collects what is written while the bitmap itself is frozen. */
  #successor: DirtyBitmap | undefined;

  /** `length`: that of the node, in bytes. Throws `CommandError` where the map would be beyond reason. */
  constructor(name: string, granularity: number, length: number) {
    this.name = name;
    this.granularity = granularity;
    this.checkLength(length);
    this.#blocks = Math.ceil(length / granularity);
  }

  /** Refuses a length of the node that this map could not follow. */
  checkLength(length: number): void {
    if (length / this.granularity > MAX_BLOCKS)
      throw new CommandError(`Dirty bitmap '${this.name}' would be too large: the granularity is too small`);
  }

  get frozen(): boolean {
    return this.#successor !== undefined;
  }

  /** Never `locked`: that is for users of bitmaps that this version has no command for. */
  get status(): DirtyBitmapStatus {
    if (this.frozen) return 'frozen';
    return this.recording ? 'active' : 'disabled';
  }

  /** Throws `CommandError` while the bitmap is frozen. `done`: what was to be done to it, such as `modified`. */
  assertNotFrozen(done: string): void {
    if (this.frozen)
      throw new CommandError(`Bitmap '${this.name}' is currently frozen and cannot be ${done}`);
  }

  /** Throws `CommandError` while the bitmap cannot change. `done`: what was to be done to it. */
  assertChangeable(done: string): void {
    this.assertNotFrozen(done);
    if (!this.recording)
      throw new CommandError(`Bitmap '${this.name}' is currently disabled and cannot be ${done}`);
  }

  /** Keeps what the bitmap holds until `abdicate` or `reclaim`; the result tells what is written meanwhile. */
  freeze(): WriteTracker {
    const { granularity } = this;
    const successor = new DirtyBitmap(this.name, granularity, this.#blocks * granularity);
    this.#successor = successor;
    return {
      granularity,
      get bytes() {
        return successor.count();
      },
      mark: () => {},
    };
  }

  /** Goes on with only what was written since it was frozen. */
  abdicate(): void {
    if (!this.#successor) return;
    this.#pages = this.#successor.#pages;
    this.#successor = undefined;
  }

  /** Goes on with what it held and what was written since. */
  reclaim(): void {
    const successor = this.#successor;
    if (!successor) return;
    this.#successor = undefined;
    for (const [index, added] of successor.#pages) {
      const page = this.#page(index);
      for (let at = 0; at < PAGE; at += 1) page[at]! |= added[at]!;
    }
  }

  /** What the bitmap itself holds: ranges of bytes, in order. */
  *ranges(): Generator<[offset: number, length: number]> {
    for (const [index, page] of [...this.#pages].toSorted(([a], [b]) => a - b))
      for (let at = 0; at < PAGE; at += 1)
        for (let bit = 0; page[at] !== 0 && bit < 8; bit += 1)
          if (page[at]! & (1 << bit))
            yield [(index * PAGE_BLOCKS + at * 8 + bit) * this.granularity, this.granularity];
  }

  /** The map in pieces, each with its position in bytes; bit n for block n, what is left out is zeroes. */
  parts(): [position: number, bytes: Uint8Array][] {
    return [...this.#pages].map(([index, page]) => [index * PAGE, page]);
  }

  /** Takes over such pieces; what lies behind the last block is dropped. */
  fill(parts: Iterable<readonly [position: number, bytes: Uint8Array]>): void {
    for (const [position, bytes] of parts)
      for (let done = 0; done < bytes.length; ) {
        const within = (position + done) % PAGE;
        const piece = bytes.subarray(done, done + PAGE - within);
        if (piece.some((byte) => byte !== 0))
          this.#page(Math.floor((position + done) / PAGE)).set(piece, within);
        done += piece.length;
      }
    this.resize(this.#blocks * this.granularity);
  }

  mark(offset: number, length: number): void {
    if (length === 0 || !this.recording) return;
    if (this.#successor) {
      this.#successor.mark(offset, length);
      return;
    }
    const end = Math.min(this.#blocks, Math.floor((offset + length - 1) / this.granularity) + 1);
    for (let block = Math.floor(offset / this.granularity); block < end; ) {
      const page = this.#page(Math.floor(block / PAGE_BLOCKS));
      const pageEnd = Math.min(end, (Math.floor(block / PAGE_BLOCKS) + 1) * PAGE_BLOCKS);
      setBits(page, block % PAGE_BLOCKS, (block % PAGE_BLOCKS) + (pageEnd - block));
      block = pageEnd;
    }
  }

  /** Forgets what was written; the result brings it back. */
  clear(): () => void {
    const before = this.#pages;
    this.#pages = new Map();
    return () => {
      this.#pages = before;
    };
  }

  /** Dirty bytes: whole blocks, also where the disk ends within one. */
  count(): number {
    let bits = 0;
    for (const page of this.#pages.values()) for (const byte of page) bits += populationCount(byte);
    return bits * this.granularity;
  }

  /** Follows the length of the node; what is cut off is forgotten. */
  resize(length: number): void {
    this.#successor?.resize(length);
    this.#blocks = Math.ceil(length / this.granularity);
    for (const [index, page] of this.#pages) {
      const kept = this.#blocks - index * PAGE_BLOCKS;
      if (kept <= 0) this.#pages.delete(index);
      else clearBits(page, kept);
    }
  }

  async sha256(): Promise<string> {
    const size = (Math.max(1, Math.ceil(this.#blocks / WORD_BITS)) * WORD_BITS) / 8;
    const hash = createHash('sha256');
    const empty = new Uint8Array(PAGE);
    const pages = Math.ceil(size / PAGE);
    for (let index = 0; index < pages; index += 1) {
      hash.update((this.#pages.get(index) ?? empty).subarray(0, Math.min(PAGE, size - index * PAGE)));
      if (index % PAGES_A_TURN === PAGES_A_TURN - 1) await nextTurn();
    }
    return hash.digest('hex');
  }

  #page(index: number): Uint8Array {
    const known = this.#pages.get(index);
    if (known) return known;
    const page = new Uint8Array(PAGE);
    this.#pages.set(index, page);
    return page;
  }
}

/** A job's own record of what is written to a node; it has no name. */
export interface WriteTracker {
  readonly granularity: number;
  /** Dirty bytes. */
  readonly bytes: number;
  mark(offset: number, length: number): void;
}

/** The bitmaps of one node, newest first, as queries list them. */
export class DirtyBitmaps {
  readonly #list: (DirtyBitmap | WriteTracker)[] = [];
  /** What stands in the list for the writes to a bitmap that is frozen. */
  readonly #successors = new Map<DirtyBitmap, WriteTracker>();

  /** Gives the bitmaps with a name. */
  get all(): readonly DirtyBitmap[] {
    return this.#list.filter((bitmap) => bitmap instanceof DirtyBitmap);
  }

  find(name: string): DirtyBitmap | undefined {
    return this.all.find((bitmap) => bitmap.name === name);
  }

  add(bitmap: DirtyBitmap | WriteTracker): void {
    this.#list.unshift(bitmap);
  }

  remove(bitmap: DirtyBitmap | WriteTracker): void {
    this.#list.splice(this.#list.indexOf(bitmap), 1);
  }

  /** What is written goes on being recorded, by a bitmap without a name, until `abdicate` or `reclaim`. */
  freeze(bitmap: DirtyBitmap): void {
    const successor = bitmap.freeze();
    this.#successors.set(bitmap, successor);
    this.add(successor);
  }

  /** The bitmap without a name takes the place of the frozen one. */
  abdicate(bitmap: DirtyBitmap): void {
    bitmap.abdicate();
    const successor = this.#takeSuccessor(bitmap);
    if (!successor) return;
    this.remove(bitmap);
    this.#list[this.#list.indexOf(successor)] = bitmap;
  }

  /** The frozen bitmap goes on with what the one without a name recorded. */
  reclaim(bitmap: DirtyBitmap): void {
    bitmap.reclaim();
    const successor = this.#takeSuccessor(bitmap);
    if (successor) this.remove(successor);
  }

  #takeSuccessor(bitmap: DirtyBitmap): WriteTracker | undefined {
    const successor = this.#successors.get(bitmap);
    this.#successors.delete(bitmap);
    return successor;
  }

  /** Something is about to be written. Jobs are told then, too: what they copy meanwhile is not done with. */
  announce(offset: number, length: number): void {
    for (const tracker of this.#list) if (!(tracker instanceof DirtyBitmap)) tracker.mark(offset, length);
  }

  mark(offset: number, length: number): void {
    for (const bitmap of this.#list) bitmap.mark(offset, length);
  }

  checkLength(length: number): void {
    for (const bitmap of this.all) bitmap.checkLength(length);
  }

  resize(length: number): void {
    for (const bitmap of this.all) bitmap.resize(length);
  }

  /** `BlockDirtyInfo`s */
  describe(): JsonObject[] {
    return this.#list.map((bitmap) =>
      bitmap instanceof DirtyBitmap
        ? {
            name: bitmap.name,
            count: bitmap.count(),
            granularity: bitmap.granularity,
            status: bitmap.status,
          }
        : { count: bitmap.bytes, granularity: bitmap.granularity, status: 'active' },
    );
  }
}

function setBits(page: Uint8Array, from: number, to: number): void {
  const firstWhole = Math.ceil(from / 8);
  const lastWhole = Math.floor(to / 8);
  for (let bit = from; bit < Math.min(to, firstWhole * 8); bit += 1) page[bit >> 3]! |= 1 << (bit & 7);
  if (firstWhole < lastWhole) page.fill(0xff, firstWhole, lastWhole);
  for (let bit = Math.max(from, lastWhole * 8); bit < to; bit += 1) page[bit >> 3]! |= 1 << (bit & 7);
}

/** Clears all bits from `from` on. */
function clearBits(page: Uint8Array, from: number): void {
  if (from >= PAGE_BLOCKS) return;
  page[from >> 3]! &= (1 << (from & 7)) - 1;
  page.fill(0, (from >> 3) + 1);
}

function populationCount(byte: number): number {
  let bits = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) bits += 1;
  return bits;
}
