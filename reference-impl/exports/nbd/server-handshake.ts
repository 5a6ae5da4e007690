/**
 * The server's side of the fixed newstyle handshake: a client asks for options one by one until it chooses an export.
 */

import { secureServer, type TlsCredentials } from '../../crypto/tls-channel.ts';
import { ByteStream, StreamEnded } from '../../host/byte-stream.ts';
import {
  Fields,
  HeaderSize,
  pack,
  packOptionReply,
  u16,
  u32,
  u64,
  unpackOption,
} from '../../nbd/nbd-messages.ts';
import {
  ALLOCATION_CONTEXT,
  HandshakeFlag,
  Info,
  MAX_REQUEST,
  Magic,
  Option,
  OptionReply,
} from '../../nbd/nbd-protocol.ts';
import type { NbdExport } from './nbd-export.ts';

/** What a client has settled on. */
export interface Session {
  readonly stream: ByteStream;
  readonly export: NbdExport;
  readonly structured: boolean;
  /** Has selected `base:allocation` for this export. */
  readonly allocation: boolean;
}

/** The id of `base:allocation`, the only context there is. */
export const ALLOCATION_ID = 1;

/** Longer data of an option end the connection: names are the longest that any has. */
const MAX_OPTION = 64 * 1024;
const MIN_BLOCK = 1;
const PREFERRED_BLOCK = 4096;
const RESERVED_ZEROES = 124;

/** The data of an option are not what the protocol says, or not what the server has. */
class OptionRefused extends Error {
  readonly type: number;

  constructor(type: number, message: string) {
    super(message);
    this.type = type;
  }
}

/** Undefined if the client leaves in good order; throws `StreamEnded` or `Error` if not. */
export function negotiate(
  stream: ByteStream,
  exports: ReadonlyMap<string, NbdExport>,
  credentials: TlsCredentials | undefined,
): Promise<Session | undefined> {
  return new Handshake(stream, exports, credentials).run();
}

class Handshake {
  #stream: ByteStream;
  readonly #exports: ReadonlyMap<string, NbdExport>;
  readonly #credentials: TlsCredentials | undefined;
  #secured = false;
  #structured = false;
  /** The export for which `base:allocation` was selected. */
  #allocationOf: string | undefined;

  constructor(
    stream: ByteStream,
    exports: ReadonlyMap<string, NbdExport>,
    credentials: TlsCredentials | undefined,
  ) {
    this.#stream = stream;
    this.#exports = exports;
    this.#credentials = credentials;
  }

