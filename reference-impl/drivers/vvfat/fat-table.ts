/** The table that says of each cluster which one follows it: entries of 12, 16 or 32 bits. Source: "Microsoft FAT Specification", section 4. */
import { type FatLayout, type FatType, SECTOR } from './fat-layout.ts';

const LAST = { 12: 0xfff, 16: 0xffff, 32: 0x0fffffff } as const;

/** What an entry says of its cluster. */
export type FatEntry = number | 'free' | 'last' | 'bad';

export class FatTable {
  readonly #type: FatType;
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  /** Over these bytes; without them, a new one. */
  constructor({ type, media, fatSectors }: FatLayout, bytes?: Uint8Array) {
    this.#type = type;
    this.bytes = bytes ?? new Uint8Array(fatSectors * SECTOR);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    if (bytes) return;
    this.#put(0, LAST[type] - 0xff + media);
    this.#put(1, LAST[type]);
  }

  /** The table starts as one of this disk does. */
  isSound(media: number): boolean {
    return (this.#raw(0) & 0xff) === media && this.get(0) !== 'free' && this.#raw(1) > LAST[this.#type] >> 1;
  }

  /** What follows a cluster; it may lie outside of the disk. */
  get(cluster: number): FatEntry {
    const value = this.#raw(cluster);
    if (value === 0) return 'free';
    const kind = LAST[this.#type] - value;
    if (kind < 8) return 'last';
    if (kind === 8) return 'bad';
    return value;
  }

  /** Links `count` clusters from `first` on to a chain. */
  link(first: number, count: number): void {
    for (let at = first; at < first + count - 1; at++) this.#put(at, at + 1);
    if (count > 0) this.#put(first + count - 1, LAST[this.#type]);
  }

  #raw(index: number): number {
    if (this.#type === 16) return this.#view.getUint16(index * 2, true);
    if (this.#type === 32) return this.#view.getUint32(index * 4, true) & LAST[32];
    const pair = this.#view.getUint16(Math.floor(index * 1.5), true);
    return index % 2 === 0 ? pair & 0xfff : pair >> 4;
  }

  #put(index: number, value: number): void {
    if (this.#type === 16) this.#view.setUint16(index * 2, value, true);
    else if (this.#type === 32) this.#view.setUint32(index * 4, value, true);
    else {
      const at = Math.floor(index * 1.5);
      const pair = this.#view.getUint16(at, true);
      const both = index % 2 === 0 ? (pair & 0xf000) | value : (pair & 0x000f) | (value << 4);
      this.#view.setUint16(at, both, true);
    }
  }
}
