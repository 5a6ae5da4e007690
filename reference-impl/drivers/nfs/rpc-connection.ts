/**
 * A connection on which calls of ONC RPC go out and their replies come in, in any order (RFC 5531). Both are records:
 * fragments, each behind its length, of which the last one says so.
 */
import { ByteStream } from '../../host/byte-stream.ts';
import type { Waiting } from '../../host/patience.ts';
import { SilenceWatch } from '../../host/silence-watch.ts';
import { type Dialling, dial } from './dial.ts';
import type { ProgramId } from './nfs-protocol.ts';
import { BadMessage, opaque, uint32, words, XdrReader } from './xdr.ts';

const RPC_VERSION = 2;
const Direction = { call: 0, reply: 1 } as const;
const LAST_FRAGMENT = 0x80000000;
/** Longest record that is taken: the most that is read at once, what is around it, and what fragments cost beside their bytes. */
const MAX_RECORD = 2 << 20;
const FRAGMENT_COST = 64;
/** Longest verifier of a reply. */
const MAX_AUTH = 400;
/** How long a server that owes replies may send nothing, in nanoseconds. */
const SILENCE = 60_000_000_000n;

/** Why an accepted call was not performed, by the number in the reply. */
const REFUSALS = [
  'Program not available',
  'Program version mismatch',
  'Procedure not available',
  'Garbage arguments',
  'System Error',
];

/** The connection has ended, and nothing more comes from it. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The server does not perform a call. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
}

/** A call, less what the connection adds. */
export interface Call {
  readonly program: ProgramId;
  readonly procedure: number;
  /** The caller, as `AUTH_SYS` or another flavour puts it. */
  readonly credentials: Buffer;
  readonly args: readonly Uint8Array[];
}

interface Pending {
  resolve(results: XdrReader): void;
  reject(error: Error): void;
}

/** Calls in flight on one connection. */
export class RpcConnection {
  readonly #stream: ByteStream;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #lost: ConnectionLost | undefined;
  readonly #watch: SilenceWatch;

  /** Connects. Throws `ConnectionLost`. */
  static async open(where: Dialling): Promise<RpcConnection> {
    try {
      return new RpcConnection(new ByteStream(await dial(where)), where);
    } catch (cause) {
      throw new ConnectionLost((cause as Error).message, { cause });
    }
  }

  private constructor(stream: ByteStream, waiting: Waiting) {
    this.#stream = stream;
    this.#watch = new SilenceWatch(waiting, SILENCE, {
      received: () => stream.received,
      owes: () => this.#pending.size > 0,
      giveUp: ({ message }) => this.#lose(new ConnectionLost(message)),
    });
    void this.#receive();
  }

  /** Makes a call; gives its results. Throws `ConnectionLost`, `CallRefused`, or `BadMessage` for a reply that is none. */
  call({ program, procedure, credentials, args }: Call): Promise<XdrReader> {
    if (this.#lost) return Promise.reject(this.#lost);
    const id = this.#next;
    this.#next = (id + 1) >>> 0;
    const header = Buffer.concat([
      words(id, Direction.call, RPC_VERSION, program.number, program.version, procedure),
      credentials,
      words(0, 0),
    ]);
    const length = args.reduce((sum, arg) => sum + arg.length, header.length);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#stream.write(uint32(length + LAST_FRAGMENT), header, ...args);
      this.#watch.begin();
    });
  }

  /** Ends the connection; calls in flight fail. */
  close(): void {
    this.#lose(new ConnectionLost('connection closed'));
  }

  async #receive(): Promise<void> {
    try {
      for (;;) this.#take(new XdrReader(await this.#record()));
    } catch (cause) {
      this.#lose(new ConnectionLost((cause as Error).message, { cause }));
    }
  }

  #lose(reason: ConnectionLost): void {
    this.#lost ??= reason;
    this.#watch.end();
    this.#stream.destroy();
    for (const { reject } of this.#pending.values()) reject(this.#lost);
    this.#pending.clear();
  }

  async #record(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let length = 0; ; ) {
      const mark = (await this.#stream.read(4)).readUInt32BE(0);
      const size = mark % LAST_FRAGMENT;
      length += size + FRAGMENT_COST;
      if (length > MAX_RECORD) throw new BadMessage(`record of ${length} bytes`);
      parts.push(await this.#stream.read(size));
      if (mark >= LAST_FRAGMENT) return Buffer.concat(parts);
    }
  }

  /** A reply to no call is passed over: it may be late, for one that was given up. */
  #take(reply: XdrReader): void {
    const id = reply.uint32();
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    try {
      skipHeader(reply);
      pending.resolve(reply);
    } catch (error) {
      pending.reject(error as Error);
    }
  }
}

/** Of a reply, up to its results. Throws `CallRefused` where there are none. */
function skipHeader(reply: XdrReader): void {
  if (reply.uint32() !== Direction.reply) throw new BadMessage('a call where a reply is due');
  if (reply.uint32() !== 0) throw new CallRefused('RPC Packet not accepted by the server');
  reply.uint32();
  reply.opaque(MAX_AUTH);
  const outcome = reply.uint32();
  if (outcome !== 0) throw new CallRefused(`Server responded: ${REFUSALS[outcome - 1] ?? 'Unknown error'}`);
}

/** Credentials of a user and a group of the host of this name (`AUTH_SYS`). */
export function systemCredentials(machine: string, user: number, group: number): Buffer {
  const flavor = 1;
  const body = [uint32(0), opaque(Buffer.from(machine)), words(user, group, 0)];
  return Buffer.concat([uint32(flavor), opaque(Buffer.concat(body))]);
}
