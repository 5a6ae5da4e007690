/**
 * The client's side of the fixed newstyle handshake:
 *
 * 1. greeting, flags
 * 2. TLS, if there are credentials
 * 3. structured replies, and the context `base:allocation`
 * 4. the export, by `GO`, else by `EXPORT_NAME` with a server that knows no `GO`
 */

import { secureClient, type TlsCredentials } from '../../crypto/tls-channel.ts';
import { ByteStream, StreamEnded } from '../../host/byte-stream.ts';
import {
  Fields,
  HeaderSize,
  type OptionReplyHeader,
  pack,
  packOption,
  u16,
  u32,
  unpackOptionReply,
} from '../../nbd/nbd-messages.ts';
import {
  ALLOCATION_CONTEXT,
  DEFAULT_MIN_BLOCK,
  ExportFlag,
  HandshakeFlag,
  Info,
  isOptionError,
  MAX_REQUEST,
  MAX_STRING,
  Magic,
  Option,
  OptionReply,
} from '../../nbd/nbd-protocol.ts';
import { CommandError } from '../../qapi/command-error.ts';

/** What the server has told of the export. */
export interface ExportInfo {
  /** Bytes. */
  readonly size: number;
  /** A set of `ExportFlag`. */
  readonly flags: number;
  /** Requests are multiples of it. A power of two. */
  readonly minBlock: number;
  /** A multiple of `minBlock`. */
  readonly maxBlock: number;
}

export interface Agreement {
  readonly stream: ByteStream;
  readonly info: ExportInfo;
  readonly structured: boolean;
  /** The id of `base:allocation`, if the server has it. */
  readonly allocationId: number | undefined;
}

export interface Wishes {
  readonly exportName: string;
  readonly tls: { readonly credentials: TlsCredentials; readonly host: string } | undefined;
}

/** No reply to an option needs more bytes; a server that sends more is not listened to. */
const MAX_REPLY = 64 * 1024;
/** The most replies to one option. */
const MAX_REPLIES = 1000;
/** The largest minimum block size that the protocol knows. */
const MAX_MIN_BLOCK = 2 ** 16;
const RESERVED_ZEROES = 124;

const optionNames: Readonly<Record<number, string>> = {
  [Option.startTls]: 'starttls',
  [Option.go]: 'go',
  [Option.structuredReply]: 'structured reply',
  [Option.setMetaContext]: 'set meta context',
};

const described = (option: number): string => `${option} (${optionNames[option] ?? '<unknown>'})`;

/** Agrees with the server behind `stream`. Throws `CommandError`. */
export async function negotiate(stream: ByteStream, wishes: Wishes): Promise<Agreement> {
  const handshake = new Handshake(stream);
  try {
    return await handshake.run(wishes);
  } catch (error) {
    handshake.leave();
    if (error instanceof RangeError) throw new CommandError(`Server sent a bad reply: ${error.message}`);
    throw error;
  }
}

class Handshake {
  #stream: ByteStream;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  async run({ exportName, tls }: Wishes): Promise<Agreement> {
    if (Buffer.byteLength(exportName) > MAX_STRING)
      throw new CommandError('export name too long to send to server');
    const flags = await this.#greet();
    const noZeroes = (flags & HandshakeFlag.noZeroes) !== 0;
    if ((flags & HandshakeFlag.fixedNewstyle) === 0) {
      if (tls) throw new CommandError('Server does not support STARTTLS');
      return this.#agreement(await this.#byName(exportName, noZeroes), false, undefined);
    }
    if (tls) await this.#startTls(tls.credentials, tls.host);
    const structured = await this.#isAccepted(Option.structuredReply);
    const allocationId = structured ? await this.#allocation(exportName) : undefined;
    const info = (await this.#go(exportName)) ?? (await this.#byName(exportName, noZeroes));
    return this.#agreement(info, structured, allocationId);
  }

