/** The block that was unpacked last, kept: reads that follow each other mostly want the same one. */
export class BlockCache<Block> {
  readonly #unpack: (block: Block) => Promise<Uint8Array>;
  #kept: { readonly index: number; readonly data: Uint8Array } | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  /** `unpack` is called for one block at a time, so that few of them are in memory. */
  constructor(unpack: (block: Block) => Promise<Uint8Array>) {
    this.#unpack = unpack;
  }

  /** Fills `buffer` from byte `within` of a block, which `index` tells from others. Throws what `unpack` does. */
  copy(index: number, block: Block, within: number, buffer: Uint8Array): Promise<void> {
    const copied = this.#tail.then(async () => {
      if (this.#kept?.index !== index) {
        this.#kept = undefined;
        this.#kept = { index, data: await this.#unpack(block) };
      }
      buffer.set(this.#kept.data.subarray(within, within + buffer.length));
    });
    this.#tail = copied.catch(() => undefined);
    return copied;
  }
}
