/**
 * An NBD server of the case's own, from the public protocol document: the fixed newstyle handshake, with simple replies
 * or structured ones. It keeps what clients ask for, and can fail it. It leaves it to clients to end a connection.
 */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import { Arrivals } from './arrivals.ts';
import type { Certificate } from './certificate.ts';
import { type Listening, listen } from './listening.ts';
import { ALLOCATION, emptyReply, errorReply, extentsOf, readReply, statusReply } from './nbd-chunks.ts';
import {
  ExportFlag,
  FIXED_NEWSTYLE_NO_ZEROES,
  Magic,
  NbdCommand,
  NbdInfo,
  NbdOption,
  OptionReply,
} from './nbd-numbers.ts';
import { uint16, uint32, uint64 } from './wire-numbers.ts';

/** What a server shows, under a name of its own. */
export interface PeerExport {
  readonly data: Buffer;
  /** Bytes, where there is more than the data that are ever asked for. Default: as long as the data. */
  readonly size?: number;
  /** Default: flush, and nothing else. */
  readonly flags?: number;
  /** Told to clients: the shortest request, one of good length, and the longest. Bytes. */
  readonly blocks?: readonly [least: number, good: number, most: number];
  /** Ranges that are told as holes, in order, with something between them. For servers that are `structured`. */
  readonly holes?: readonly (readonly [offset: number, length: number])[];
}

/** How a server differs from one that has but what it must have. */
export interface Manners {
  /** It replies in chunks, back to front, and tells of holes those who ask. */
  readonly structured?: boolean;
  /** It knows no way to choose an export but the oldest. */
  readonly old?: boolean;
  /** It tells nothing to those who do not begin TLS. */
  readonly certificate?: Certificate;
  /** What it sends in place of a message. */
  readonly spoil?: (kind: 'greeting' | 'option' | 'reply', message: Buffer) => Buffer;
}

/** A request as it came. Bytes. */
export interface PeerRequest {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
  /** What a write brings; null of other kinds. */
  readonly data: Buffer | null;
}

/** A server that listens. */
export interface NbdPeer extends Listening {
  /** `server` of blockdev-add. */
  readonly address: JsonObject;
  /** Names of exports that clients asked for. */
  readonly asked: readonly string[];
  readonly requests: readonly PeerRequest[];
  /** Clients that have said that they want no export. */
  readonly aborts: number;
  /** NBD's number of the error that requests end with, from now on; 0: they succeed. */
  fail: number;
  /** Whether this request ends with the error that there is. Default: each does. */
  fails: (request: PeerRequest) => boolean;
  /** What the reply to a request waits for, while others are replied to. Default: nothing. */
  held: (request: PeerRequest) => Promise<void> | undefined;
}

/** Starts a server on a socket in the scratch folder, or on a port of the loopback address. Ends with the case. */
export async function startNbdPeer(
  t: Pick<CaseContext, 'cleanup' | 'dir' | 'name' | 'scratch'>,
  exports: Readonly<Record<string, PeerExport>>,
  via: 'unix' | 'inet' = 'unix',
  manners: Manners = {},
): Promise<NbdPeer> {
  const peer = new Peer(exports, manners);
  const name = t.name('peer');
  const server = createServer((socket) => {
    // Who is left alone by its client has nothing more to do.
    peer.serve(socket).catch(() => socket.destroy());
  });
  const listening = await listen(t, server, via === 'unix' ? { path: join(t.scratch, name) } : undefined);
  const address =
    via === 'unix'
      ? { type: 'unix', path: `${t.dir}/${name}` }
      : { type: 'inet', host: '127.0.0.1', port: String(listening.port) };
  return Object.assign(peer, listening, { address });
}

/** What a server does for those who connect. */
class Peer {
  readonly asked: string[] = [];
  readonly requests: PeerRequest[] = [];
  aborts = 0;
  fail = 0;
  fails: (request: PeerRequest) => boolean = () => true;
  held: (request: PeerRequest) => Promise<void> | undefined = () => undefined;
  readonly #exports: Readonly<Record<string, PeerExport>>;
  readonly #manners: Manners;

  constructor(exports: Readonly<Record<string, PeerExport>>, manners: Manners) {
    this.#exports = exports;
    this.#manners = manners;
  }

  async serve(socket: Socket): Promise<void> {
    const inbox = new Arrivals(socket);
    socket.write(this.#spoilt('greeting', GREETING));
    const flags = (await inbox.take(4)).readUInt32BE(0);
    await this.#negotiate(socket, inbox, (flags & 2) === 0);
  }

  #spoilt(kind: 'greeting' | 'option' | 'reply', message: Buffer): Buffer {
    return this.#manners.spoil?.(kind, message) ?? message;
  }

