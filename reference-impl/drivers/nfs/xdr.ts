/** How values lie in the messages of ONC RPC (XDR, RFC 4506): in units of four bytes, the highest first. */

/** A peer's message that is not what the protocol says. */
export class BadMessage extends Error {
  override readonly name = 'BadMessage';
}

const UNIT = 4;

/** Bytes that fill up the last unit. */
const padding = (length: number): number => (UNIT - (length % UNIT)) % UNIT;

/** A number without sign in one unit. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(UNIT);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A number without sign in two units. */
export function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.allocUnsafe(2 * UNIT);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Bytes of any number, behind that number. */
export function opaque(data: Uint8Array): Buffer {
  return Buffer.concat([uint32(data.length), data, Buffer.alloc(padding(data.length))]);
}

/** Numbers of one unit each. */
export const words = (...values: readonly number[]): Buffer => Buffer.concat(values.map(uint32));

/** Text as bytes. */
export const text = (value: string): Buffer => opaque(Buffer.from(value));

/** Takes values from the front of a message. Throws `BadMessage` where it ends too early. */
export class XdrReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #take(length: number): Buffer {
    const start = this.#at;
    if (length > this.#bytes.length - start)
      throw new BadMessage(`message ends ${length - (this.#bytes.length - start)} bytes early`);
    this.#at += length;
    return this.#bytes.subarray(start, start + length);
  }

  uint32(): number {
    return this.#take(UNIT).readUInt32BE(0);
  }

  uint64(): bigint {
    return this.#take(2 * UNIT).readBigUInt64BE(0);
  }

  bool(): boolean {
    return this.uint32() !== 0;
  }

  /** Bytes of any number up to `most`. */
  opaque(most: number): Buffer {
    const length = this.uint32();
    if (length > most) throw new BadMessage(`${length} bytes where ${most} may be`);
    const bytes = this.#take(length);
    this.#take(padding(length));
    return bytes;
  }

  skip(units: number): void {
    this.#take(units * UNIT);
  }

  /** What has not been taken yet. */
  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }
}