  /** Ends the haggling as the protocol wants it; what the server answers does not matter any more. */
  leave(): void {
    this.#stream.write(packOption(Option.abort));
    this.#stream.end();
  }

  #agreement(info: ExportInfo, structured: boolean, allocationId: number | undefined): Agreement {
    return { stream: this.#stream, info, structured, allocationId };
  }

  async #greet(): Promise<number> {
    const first = (await this.#read(8, 'initial magic')).readBigUInt64BE(0);
    if (first !== Magic.server) throw new CommandError(`Bad initial magic received: ${hex(first)}`);
    const second = (await this.#read(8, 'server magic')).readBigUInt64BE(0);
    if (second !== Magic.option) throw new CommandError(`Bad server magic received: ${hex(second)}`);
    const flags = (await this.#read(2, 'server flags')).readUInt16BE(0);
    const known = flags & (HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes);
    this.#stream.write(pack(u32(known)));
    return known;
  }

  async #startTls(credentials: TlsCredentials, host: string): Promise<void> {
    this.#stream.write(packOption(Option.startTls));
    const reply = await this.#reply(Option.startTls);
    if (reply.type !== OptionReply.ack) throw refusal(reply);
    try {
      this.#stream = new ByteStream(await secureClient(this.#stream.detach(), credentials, host));
    } catch (error) {
      throw new CommandError((error as Error).message);
    }
  }

  /** Asks for an option without data that the server need not have. */
  async #isAccepted(option: number): Promise<boolean> {
    this.#stream.write(packOption(option));
    const reply = await this.#reply(option);
    if (reply.type === OptionReply.ack) {
      if (reply.length > 0)
        throw new CommandError(
          `Option ${option} ('${optionNames[option]}') response length is ${reply.length} (it should be zero)`,
        );
      return true;
    }
    if (reply.type === OptionReply.errTlsReqd || !isOptionError(reply.type)) throw refusal(reply);
    return false;
  }

