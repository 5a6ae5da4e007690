/** How the messages of the NBD protocol lie in bytes: one function to write and one to read each of them. */
import { Magic } from './nbd-protocol.ts';

/** Bytes before the data of a message. */
export const HeaderSize = { option: 16, optionReply: 20, request: 28, simpleReply: 16, chunk: 20 } as const;

/** Names a request and the replies to it. */
export type Cookie = bigint;

export interface OptionHeader {
  readonly magic: bigint;
  readonly option: number;
  /** The length of the data that follow, in bytes. */
  readonly length: number;
}

/** A server's answer to an option; `type` is one of `OptionReply`. */
export interface OptionReplyHeader extends OptionHeader {
  readonly type: number;
}

/** A request of a client; offset and length are in bytes. */
export interface Request {
  readonly magic: number;
  readonly flags: number;
  readonly type: number;
  readonly cookie: Cookie;
  /** Exact up to 2^53; beyond that no export reaches. */
  readonly offset: number;
  readonly length: number;
}

/** The head of a chunk of a structured reply; `length` bytes follow it. */
export interface Chunk {
  readonly flags: number;
  readonly type: number;
  readonly cookie: Cookie;
  readonly length: number;
}

/** Integers of the given sizes in network byte order, one after another; strings as UTF-8, buffers as they are. */
export function pack(...fields: readonly Packable[]): Buffer {
  return Buffer.concat(
    fields.map((field) =>
      typeof field === 'string' ? Buffer.from(field) : field instanceof Uint8Array ? field : integer(field),
    ),
  );
}

export type Packable = Field | string | Uint8Array;

interface Field {
  readonly bytes: 2 | 4 | 8;
  readonly value: number | bigint;
}

/** An unsigned field of 2 bytes. */
export const u16 = (value: number): Field => ({ bytes: 2, value });
/** An unsigned field of 4 bytes. */
export const u32 = (value: number): Field => ({ bytes: 4, value });
/** An unsigned field of 8 bytes. */
export const u64 = (value: number | bigint): Field => ({ bytes: 8, value });

function integer({ bytes, value }: Field): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 8) buffer.writeBigUInt64BE(BigInt(value));
  else buffer.writeUIntBE(Number(value), 0, bytes);
  return buffer;
}

/** An option of the client's, whole. */
export function packOption(option: number, data: Uint8Array = new Uint8Array()): Buffer {
  return pack(u64(Magic.option), u32(option), u32(data.length), data);
}

/** Reads the head of an option; its data follows. */
export function unpackOption(bytes: Buffer): OptionHeader {
  return {
    magic: bytes.readBigUInt64BE(0),
    option: bytes.readUInt32BE(8),
    length: bytes.readUInt32BE(12),
  };
}

/** The answer to an option, whole. */
export function packOptionReply(option: number, type: number, data: Uint8Array = new Uint8Array()): Buffer {
  return pack(u64(Magic.optionReply), u32(option), u32(type), u32(data.length), data);
}

/** Reads the head of the answer to an option; its data follows. */
export function unpackOptionReply(bytes: Buffer): OptionReplyHeader {
  return {
    magic: bytes.readBigUInt64BE(0),
    option: bytes.readUInt32BE(8),
    type: bytes.readUInt32BE(12),
    length: bytes.readUInt32BE(16),
  };
}

/** The head of a request; the data of a write goes behind it. */
export function packRequest({ flags, type, cookie, offset, length }: Omit<Request, 'magic'>): Buffer {
  const bytes = Buffer.allocUnsafe(HeaderSize.request);
  bytes.writeUInt32BE(Magic.request, 0);
  bytes.writeUInt16BE(flags, 4);
  bytes.writeUInt16BE(type, 6);
  bytes.writeBigUInt64BE(cookie, 8);
  bytes.writeBigUInt64BE(BigInt(offset), 16);
  bytes.writeUInt32BE(length, 24);
  return bytes;
}

/** Reads the head of a request; the data of a write follows. */
export function unpackRequest(bytes: Buffer): Request {
  return {
    magic: bytes.readUInt32BE(0),
    flags: bytes.readUInt16BE(4),
    type: bytes.readUInt16BE(6),
    cookie: bytes.readBigUInt64BE(8),
    offset: Number(bytes.readBigUInt64BE(16)),
    length: bytes.readUInt32BE(24),
  };
}

/** The head of a simple reply; the data of a read goes behind it. `error` is 0 or an NBD error number. */
export function packSimpleReply(error: number, cookie: Cookie): Buffer {
  const bytes = Buffer.allocUnsafe(HeaderSize.simpleReply);
  bytes.writeUInt32BE(Magic.simpleReply, 0);
  bytes.writeUInt32BE(error, 4);
  bytes.writeBigUInt64BE(cookie, 8);
  return bytes;
}

/** Reads the head of a simple reply; the data of a read follows if `error` is 0. */
export function unpackSimpleReply(bytes: Buffer): { readonly error: number; readonly cookie: Cookie } {
  return { error: bytes.readUInt32BE(4), cookie: bytes.readBigUInt64BE(8) };
}

/** The head of a chunk; `length` bytes go behind it. */
export function packChunk({ flags, type, cookie, length }: Chunk): Buffer {
  const bytes = Buffer.allocUnsafe(HeaderSize.chunk);
  bytes.writeUInt32BE(Magic.structuredReply, 0);
  bytes.writeUInt16BE(flags, 4);
  bytes.writeUInt16BE(type, 6);
  bytes.writeBigUInt64BE(cookie, 8);
  bytes.writeUInt32BE(length, 16);
  return bytes;
}

/** Reads the head of a chunk; `length` bytes follow. */
export function unpackChunk(bytes: Buffer): Chunk {
  return {
    flags: bytes.readUInt16BE(4),
    type: bytes.readUInt16BE(6),
    cookie: bytes.readBigUInt64BE(8),
    length: bytes.readUInt32BE(16),
  };
}

/** Reads fields from the data of a message; throws `RangeError` where they end too early. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u16(): number {
    return this.bytes(2).readUInt16BE(0);
  }

  u32(): number {
    return this.bytes(4).readUInt32BE(0);
  }

  u64(): bigint {
    return this.bytes(8).readBigUInt64BE(0);
  }

  bytes(length: number): Buffer {
    if (length > this.left) throw new RangeError(`message ends ${length - this.left} bytes early`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A string behind its length, in 32 bits. */
  string(): string {
    return this.bytes(this.u32()).toString();
  }
}
