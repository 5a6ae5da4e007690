/** The RAM of the machine: pages exist once they are written to. */

const PAGE = 64 * 1024;

/** Bytes from address 0 on. Beyond its end reads give zeroes and writes are lost. */
export class GuestMemory {
  readonly #size: number;
  readonly #pages = new Map<number, Buffer>();

  /** `size` in bytes. */
  constructor(size: number) {
    this.#size = size;
  }

  read(address: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (const { page, from, to, at } of pieces(address, Math.min(length, this.#size - address)))
      this.#pages.get(page)?.copy(bytes, at, from, to);
    return bytes;
  }

  write(address: number, data: Uint8Array): void {
    for (const { page, from, to, at } of pieces(address, Math.min(data.length, this.#size - address)))
      this.#page(page).set(data.subarray(at, at + to - from), from);
  }

  fill(address: number, length: number, byte: number): void {
    for (const { page, from, to } of pieces(address, Math.min(length, this.#size - address)))
      if (byte !== 0 || this.#pages.has(page)) this.#page(page).fill(byte, from, to);
  }

  #page(number: number): Buffer {
    const known = this.#pages.get(number);
    if (known) return known;
    const made = Buffer.alloc(PAGE);
    this.#pages.set(number, made);
    return made;
  }
}

interface Piece {
  readonly page: number;
  /** Within the page. */
  readonly from: number;
  readonly to: number;
  /** Within what is read or written. */
  readonly at: number;
}

function* pieces(address: number, length: number): Generator<Piece> {
  for (let at = 0; at < length; ) {
    const from = (address + at) % PAGE;
    const to = Math.min(PAGE, from + length - at);
    yield { page: Math.floor((address + at) / PAGE), from, to, at };
    at += to - from;
  }
}