  /** Selects `base:allocation`; the result is its id. */
  async #allocation(exportName: string): Promise<number | undefined> {
    const option = Option.setMetaContext;
    this.#stream.write(packOption(option, pack(...text(exportName), u32(1), ...text(ALLOCATION_CONTEXT))));
    let id: number | undefined;
    for await (const reply of this.#replies(option)) {
      if (reply.type !== OptionReply.metaContext) continue;
      const given = reply.data.u32();
      if (reply.data.bytes(reply.data.left).toString() !== ALLOCATION_CONTEXT)
        throw new CommandError('Server selected a metadata context that was not asked for');
      id = given;
    }
    return id;
  }

  /** Undefined if the server does not know the option. */
  async #go(exportName: string): Promise<ExportInfo | undefined> {
    const option = Option.go;
    this.#stream.write(packOption(option, pack(...text(exportName), u16(1), u16(Info.blockSize))));
    let told: { size: number; flags: number } | undefined;
    let blocks = { minBlock: DEFAULT_MIN_BLOCK, maxBlock: MAX_REQUEST };
    for await (const reply of this.#replies(option)) {
      if (reply.type === OptionReply.errUnsup) return undefined;
      if (isOptionError(reply.type)) throw refusal(reply);
      if (reply.type === OptionReply.ack) break;
      if (reply.type !== OptionReply.info)
        throw new CommandError(`unexpected reply type ${reply.type}, expected ${OptionReply.info} (info)`);
      const { data } = reply;
      const kind = data.u16();
      if (kind === Info.export) {
        checkSize(data, 10, 'export');
        told = { size: exportSize(data.u64()), flags: data.u16() };
      } else if (kind === Info.blockSize) {
        checkSize(data, 12, 'block size');
        blocks = blockSizes(data.u32(), data.u32(), data.u32());
      }
    }
    if (told === undefined || (told.flags & ExportFlag.hasFlags) === 0)
      throw new CommandError('broken server omitted NBD_INFO_EXPORT');
    return { ...told, ...blocks };
  }

  async #byName(exportName: string, noZeroes: boolean): Promise<ExportInfo> {
    this.#stream.write(packOption(Option.exportName, Buffer.from(exportName)));
    const size = exportSize((await this.#read(8, 'export length')).readBigUInt64BE(0));
    const flags = (await this.#read(2, 'export flags')).readUInt16BE(0);
    if (!noZeroes) await this.#read(RESERVED_ZEROES, 'reserved block');
    return { size, flags, minBlock: DEFAULT_MIN_BLOCK, maxBlock: MAX_REQUEST };
  }

  /** All replies to an option, the last one (an acknowledgement or an error) included. */
  async *#replies(option: number) {
    for (let count = 0; count < MAX_REPLIES; count += 1) {
      const reply = await this.#reply(option);
      yield reply;
      if (reply.type === OptionReply.ack || isOptionError(reply.type)) return;
    }
    throw new CommandError(`Server sent more than ${MAX_REPLIES} replies to option ${described(option)}`);
  }

  async #reply(option: number): Promise<OptionReplyHeader & { readonly data: Fields }> {
    const header = unpackOptionReply(await this.#read(HeaderSize.optionReply, 'option reply'));
    if (header.magic !== Magic.optionReply) throw new CommandError('Unexpected option reply magic');
    if (header.option !== option)
      throw new CommandError(
        `Unexpected option type ${described(header.option)}, expected ${described(option)}`,
      );
    if (header.length > MAX_REPLY)
      throw new CommandError(`option ${described(option)} reply of ${header.length} bytes is too long`);
    return { ...header, data: new Fields(await this.#read(header.length, 'option reply')) };
  }

  async #read(length: number, what: string): Promise<Buffer> {
    try {
      return await this.#stream.read(length);
    } catch (error) {
      if (error instanceof StreamEnded) throw new CommandError(`Failed to read ${what}: ${error.message}`);
      throw error;
    }
  }
}

const refusals: Readonly<Record<number, (option: string) => string>> = {
  [OptionReply.errUnsup]: (option) => `Server lacks support for option ${option}`,
  [OptionReply.errPolicy]: (option) => `Denied by server for option ${option}`,
  [OptionReply.errInvalid]: (option) => `Invalid parameters for option ${option}`,
  [OptionReply.errPlatform]: (option) => `Server lacks support for option ${option}`,
  [OptionReply.errTlsReqd]: (option) => `TLS negotiation required before option ${option}`,
  [OptionReply.errUnknown]: () => 'Requested export not available',
  [OptionReply.errShutdown]: (option) => `Server shutting down before option ${option}`,
  [OptionReply.errBlockSizeReqd]: (option) => `Server requires INFO_BLOCK_SIZE for option ${option}`,
};

function refusal({ type, option }: OptionReplyHeader): CommandError {
  const words = refusals[type] ?? ((name: string) => `Unknown error code when asking for option ${name}`);
  return new CommandError(words(described(option)));
}

function text(value: string) {
  return [u32(Buffer.byteLength(value)), value] as const;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function checkSize(data: Fields, size: number, what: string): void {
  if (data.left !== size)
    throw new CommandError(`remaining ${what} info len ${data.left} is unexpected size`);
}

function exportSize(size: bigint): number {
  if (size >= 2n ** 63n) throw new CommandError('export length is too large');
  return Number(size);
}

function blockSizes(min: number, preferred: number, max: number): { minBlock: number; maxBlock: number } {
  if (!isPowerOfTwo(min)) throw new CommandError(`server minimum block size ${min} is not a power of two`);
  if (min > MAX_MIN_BLOCK) throw new CommandError(`server minimum block size ${min} is too large`);
  if (!isPowerOfTwo(preferred) || preferred < min)
    throw new CommandError(`server preferred block size ${preferred} is not valid`);
  if (max < min || max < preferred) throw new CommandError(`server maximum block size ${max} is not valid`);
  const most = Math.min(max, MAX_REQUEST);
  return { minBlock: min, maxBlock: most - (most % min) };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}
