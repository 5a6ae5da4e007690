/**
 * An NBD server of the case's own, from the public protocol document: the fixed newstyle handshake with simple replies.
 * It keeps what clients ask for, and can fail it.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import type { Certificate } from './certificate.ts';

const REPLY_MAGIC = 0x3e889045565a9n;
const Reply = {
  ack: 1,
  info: 3,
  unsupported: 2 ** 31 + 1,
  tlsRequired: 2 ** 31 + 5,
  unknown: 2 ** 31 + 6,
} as const;
const Option = { exportName: 1, abort: 2, list: 3, startTls: 5, info: 6, go: 7 } as const;
const SIMPLE_REPLY_MAGIC = 0x67446698;

/** Flags of an export. */
export const ExportFlag = { has: 1, readOnly: 2, flush: 4, fua: 8, trim: 32, writeZeroes: 64 } as const;
/** Kinds of requests. */
export const NbdCommand = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, writeZeroes: 6 } as const;

/** What a server shows, under a name of its own. */
export interface PeerExport {
  readonly data: Buffer;
  /** Default: flush, and nothing else. */
  readonly flags?: number;
}

/** A request as it came. Bytes. */
export interface PeerRequest {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
}

/** A server that listens. */
export interface NbdPeer {
  /** `server` of blockdev-add. */
  readonly address: JsonObject;
  /** Names of exports that clients asked for. */
  readonly asked: readonly string[];
  readonly requests: readonly PeerRequest[];
  /** NBD's number of the error that requests end with, from now on; 0: they succeed. */
  fail: number;
  /** Resolves when no client is connected. */
  idle(): Promise<void>;
  /** Ends all connections, and listens no more. */
  stop(): Promise<void>;
}

/**
 * Starts a server on a socket in the scratch folder, or on a port of the loopback address. Ends with the case. With
 * `certificate` it tells nothing to those who do not begin TLS.
 */
export async function startNbdPeer(
  t: CaseContext,
  exports: Readonly<Record<string, PeerExport>>,
  via: 'unix' | 'inet' = 'unix',
  certificate?: Certificate,
): Promise<NbdPeer> {
  const peer = new Peer(exports, certificate);
  const name = t.name('peer');
  await peer.listen(via === 'unix' ? { path: join(t.scratch, name) } : { host: '127.0.0.1', port: 0 });
  t.cleanup(() => peer.stop());
  peer.address =
    via === 'unix'
      ? { type: 'unix', path: `${t.dir}/${name}` }
      : { type: 'inet', host: '127.0.0.1', port: String(peer.port) };
  return peer;
}

