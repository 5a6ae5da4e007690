/**
 * A client of the endpoint's NBD server that says each thing of the public protocol document by itself, in any order,
 * also what it must not say, and tells what comes back.
 */
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { CaseContext } from '../../case.ts';
import { Arrivals } from './arrivals.ts';
import {
  Chunk,
  DONE,
  FIXED_NEWSTYLE_NO_ZEROES,
  Magic,
  NbdCommand,
  NbdOption,
  OptionReply,
  REFUSAL,
} from './nbd-numbers.ts';
import { uint16, uint32, uint64 } from './wire-numbers.ts';

const REPLY_LENGTH = 16;

/** What a request asks for. Bytes. */
export interface VisitRequest {
  readonly type: number;
  readonly flags?: number;
  readonly offset?: number | bigint;
  readonly length?: number;
  readonly data?: Buffer;
}

/** One reply to an option. */
export interface OptionAnswer {
  readonly type: number;
  readonly data: Buffer;
}

/** A chunk of a structured reply. */
export interface ChunkAnswer {
  readonly flags: number;
  readonly type: number;
  readonly body: Buffer;
}

/** A string behind its length. */
export const nbdString = (text: string): Buffer =>
  Buffer.concat([uint32(Buffer.byteLength(text)), Buffer.from(text)]);

/** The data of an option that asks for information on an export. */
export const infoRequest = (name: string, ...kinds: readonly number[]): Buffer =>
  Buffer.concat([nbdString(name), uint16(kinds.length), ...kinds.map(uint16)]);

/** The data of an option about metadata contexts of an export. */
export const contextRequest = (name: string, ...queries: readonly string[]): Buffer =>
  Buffer.concat([nbdString(name), uint32(queries.length), ...queries.map(nbdString)]);

