/**
 * A small NBD client, from the public protocol document: the fixed newstyle handshake with NBD_OPT_EXPORT_NAME, then
 * reads and writes one after another. Who asks sees an export's bytes as a guest would.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { IoRequest } from '../cases/io-request.ts';
import { clientFlags, FIXED_NEWSTYLE_NO_ZEROES, isGreeting, option } from './handshake.ts';
import { Inbox } from './inbox.ts';

const EXPORT_NAME = 1;
const REQUEST_MAGIC = 0x25609513;
const READ = 0;
const WRITE = 1;
const DISCONNECT = 2;
const FLUSH = 3;
const TRIM = 4;
const WRITE_ZEROES = 6;
/** Flags of an export that says which requests it takes besides reads and writes. */
const TAKES = { flush: 4, discard: 32, 'write-zeroes': 64 } as const;
/** Flag of a request to write zeroes: it must not leave a hole. */
const NO_HOLE = 2;
const READ_ONLY_FLAG = 2;
const REQUEST_LENGTH = 28;
const REPLY_LENGTH = 16;

/** Bytes of one request; servers need not take more than 32 MiB. */
const MOST_BYTES = 1 << 20;

/** Where all sockets read to: what is there is taken at once. Buffers of their own would be a collector's main work. */
const ARRIVING = Buffer.allocUnsafeSlow(1 << 18);

const ENOTSUP = 95;

/** NBD's numbers of errors. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [1, 'EPERM'],
  [5, 'EIO'],
  [12, 'ENOMEM'],
  [22, 'EINVAL'],
  [28, 'ENOSPC'],
  [75, 'EOVERFLOW'],
  [ENOTSUP, 'ENOTSUP'],
  [108, 'ESHUTDOWN'],
]);

/** The server refused a request; `code` is NBD's number of the error. */
export class NbdError extends Error {
  override readonly name = 'NbdError';
  readonly code: number;

  /** Name of the error, or its number where NBD has no such error. */
  get reason(): string {
    return REASONS.get(this.code) ?? String(this.code);
  }

  constructor(what: string, code: number) {
    super(`NBD ${what} failed with ${code}`);
    this.code = code;
  }
}

/** The connection was refused, ended, or was given up. */
export class NbdClosed extends Error {
  override readonly name = 'NbdClosed';
}

/** A client of one export. Methods reject with `NbdError` for what the server refuses, `NbdClosed` when it has gone. */
export class NbdClient {
  /** Bytes. */
  readonly size: number;
  readonly readOnly: boolean;
  readonly #flags: number;
  readonly #socket: Socket;
  readonly #inbox: Inbox;

  private constructor(socket: Socket, inbox: Inbox, described: Buffer) {
    this.#socket = socket;
    this.#inbox = inbox;
    this.size = Number(described.readBigUInt64BE(0));
    this.#flags = described.readUInt16BE(8);
    this.readOnly = (this.#flags & READ_ONLY_FLAG) !== 0;
  }

  /**
   * Rejects with `NbdClosed` if nobody listens at `path`, there is no export of that name, or the signal is aborted
   * first; from then on the signal ends the connection.
   */
  static async connect(path: string, name: string, signal?: AbortSignal): Promise<NbdClient> {
    const inbox = new Inbox();
    const onread = {
      buffer: ARRIVING,
      callback: (count: number) => {
        inbox.put(ARRIVING.subarray(0, count));
        return true;
      },
    };
    const socket = connect({ path, onread, signal });
    try {
      await once(socket, 'connect').catch((cause: unknown) => {
        throw new NbdClosed('no NBD server is there', { cause });
      });
      socket.on('error', (cause) => inbox.end(new NbdClosed('the NBD connection broke', { cause })));
      socket.on('close', () => inbox.end(new NbdClosed('the other side closed the NBD connection')));
      if (!(await isGreeting(inbox))) throw new NbdClosed('this is no NBD server of the newstyle handshake');
      socket.write(Buffer.concat([clientFlags(FIXED_NEWSTYLE_NO_ZEROES), option(EXPORT_NAME, name)]));
      return new NbdClient(socket, inbox, await inbox.take(10));
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Rejects with `NbdError` or `NbdClosed`. */
  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length; done += MOST_BYTES) {
      const part = bytes.subarray(done, done + MOST_BYTES);
      await this.#request('read', READ, offset + done, part.length);
      await this.#inbox.fill(part);
    }
    return bytes;
  }

  /** As `read` rejects. At most `MOST_BYTES`. */
  async write(offset: number, data: Buffer): Promise<void> {
    await this.#request('write', WRITE, offset, data.length, data);
  }

  /** A request of which only the outcome counts, as a single one; ENOTSUP if the export does not take it. As `read` rejects. */
  async perform(request: IoRequest): Promise<void> {
    if (request.kind in TAKES && (this.#flags & TAKES[request.kind as keyof typeof TAKES]) === 0)
      throw new NbdError(request.kind, ENOTSUP);
    if (request.kind === 'flush') return this.#request('flush', FLUSH, 0, 0);
    const { kind, offset, length } = request;
    switch (kind) {
      case 'read':
        await this.#request(kind, READ, offset, length);
        await this.#inbox.take(length);
        return;
      case 'write':
        return this.#request(kind, WRITE, offset, length, Buffer.alloc(length, request.byte));
      case 'write-zeroes':
        return this.#request(
          kind,
          WRITE_ZEROES,
          offset,
          length,
          undefined,
          request.unmap === true ? 0 : NO_HOLE,
        );
      case 'discard':
        return this.#request(kind, TRIM, offset, length);
    }
  }

  close(): void {
    if (!this.#socket.destroyed) this.#socket.end(message(DISCONNECT, 0, 0));
    this.#socket.destroySoon();
  }

  async #request(
    what: string,
    type: number,
    offset: number,
    length: number,
    data?: Buffer,
    flags = 0,
  ): Promise<void> {
    const head = message(type, offset, length, flags);
    this.#socket.write(data === undefined ? head : Buffer.concat([head, data]));
    const code = (await this.#inbox.take(REPLY_LENGTH)).readUInt32BE(4);
    if (code !== 0) throw new NbdError(what, code);
  }
}

function message(type: number, offset: number, length: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(REQUEST_LENGTH);
  bytes.writeUInt32BE(REQUEST_MAGIC, 0);
  bytes.writeUInt16BE(flags, 4);
  bytes.writeUInt16BE(type, 6);
  bytes.writeBigUInt64BE(BigInt(offset), 16);
  bytes.writeUInt32BE(length, 24);
  return bytes;
}
