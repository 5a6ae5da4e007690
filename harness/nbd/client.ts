/**
 * A small NBD client, from the public protocol document: the fixed newstyle handshake with NBD_OPT_EXPORT_NAME, then
 * reads and writes one after another. Who asks sees an export's bytes as a guest would.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const INIT_MAGIC = 'NBDMAGICIHAVEOPT';
const OPTION_MAGIC = 'IHAVEOPT';
const EXPORT_NAME = 1;
const FIXED_NEWSTYLE_NO_ZEROES = 3;
const REQUEST_MAGIC = 0x25609513;
const READ = 0;
const WRITE = 1;
const DISCONNECT = 2;
const READ_ONLY_FLAG = 2;
const REQUEST_LENGTH = 28;
const REPLY_LENGTH = 16;

/** Bytes of one request; servers need not take more than 32 MiB. */
const MOST_BYTES = 1 << 20;

/** The server refused a request; `code` is NBD's number of the error. */
export class NbdError extends Error {
  override readonly name = 'NbdError';
  readonly code: number;

  constructor(what: string, code: number) {
    super(`NBD ${what} failed with ${code}`);
    this.code = code;
  }
}

/** The connection was refused, ended, or was given up. */
export class NbdClosed extends Error {
  override readonly name = 'NbdClosed';
}

export class NbdClient {
  /** Bytes. */
  readonly size: number;
  readonly readOnly: boolean;
  readonly #socket: Socket;
  readonly #bytes: (length: number) => Promise<Buffer>;

  private constructor(socket: Socket, bytes: (length: number) => Promise<Buffer>, described: Buffer) {
    this.#socket = socket;
    this.#bytes = bytes;
    this.size = Number(described.readBigUInt64BE(0));
    this.readOnly = (described.readUInt16BE(8) & READ_ONLY_FLAG) !== 0;
  }

  /**
   * Rejects with `NbdClosed` if nobody listens at `path`, there is no export of that name, or the signal is aborted
   * first; from then on the signal ends the connection.
   */
  static async connect(path: string, name: string, signal?: AbortSignal): Promise<NbdClient> {
    const socket = connect({ path, ...(signal && { signal }) });
    try {
      await once(socket, 'connect').catch((cause: unknown) => {
        throw new NbdClosed('no NBD server is there', { cause });
      });
      const bytes = byteReader(socket);
      const greeting = await bytes(INIT_MAGIC.length + 2);
      if (greeting.toString('latin1', 0, INIT_MAGIC.length) !== INIT_MAGIC)
        throw new NbdClosed('this is no NBD server of the newstyle handshake');
      const option = Buffer.alloc(4 + OPTION_MAGIC.length + 8);
      option.writeUInt32BE(FIXED_NEWSTYLE_NO_ZEROES, 0);
      option.write(OPTION_MAGIC, 4, 'latin1');
      option.writeUInt32BE(EXPORT_NAME, 12);
      option.writeUInt32BE(Buffer.byteLength(name), 16);
      socket.write(Buffer.concat([option, Buffer.from(name)]));
      return new NbdClient(socket, bytes, await bytes(10));
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Rejects with `NbdError` or `NbdClosed`. */
  async read(offset: number, length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let done = 0; done < length; ) {
      const part = Math.min(MOST_BYTES, length - done);
      await this.#request('read', READ, offset + done, part);
      parts.push(await this.#bytes(part));
      done += part;
    }
    // Copies of whole images are most of what a campaign's collector has to do.
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** As `read` rejects. At most `MOST_BYTES`. */
  async write(offset: number, data: Buffer): Promise<void> {
    await this.#request('write', WRITE, offset, data.length, data);
  }

  close(): void {
    if (!this.#socket.destroyed) this.#socket.end(request(DISCONNECT, 0, 0));
    this.#socket.destroySoon();
  }

  async #request(what: string, type: number, offset: number, length: number, data?: Buffer): Promise<void> {
    const head = request(type, offset, length);
    this.#socket.write(data === undefined ? head : Buffer.concat([head, data]));
    const code = (await this.#bytes(REPLY_LENGTH)).readUInt32BE(4);
    if (code !== 0) throw new NbdError(what, code);
  }
}

function request(type: number, offset: number, length: number): Buffer {
  const message = Buffer.alloc(REQUEST_LENGTH);
  message.writeUInt32BE(REQUEST_MAGIC, 0);
  message.writeUInt16BE(type, 6);
  message.writeBigUInt64BE(BigInt(offset), 16);
  message.writeUInt32BE(length, 24);
  return message;
}

/** Gives the next so many bytes of a socket; rejects with `NbdClosed` at its end. For either side. */
export function byteReader(socket: Socket): (length: number) => Promise<Buffer> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let parts: Buffer[] = [];
  let there = 0;
  return async (length) => {
    while (there < length) {
      const { value, done } = await chunks.next().catch((cause: unknown) => {
        throw new NbdClosed('the NBD connection broke', { cause });
      });
      if (done) throw new NbdClosed('the other side closed the NBD connection');
      parts.push(value);
      there += value.length;
    }
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [whole.subarray(length)];
    there -= length;
    return whole.subarray(0, length);
  };
}