/** The first bytes that a server says to a client there; null if nobody listens. */
export async function greetingAt(where: NetConnectOpts): Promise<string | null> {
  const socket = connect(where);
  try {
    await once(socket, 'connect');
    const [data] = (await once(socket, 'data')) as [Buffer];
    return data.toString('latin1', 0, 8);
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

/** A connection. That the server ends it first fails the case. */
export class NbdVisitor {
  readonly #t: CaseContext;
  #socket: Socket;
  #arrivals: Arrivals;
  #cookie = 0x1122_3344_5566_7700n;

  private constructor(t: CaseContext, socket: Socket) {
    this.#t = t;
    this.#socket = socket;
    this.#arrivals = new Arrivals(socket);
    t.cleanup(async () => {
      socket.destroy();
    });
  }

  /** Connects to the server there, or at a path as we see it, reads its greeting and answers with `flags`. */
  static async open(
    t: CaseContext,
    where: string | NetConnectOpts,
    flags = FIXED_NEWSTYLE_NO_ZEROES,
  ): Promise<NbdVisitor> {
    const visitor = new NbdVisitor(t, connect(typeof where === 'string' ? { path: where } : where));
    const greeting = await visitor.#take(18);
    t.equal(greeting.toString('latin1', 0, 16), Magic.greeting, 'the server must greet its clients');
    t.equal(
      greeting.readUInt16BE(16),
      FIXED_NEWSTYLE_NO_ZEROES,
      'the server must offer the fixed newstyle, and to leave out the zeroes',
    );
    visitor.send(uint32(flags));
    return visitor;
  }

  /** The same, and chooses the export, with structured replies if they are wanted. */
  static async enter(
    t: CaseContext,
    where: string | NetConnectOpts,
    name: string,
    { structured = false, contexts = [] }: { structured?: boolean; contexts?: readonly string[] } = {},
  ): Promise<NbdVisitor> {
    const visitor = await NbdVisitor.open(t, where);
    if (structured) await visitor.option(NbdOption.structured);
    if (contexts.length > 0) await visitor.option(NbdOption.setContexts, contextRequest(name, ...contexts));
    const answers = await visitor.option(NbdOption.go, infoRequest(name));
    t.equal(answers.at(-1)?.type ?? null, OptionReply.ack, 'the server must let a client choose an export');
    return visitor;
  }

  /** Goes on over TLS, as the server has granted. That it fails fails the case. */
  async secure(options: ConnectionOptions): Promise<void> {
    const secure = connectTls({ ...options, socket: this.#socket });
    const fault = await once(secure, 'secureConnect').then(
      () => null,
      (error: Error) => error.message,
    );
    this.#t.check(
      fault === null,
      'the server must begin TLS with a client that trusts it',
      `it fails: ${fault}`,
    );
    this.#socket = secure;
    this.#arrivals = new Arrivals(secure);
  }

  send(...bytes: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(bytes));
  }

  /** Says an option, whatever comes of it. */
  say(code: number, data: Buffer): void {
    this.send(Buffer.from(Magic.option), uint32(code), uint32(data.length), data);
  }

  /** Says an option and gives all replies to it: the last is an acknowledgement or a refusal. */
  async option(code: number, data: Buffer = Buffer.alloc(0)): Promise<OptionAnswer[]> {
    this.say(code, data);
    const answers: OptionAnswer[] = [];
    for (;;) {
      const head = await this.#take(20);
      this.#t.check(
        head.readBigUInt64BE(0) === Magic.optionReply,
        'a reply to an option must begin with its magic number',
        'it does not',
      );
      this.#t.equal(head.readUInt32BE(8), code, 'a reply must name the option that it answers');
      const type = head.readUInt32BE(12);
      answers.push({ type, data: await this.#take(head.readUInt32BE(16)) });
      if (type >= REFUSAL || type === OptionReply.ack) return answers;
    }
  }

  /** Chooses an export in the oldest way: its size and flags, and behind them zeroes unless these were declined. */
  async exportName(name: string, zeroes: number): Promise<{ size: number; flags: number; zeroes: Buffer }> {
    this.say(NbdOption.exportName, Buffer.from(name));
    const head = await this.#take(10);
    return {
      size: Number(head.readBigUInt64BE(0)),
      flags: head.readUInt16BE(8),
      zeroes: await this.#take(zeroes),
    };
  }

  /** Sends a request and gives its cookie. */
  begin(
    { type, flags = 0, offset = 0, length = 0, data }: VisitRequest,
    magic: number = Magic.request,
  ): bigint {
    this.#cookie += 1n;
    const head = Buffer.concat([uint32(magic), uint16(flags), uint16(type), uint64(this.#cookie)]);
    this.send(head, uint64(offset), uint32(length), data ?? Buffer.alloc(0));
    return this.#cookie;
  }

  /** The head of the next simple reply, and `length` bytes of data behind it if it tells no error. */
  async simpleReply(length = 0): Promise<{ error: number; cookie: bigint; data: Buffer }> {
    const head = await this.#take(REPLY_LENGTH);
    this.#t.equal(head.readUInt32BE(0), Magic.simpleReply, 'a simple reply must begin with its magic number');
    const error = head.readUInt32BE(4);
    return { error, cookie: head.readBigUInt64BE(8), data: await this.#take(error === 0 ? length : 0) };
  }

  /** A request that is answered simply: the error, or 0, and the data. */
  async request(request: VisitRequest): Promise<{ error: number; data: Buffer }> {
    const cookie = this.begin(request);
    const reply = await this.simpleReply(request.type === NbdCommand.read ? (request.length ?? 0) : 0);
    this.#t.check(reply.cookie === cookie, 'a reply must carry the cookie of its request', 'it does not');
    return reply;
  }

  /**
   * A request of a client that gets structured replies: all chunks, in the order in which they came. What gives no
   * content may be answered simply: that is told as the chunk that says the same.
   */
  async chunks(request: VisitRequest): Promise<ChunkAnswer[]> {
    const cookie = this.begin(request);
    const chunks: ChunkAnswer[] = [];
    for (;;) {
      const start = await this.#take(REPLY_LENGTH);
      this.#t.check(
        start.readBigUInt64BE(8) === cookie,
        'a reply must carry the cookie of its request',
        'it does not',
      );
      if (start.readUInt32BE(0) === Magic.simpleReply && chunks.length === 0) {
        const error = start.readUInt32BE(4);
        if (error === 0) return [{ flags: DONE, type: Chunk.none, body: Buffer.alloc(0) }];
        return [{ flags: DONE, type: Chunk.error, body: Buffer.concat([uint32(error), uint16(0)]) }];
      }
      this.#t.equal(
        start.readUInt32BE(0),
        Magic.chunk,
        'a structured reply must begin with its magic number',
      );
      const flags = start.readUInt16BE(4);
      const length = (await this.#take(4)).readUInt32BE(0);
      chunks.push({ flags, type: start.readUInt16BE(6), body: await this.#take(length) });
      if ((flags & DONE) !== 0) return chunks;
    }
  }

  /** States that the server ends the connection, and sends nothing before; a refusal of a request if it may. */
  async checkEnds(after: string, { mayRefuse = false } = {}): Promise<void> {
    const came = (length: number): Promise<Buffer | null> => this.#arrivals.take(length).catch(() => null);
    const refusal = mayRefuse ? await came(REPLY_LENGTH) : null;
    this.#t.check(
      (refusal === null || refusal.readUInt32BE(4) !== 0) && (await came(1)) === null,
      `the server must end the connection after ${after}`,
      'it sends more',
    );
  }

  #take(length: number): Promise<Buffer> {
    return this.#arrivals
      .take(length)
      .catch(() => this.#t.fail('the NBD server must answer its client', 'it ends the connection'));
  }
}