class Peer implements NbdPeer {
  address: JsonObject = {};
  readonly asked: string[] = [];
  readonly requests: PeerRequest[] = [];
  fail = 0;
  readonly #exports: Readonly<Record<string, PeerExport>>;
  readonly #certificate: Certificate | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(exports: Readonly<Record<string, PeerExport>>, certificate: Certificate | undefined) {
    this.#exports = exports;
    this.#certificate = certificate;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // Who is left alone by its client has nothing more to do.
      this.#serve(socket).catch(() => socket.destroy());
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(at: { path: string } | { host: string; port: number }): Promise<void> {
    this.#server.listen(at);
    await once(this.#server, 'listening');
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#sockets].map((socket) => once(socket, 'close')));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(socket: Socket): Promise<void> {
    const inbox = new Arrivals(socket);
    const greeting = Buffer.alloc(18);
    greeting.write('NBDMAGICIHAVEOPT', 'latin1');
    greeting.writeUInt16BE(3, 16);
    socket.write(greeting);
    const flags = (await inbox.take(4)).readUInt32BE(0);
    await this.#negotiate(socket, inbox, (flags & 2) === 0);
  }

  /** Serves the export that the client comes to want. */
  async #negotiate(plain: Socket, first: Arrivals, zeroes: boolean): Promise<void> {
    let [socket, inbox] = [plain, first];
    let isOpen = this.#certificate === undefined;
    for (;;) {
      const head = await inbox.take(16);
      const option = head.readUInt32BE(8);
      const data = await inbox.take(head.readUInt32BE(12));
      const reply = (type: number, body = Buffer.alloc(0)): void => {
        const start = Buffer.alloc(20);
        start.writeBigUInt64BE(REPLY_MAGIC, 0);
        start.writeUInt32BE(option, 8);
        start.writeUInt32BE(type, 12);
        start.writeUInt32BE(body.length, 16);
        socket.write(Buffer.concat([start, body]));
      };
      if (option === Option.abort) break;
      if (option === Option.startTls && this.#certificate !== undefined) {
        reply(Reply.ack);
        socket = new TLSSocket(socket, { isServer: true, ...this.#certificate });
        inbox = new Arrivals(socket);
        isOpen = true;
        continue;
      }
      if (option === Option.exportName) {
        const found = isOpen ? this.#named(data.toString()) : undefined;
        if (found === undefined) break;
        socket.write(Buffer.concat([described(found), Buffer.alloc(zeroes ? 124 : 0)]));
        return this.#transmit(socket, inbox, found);
      }
      if (!isOpen) {
        reply(Reply.tlsRequired);
        continue;
      }
      if (option === Option.list) {
        for (const name of Object.keys(this.#exports)) {
          const length = Buffer.alloc(4);
          length.writeUInt32BE(Buffer.byteLength(name));
          reply(2, Buffer.concat([length, Buffer.from(name)]));
        }
        reply(Reply.ack);
        continue;
      }
      if (option !== Option.go && option !== Option.info) {
        reply(Reply.unsupported);
        continue;
      }
      const found = this.#named(data.toString('utf8', 4, 4 + data.readUInt32BE(0)));
      if (found === undefined) {
        reply(Reply.unknown);
        continue;
      }
      reply(Reply.info, Buffer.concat([Buffer.from([0, 0]), described(found)]));
      reply(Reply.ack);
      if (option === Option.go) return this.#transmit(socket, inbox, found);
    }
    socket.end();
  }

  #named(name: string): PeerExport | undefined {
    this.asked.push(name);
    return Object.hasOwn(this.#exports, name) ? this.#exports[name] : undefined;
  }

  async #transmit(socket: Socket, inbox: Arrivals, { data }: PeerExport): Promise<void> {
    for (;;) {
      const head = await inbox.take(28);
      const request: PeerRequest = {
        flags: head.readUInt16BE(4),
        type: head.readUInt16BE(6),
        offset: Number(head.readBigUInt64BE(16)),
        length: head.readUInt32BE(24),
      };
      const { type, offset, length } = request;
      const sent = type === NbdCommand.write ? await inbox.take(length) : null;
      this.requests.push(request);
      if (type === NbdCommand.disconnect) {
        socket.end();
        return;
      }
      const answer = Buffer.alloc(16);
      answer.writeUInt32BE(SIMPLE_REPLY_MAGIC, 0);
      answer.writeUInt32BE(this.fail, 4);
      head.copy(answer, 8, 8, 16);
      if (this.fail === 0) {
        sent?.copy(data, offset);
        if (type === NbdCommand.writeZeroes) data.fill(0, offset, offset + length);
      }
      const isRead = type === NbdCommand.read && this.fail === 0;
      socket.write(isRead ? Buffer.concat([answer, data.subarray(offset, offset + length)]) : answer);
    }
  }
}

/** Bytes of a connection, for one who asks for so many at a time. */
class Arrivals {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket.pause();
    socket.on('error', () => socket.destroy());
  }

  /** Rejects if the client goes first. */
  async take(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    for (;;) {
      const bytes: Buffer | null = this.#socket.read(length);
      if (bytes?.length === length) return bytes;
      if (this.#socket.readableEnded || this.#socket.destroyed) throw new Error('the client has gone');
      await new Promise<void>((resolve) => {
        const told = (): void => {
          for (const name of ['readable', 'end', 'close']) this.#socket.off(name, told);
          resolve();
        };
        for (const name of ['readable', 'end', 'close']) this.#socket.on(name, told);
      });
    }
  }
}

/** Size and flags. */
function described({ data, flags = ExportFlag.has | ExportFlag.flush }: PeerExport): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeBigUInt64BE(BigInt(data.length), 0);
  bytes.writeUInt16BE(flags, 8);
  return bytes;
}
