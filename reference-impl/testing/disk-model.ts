/**
 * What the images of a chain hold, kept in memory by the plainest rules. A model has clusters of its own, and
 * what it lacks shows through from the model below; nothing shows from behind the end of that one.
 */

export class DiskModel {
  readonly clusterSize: number;
  below: DiskModel | undefined;
  #data: Buffer;
  /** The clusters that do not show what is below. */
  #own: boolean[];

  /** Without anything below, a model is zeroes and all its own. Sizes in bytes. */
  constructor(size: number, clusterSize: number, below?: DiskModel) {
    this.clusterSize = clusterSize;
    this.below = below;
    this.#data = Buffer.alloc(size);
    this.#own = Array.from({ length: this.#clusters(size) }, () => below === undefined);
  }

  get size(): number {
    return this.#data.length;
  }

  /** What a guest reads of the first `length` bytes. */
  shows(length = this.size): Buffer {
    const shown = Buffer.alloc(length);
    this.below?.shows(this.size).copy(shown);
    for (const [start, end] of this.owned()) this.#data.copy(shown, start, start, end);
    return shown;
  }

  /** The ranges that are its own, as long as they can be. */
  *owned(): Generator<readonly [start: number, end: number]> {
    for (let index = 0; index < this.#own.length; index += 1) {
      if (!this.#own[index]) continue;
      const start = index;
      while (this.#own[index + 1]) index += 1;
      yield [start * this.clusterSize, Math.min(this.size, (index + 1) * this.clusterSize)];
    }
  }

  write(offset: number, data: Uint8Array): void {
    this.populate(offset, offset + data.length);
    this.#data.set(data, offset);
  }

  /** Makes the clusters that a range touches its own; what they show stays. */
  populate(start: number, end: number): void {
    if (start >= end) return;
    const from = Math.floor(start / this.clusterSize);
    const to = this.#clusters(end);
    if (!this.#own.slice(from, to).includes(false)) return;
    this.shows().copy(this.#data, from * this.clusterSize, from * this.clusterSize, to * this.clusterSize);
    this.#own.fill(true, from, to);
  }

  /** Takes over all that shows through from above `base`, and stands on that from then on. */
  streamFrom(base: DiskModel | undefined): void {
    for (let model = this.below; model !== undefined && model !== base; model = model.below) {
      for (const [start, end] of model.owned()) this.populate(start, Math.min(end, this.size));
      if (base !== undefined && base.size > model.size)
        this.populate(model.size, Math.min(base.size, this.size));
    }
    this.below = base;
  }

  /** Becomes as long as what is committed to it, and shows that. What it holds behind stays. */
  takeIn(shown: Buffer): void {
    this.grow(shown.length);
    this.write(0, shown);
  }

  /** Makes it longer, with zeroes. */
  grow(size: number): void {
    if (size <= this.size) return;
    const shown = this.shows(size);
    const from = this.size;
    const hides = this.below !== undefined && this.below.size > from;
    this.#data = Buffer.concat([this.#data, Buffer.alloc(size - from)]);
    const count = this.#clusters(size);
    while (this.#own.length < count) this.#own.push(this.below === undefined || hides);
    if (hides) this.write(from, shown.subarray(from));
  }

  #clusters(size: number): number {
    return Math.ceil(size / this.clusterSize);
  }
}