  async run(): Promise<Session | undefined> {
    const ours = HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes;
    this.#stream.write(pack(u64(Magic.server), u64(Magic.option), u16(ours)));
    const flags = (await this.#stream.read(4)).readUInt32BE(0);
    if (flags & ~ours) throw new Error(`client sent unknown flags ${flags}`);
    const noZeroes = (flags & HandshakeFlag.noZeroes) !== 0;
    for (;;) {
      const { magic, option, length } = unpackOption(await this.#stream.read(HeaderSize.option));
      if (magic !== Magic.option) throw new Error('client sent an option without its magic number');
      if (length > MAX_OPTION) throw new Error(`client sent ${length} bytes with option ${option}`);
      const data = await this.#stream.read(length);
      if (option === Option.exportName) return this.#byName(data, noZeroes);
      if (option === Option.abort) {
        this.#reply(option, OptionReply.ack);
        this.#stream.end();
        return undefined;
      }
      const chosen = await this.#answer(option, data);
      if (chosen !== undefined) return this.#session(chosen);
    }
  }

  /** The way without replies: what cannot be had ends the connection. */
  #byName(data: Buffer, noZeroes: boolean): Session {
    const found = this.#exports.get(data.toString());
    if (this.#tlsMissing() || found === undefined) throw new StreamEnded('export not available');
    const reserved = Buffer.alloc(noZeroes ? 0 : RESERVED_ZEROES);
    this.#stream.write(pack(u64(found.size), u16(found.flags(this.#structured)), reserved));
    return this.#session(found);
  }

  #session(chosen: NbdExport): Session {
    return {
      stream: this.#stream,
      export: chosen,
      structured: this.#structured,
      allocation: this.#allocationOf === chosen.name,
    };
  }

  /** Answers an option; the result is the export that it chose. */
  async #answer(option: number, data: Buffer): Promise<NbdExport | undefined> {
    try {
      if (option !== Option.startTls && this.#tlsMissing())
        throw new OptionRefused(OptionReply.errTlsReqd, 'TLS is required');
      const chosen = this.#carryOut(option, new Fields(data));
      this.#reply(option, OptionReply.ack);
      if (option === Option.startTls) await this.#secure();
      return chosen;
    } catch (error) {
      if (error instanceof OptionRefused) this.#reply(option, error.type, Buffer.from(error.message));
      else if (error instanceof RangeError)
        this.#reply(option, OptionReply.errInvalid, Buffer.from(error.message));
      else throw error;
      return undefined;
    }
  }

  #carryOut(option: number, data: Fields): NbdExport | undefined {
    switch (option) {
      case Option.list:
        noData(data);
        for (const name of this.#exports.keys())
          this.#reply(option, OptionReply.server, pack(u32(Buffer.byteLength(name)), name));
        return undefined;
      case Option.startTls:
        noData(data);
        if (this.#secured) throw new OptionRefused(OptionReply.errInvalid, 'TLS is in use already');
        if (this.#credentials === undefined)
          throw new OptionRefused(OptionReply.errPolicy, 'TLS is not configured');
        return undefined;
      case Option.structuredReply:
        noData(data);
        this.#structured = true;
        return undefined;
      case Option.info:
      case Option.go: {
        const found = this.#info(option, data);
        return option === Option.go ? found : undefined;
      }
      case Option.listMetaContext:
      case Option.setMetaContext:
        this.#metaContext(option, data);
        return undefined;
      default:
        throw new OptionRefused(OptionReply.errUnsup, `option ${option} is not supported`);
    }
  }

  #info(option: number, data: Fields): NbdExport {
    const found = this.#find(data.string());
    const wanted = new Set<number>();
    for (let count = data.u16(); count > 0; count -= 1) wanted.add(data.u16());
    noData(data);
    if (wanted.has(Info.name)) this.#reply(option, OptionReply.info, pack(u16(Info.name), found.name));
    this.#reply(
      option,
      OptionReply.info,
      pack(u16(Info.blockSize), u32(MIN_BLOCK), u32(PREFERRED_BLOCK), u32(MAX_REQUEST)),
    );
    this.#reply(
      option,
      OptionReply.info,
      pack(u16(Info.export), u64(found.size), u16(found.flags(this.#structured))),
    );
    return found;
  }

  #metaContext(option: number, data: Fields): void {
    if (!this.#structured)
      throw new OptionRefused(OptionReply.errInvalid, 'metadata need structured replies');
    const { name } = this.#find(data.string());
    const queries: string[] = [];
    for (let count = data.u32(); count > 0; count -= 1) queries.push(data.string());
    noData(data);
    const listing = option === Option.listMetaContext;
    const all = listing && queries.length === 0;
    const selected =
      all || queries.some((query) => query === ALLOCATION_CONTEXT || (listing && query === 'base:'));
    if (!listing) this.#allocationOf = selected ? name : undefined;
    if (selected)
      this.#reply(
        option,
        OptionReply.metaContext,
        pack(u32(listing ? 0 : ALLOCATION_ID), ALLOCATION_CONTEXT),
      );
  }

  #find(name: string): NbdExport {
    const found = this.#exports.get(name);
    if (found === undefined) throw new OptionRefused(OptionReply.errUnknown, `export '${name}' not present`);
    return found;
  }

  #tlsMissing(): boolean {
    return this.#credentials !== undefined && !this.#secured;
  }

  /** All that was agreed before TLS is forgotten: it may have been another who agreed. */
  async #secure(): Promise<void> {
    this.#stream = new ByteStream(await secureServer(this.#stream.detach(), this.#credentials!));
    this.#secured = true;
    this.#structured = false;
    this.#allocationOf = undefined;
  }

  #reply(option: number, type: number, data?: Uint8Array): void {
    this.#stream.write(packOptionReply(option, type, data));
  }
}

function noData(data: Fields): void {
  if (data.left > 0)
    throw new OptionRefused(OptionReply.errInvalid, 'option has data that it should not have');
}
