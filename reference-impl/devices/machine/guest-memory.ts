/** The RAM of the machine: it takes room of the host where it is written to. */

/** Bytes from address 0 on. Beyond its end reads give zeroes and writes are lost. */
export class GuestMemory {
  readonly #size: number;
  #made: Buffer | undefined;

  /** `size` in bytes. */
  constructor(size: number) {
    this.#size = size;
  }

  get #bytes(): Buffer {
    this.#made ??= Buffer.alloc(this.#size);
    return this.#made;
  }

  read(address: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.#bytes.subarray(address, address + length).copy(bytes);
    return bytes;
  }

  write(address: number, data: Buffer): void {
    data.copy(this.#bytes, address);
  }

  fill(address: number, length: number, byte: number): void {
    this.#bytes.subarray(address, address + length).fill(byte);
  }
}
