/**
 * The client's side of the transmission: many requests in flight on one connection, their replies in any order.
 *
 * A server that breaks the protocol, leaves, or falls silent while it owes a reply is given up: what is in flight
 * and all that comes later fails with `EIO`, for which `cause` says why.
 */

import type { ByteStream } from '../../host/byte-stream.ts';
import { IoError } from '../../host/errno.ts';
import type { Waiting } from '../../host/patience.ts';
import { SilenceWatch } from '../../host/silence-watch.ts';
import {
  type Chunk,
  type Cookie,
  HeaderSize,
  packRequest,
  unpackChunk,
  unpackSimpleReply,
} from '../../nbd/nbd-messages.ts';
import { Command, errorName, Magic } from '../../nbd/nbd-protocol.ts';
import { ProtocolViolation, Reply } from './reply.ts';

/** How long a server that owes replies may send nothing, in nanoseconds. */
const SILENCE = 120_000_000_000n;

export interface OutgoingRequest {
  readonly type: number;
  readonly flags?: number;
  readonly offset: number;
  readonly length: number;
  /** What a write sends. */
  readonly data?: Uint8Array;
  /** What a read fills. */
  readonly target?: Uint8Array;
}

interface Pending {
  readonly reply: Reply;
  resolve(reply: Reply): void;
  reject(error: IoError): void;
}

export class Connection {
  readonly #stream: ByteStream;
  readonly #structured: boolean;
  readonly #pending = new Map<Cookie, Pending>();
  #next: Cookie = 1n;
  #failure: Error | undefined;
  readonly #watch: SilenceWatch;

  constructor(stream: ByteStream, structured: boolean, waiting: Waiting) {
    this.#stream = stream;
    this.#structured = structured;
    this.#watch = new SilenceWatch(waiting, SILENCE, {
      received: () => stream.received,
      owes: () => this.#pending.size > 0,
      giveUp: (reason) => this.#giveUp(reason),
    });
    void this.#receive();
  }

  /** Sends a request; resolves with the whole reply. Throws `IoError`. */
  request(command: OutgoingRequest): Promise<Reply> {
    if (this.#failure) return Promise.reject(broken(this.#failure));
    const cookie = this.#next;
    this.#next += 1n;
    return new Promise((resolve, reject) => {
      this.#pending.set(cookie, { reply: new Reply(command), resolve, reject });
      const { type, flags = 0, offset, length, data } = command;
      const header = packRequest({ flags, type, cookie, offset, length });
      if (data) this.#stream.write(header, data);
      else this.#stream.write(header);
      this.#watch.begin();
    });
  }

  /** Takes leave of the server. */
  close(): void {
    if (!this.#failure) {
      this.#stream.write(
        packRequest({ flags: 0, type: Command.disc, cookie: this.#next, offset: 0, length: 0 }),
      );
      this.#stream.end();
    }
    this.#fail(new Error('connection closed'));
  }

  async #receive(): Promise<void> {
    try {
      for (;;) await this.#receiveOne();
    } catch (error) {
      this.#giveUp(error as Error);
    }
  }

  #giveUp(reason: Error): void {
    this.#fail(reason);
    this.#stream.destroy();
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#watch.end();
    for (const { reject } of this.#pending.values()) reject(broken(this.#failure));
    this.#pending.clear();
  }

  async #receiveOne(): Promise<void> {
    const start = await this.#stream.read(HeaderSize.simpleReply);
    const magic = start.readUInt32BE(0);
    if (magic === Magic.simpleReply) {
      await this.#receiveSimple(start);
      return;
    }
    if (magic !== Magic.structuredReply || !this.#structured)
      throw new ProtocolViolation(`reply begins with 0x${magic.toString(16)}`);
    const rest = await this.#stream.read(HeaderSize.chunk - HeaderSize.simpleReply);
    await this.#receiveChunk(unpackChunk(Buffer.concat([start, rest])));
  }

  async #receiveSimple(header: Buffer): Promise<void> {
    const { error, cookie } = unpackSimpleReply(header);
    const { reply } = this.#find(cookie);
    if (error === 0) {
      if (this.#structured && reply.wantsContent)
        throw new ProtocolViolation(
          'simple reply to a request for data, though structured replies were agreed on',
        );
      await reply.receiveAll(this.#stream);
    } else reply.failed(errorName(error));
    this.#finish(cookie);
  }

  async #receiveChunk(chunk: Chunk): Promise<void> {
    const done = await this.#find(chunk.cookie).reply.receive(chunk, this.#stream);
    if (done) this.#finish(chunk.cookie);
  }

  #find(cookie: Cookie): Pending {
    const pending = this.#pending.get(cookie);
    if (!pending) throw new ProtocolViolation(`reply to no request (cookie ${cookie})`);
    return pending;
  }

  #finish(cookie: Cookie): void {
    const { reply, resolve, reject } = this.#find(cookie);
    this.#pending.delete(cookie);
    if (reply.error) reject(reply.error);
    else resolve(reply);
  }
}

function broken(cause: Error): IoError {
  return new IoError('EIO', { cause });
}
