/**
 * The protocol data units of iSCSI (RFC 7143, section 11): a header of 48 bytes, its digest where that is agreed, and data,
 * filled up to whole words. Only commands may have more of a header, and none that is sent here does.
 */
import { crc32c } from '../../crypto/crc32c.ts';
import type { ByteStream } from '../../host/byte-stream.ts';

/** Bytes of a header. */
export const HEADER = 48;
const WORD = 4;

export const Opcode = {
  nopOut: 0x00,
  command: 0x01,
  login: 0x03,
  dataOut: 0x05,
  logout: 0x06,
  nopIn: 0x20,
  response: 0x21,
  loginResponse: 0x23,
  dataIn: 0x25,
  logoutResponse: 0x26,
  readyToTransfer: 0x31,
  asyncMessage: 0x32,
  reject: 0x3f,
} as const;

/** Beside the opcode: the unit does not wait for its turn, and has no number of its own. */
export const IMMEDIATE = 0x40;

/** Bits of the second byte, which means something else in each kind of unit. */
export const Flag = {
  final: 0x80,
  /** Of a command. */
  read: 0x40,
  write: 0x20,
  simple: 0x01,
  /** Of a login: this side is done with the stage; there is more text. */
  transit: 0x80,
  continued: 0x40,
  /** Of the end of a command: there is less, or would have been more, than was expected. */
  overflow: 0x04,
  underflow: 0x02,
  /** Of data that come: the command ends with them. */
  status: 0x01,
} as const;

/** A tag that stands for none. */
export const NO_TAG = 0xffffffff;

/** Where the words of a header are; which of them there are depends on the kind of unit. */
const position = {
  tag: 16,
  targetTag: 20,
  expectedLength: 20,
  cmdSn: 24,
  statSn: 24,
  expStatSn: 28,
  expCmdSn: 28,
  maxCmdSn: 32,
  loginStatus: 36,
  dataSn: 36,
  offset: 40,
  desiredLength: 44,
  residual: 44,
} as const;

export type Word = keyof typeof position;

/** What stands in a unit. */
export interface Fields {
  /** `IMMEDIATE` may be added. */
  readonly opcode: number;
  readonly flags: number;
  /** Third and fourth byte. */
  readonly more?: number;
  /** Eight bytes: the logical unit, or the session in a login. */
  readonly place?: Uint8Array | undefined;
  readonly words: { readonly [W in Word]?: number };
  readonly command?: Uint8Array | undefined;
  readonly data?: Uint8Array | undefined;
}

/** A unit as it goes over the wire, in parts. */
export function packPdu(fields: Fields, digest: boolean): Uint8Array[] {
  const { opcode, flags, more = 0, place, words, command, data = new Uint8Array() } = fields;
  const header = Buffer.alloc(HEADER);
  header[0] = opcode;
  header[1] = flags;
  header.writeUInt16BE(more, 2);
  header.writeUIntBE(data.length, 5, 3);
  if (place !== undefined) header.set(place, 8);
  for (const [name, value] of Object.entries(words))
    header.writeUInt32BE(value >>> 0, position[name as Word]);
  if (command !== undefined) header.set(command, 32);
  const parts: Uint8Array[] = [header];
  if (digest) parts.push(digestOf(header));
  if (data.length > 0) parts.push(data, new Uint8Array(padding(data.length)));
  return parts;
}

/** How many bytes follow so many, to make whole words of them. */
function padding(length: number): number {
  return -length & (WORD - 1);
}

function digestOf(header: Uint8Array): Buffer {
  const digest = Buffer.alloc(WORD);
  digest.writeUInt32LE(crc32c(header));
  return digest;
}

/** The peer has broken the protocol. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

/** A header that has come; its data are still in the stream. */
export class Header {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get opcode(): number {
    return this.bytes[0]! & 0x3f;
  }

  get flags(): number {
    return this.bytes[1]!;
  }

  /** The third byte: what the peer answers, or why it refuses. */
  get answer(): number {
    return this.bytes[2]!;
  }

  /** The fourth byte: how a command ended. */
  get status(): number {
    return this.bytes[3]!;
  }

  get dataLength(): number {
    return this.bytes.readUIntBE(5, 3);
  }

  word(name: Word): number {
    return this.bytes.readUInt32BE(position[name]);
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
}

/** The next header. Throws `ProtocolViolation` where its digest is not right, `StreamEnded`. */
export async function readHeader(stream: ByteStream, digest: boolean): Promise<Header> {
  const bytes = await stream.read(HEADER);
  if (digest && !digestOf(bytes).equals(await stream.read(WORD)))
    throw new ProtocolViolation('header digest is wrong');
  return new Header(bytes);
}

/** The data of a unit, which are no longer than `most`. Throws `ProtocolViolation`, `StreamEnded`. */
export async function readData(stream: ByteStream, { dataLength }: Header, most: number): Promise<Buffer> {
  if (dataLength > most) throw new ProtocolViolation(`data segment of ${dataLength} bytes is too long`);
  const data = await stream.read(dataLength);
  await stream.skip(padding(dataLength));
  return data;
}