  /** Serves the export that the client comes to want. */
  async #negotiate(plain: Socket, first: Arrivals, zeroes: boolean): Promise<void> {
    let [socket, inbox] = [plain, first];
    let isOpen = this.#manners.certificate === undefined;
    for (;;) {
      const head = await inbox.take(16);
      const option = head.readUInt32BE(8);
      const data = await inbox.take(head.readUInt32BE(12));
      const reply = (type: number, body?: Buffer): void => {
        socket.write(this.#spoilt('option', optionReply(option, type, body)));
      };
      if (option === NbdOption.abort) {
        this.aborts += 1;
        socket.resume();
        return;
      }
      if (option === NbdOption.startTls && this.#manners.certificate !== undefined) {
        reply(OptionReply.ack);
        socket = new TLSSocket(socket, { isServer: true, ...this.#manners.certificate });
        inbox = new Arrivals(socket);
        isOpen = true;
        continue;
      }
      if (option === NbdOption.exportName) {
        const found = isOpen ? this.#named(data.toString()) : undefined;
        if (found === undefined) throw new Error('there is no way to tell the client');
        socket.write(Buffer.concat([described(found), Buffer.alloc(zeroes ? 124 : 0)]));
        return this.#transmit(socket, inbox, found);
      }
      if (!isOpen) {
        reply(OptionReply.tlsRequired);
        continue;
      }
      if (option === NbdOption.list) {
        for (const name of Object.keys(this.#exports)) {
          const bytes = Buffer.from(name);
          reply(OptionReply.server, Buffer.concat([uint32(bytes.length), bytes]));
        }
        reply(OptionReply.ack);
        continue;
      }
      if (option === NbdOption.structured && this.#manners.structured === true) {
        reply(OptionReply.ack);
        continue;
      }
      if (option === NbdOption.setContexts && this.#manners.structured === true) {
        if (data.includes(ALLOCATION.name))
          reply(OptionReply.context, Buffer.concat([uint32(ALLOCATION.id), Buffer.from(ALLOCATION.name)]));
        reply(OptionReply.ack);
        continue;
      }
      if (this.#manners.old === true || (option !== NbdOption.go && option !== NbdOption.info)) {
        reply(OptionReply.unsupported);
        continue;
      }
      const found = this.#named(data.toString('utf8', 4, 4 + data.readUInt32BE(0)));
      if (found === undefined) {
        reply(OptionReply.unknown);
        continue;
      }
      reply(OptionReply.info, Buffer.concat([uint16(NbdInfo.export), described(found)]));
      if (found.blocks !== undefined)
        reply(OptionReply.info, Buffer.concat([uint16(NbdInfo.blockSize), ...found.blocks.map(uint32)]));
      reply(OptionReply.ack);
      if (option === NbdOption.go) return this.#transmit(socket, inbox, found);
    }
  }

  #named(name: string): PeerExport | undefined {
    this.asked.push(name);
    return Object.hasOwn(this.#exports, name) ? this.#exports[name] : undefined;
  }

  async #transmit(socket: Socket, inbox: Arrivals, { data, holes = [] }: PeerExport): Promise<void> {
    for (;;) {
      const head = await inbox.take(28);
      const [flags, type] = [head.readUInt16BE(4), head.readUInt16BE(6)];
      const [offset, length] = [Number(head.readBigUInt64BE(16)), head.readUInt32BE(24)];
      const sent = type === NbdCommand.write ? await inbox.take(length) : null;
      const request = { flags, type, offset, length, data: sent };
      this.requests.push(request);
      if (type === NbdCommand.disconnect) {
        socket.resume();
        return;
      }
      const error = this.fail !== 0 && this.fails(request) ? this.fail : 0;
      if (error === 0) {
        sent?.copy(data, offset);
        if (type === NbdCommand.writeZeroes || type === NbdCommand.trim)
          data.fill(0, offset, offset + length);
      }
      const cookie = head.subarray(8, 16);
      let answer = simpleReply(cookie, error);
      if (this.#manners.structured === true) {
        const extents = extentsOf(holes, offset, length);
        if (error !== 0) answer = errorReply(cookie, error);
        else if (type === NbdCommand.read) answer = readReply(cookie, data, extents);
        else if (type === NbdCommand.status) answer = statusReply(cookie, flags, extents);
        else answer = emptyReply(cookie);
      } else if (type === NbdCommand.read && error === 0)
        answer = Buffer.concat([answer, data.subarray(offset, offset + length)]);
      const reply = (): void => void socket.write(this.#spoilt('reply', answer));
      const held = this.held(request);
      if (held === undefined) reply();
      else void held.then(reply);
    }
  }
}

/** What a server begins with. */
export const GREETING = Buffer.concat([Buffer.from(Magic.greeting), uint16(FIXED_NEWSTYLE_NO_ZEROES)]);

/** The reply to an option of a client. */
export function optionReply(option: number, type: number, body: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([uint64(Magic.optionReply), uint32(option), uint32(type), uint32(body.length), body]);
}

const simpleReply = (cookie: Buffer, error: number): Buffer =>
  Buffer.concat([uint32(Magic.simpleReply), uint32(error), cookie]);

/** Size and flags. */
const described = ({
  data,
  size = data.length,
  flags = ExportFlag.has | ExportFlag.flush,
}: PeerExport): Buffer => Buffer.concat([uint64(size), uint16(flags)]);

/** Puts another byte there: for `Manners.spoil`. */
export const changedAt =
  (at: number, byte: number) =>
  (message: Buffer): Buffer => {
    const bytes = Buffer.from(message);
    bytes[at] = byte;
    return bytes;
  };
