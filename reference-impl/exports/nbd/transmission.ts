/**
 * The server's side of the transmission: requests of one client, worked on side by side, each answered once.
 *
 * What a client may have going at a time is bounded in number and in bytes; beyond that its requests are left unread.
 */
import { StreamEnded } from '../../host/byte-stream.ts';
import { IoError } from '../../host/errno.ts';
import {
  HeaderSize,
  pack,
  packChunk,
  packSimpleReply,
  type Request,
  u16,
  u32,
  u64,
  unpackRequest,
} from '../../nbd/nbd-messages.ts';
import {
  Command,
  CommandFlag,
  errorNumber,
  MAX_REQUEST,
  Magic,
  ReplyFlag,
  ReplyType,
  StateFlag,
} from '../../nbd/nbd-protocol.ts';
import type { Services } from '../../services/services.ts';
import type { Client, Extent, NbdExport } from './nbd-export.ts';
import { ALLOCATION_ID, type Session } from './server-handshake.ts';

const MAX_IN_FLIGHT = 16;
/** Extents in the reply to one request for them. */
const MAX_EXTENTS = 1024;
/** Stretches that a read is cut into for the sake of its holes. */
const MAX_PIECES = 256;
const CACHE_CHUNK = 0x100000;

/** The flags that each command may carry. */
const FLAGS: ReadonlyMap<number, number> = new Map([
  [Command.read, CommandFlag.fua | CommandFlag.df],
  [Command.write, CommandFlag.fua],
  [Command.flush, CommandFlag.fua],
  [Command.trim, CommandFlag.fua],
  [Command.cache, CommandFlag.fua],
  [Command.writeZeroes, CommandFlag.fua | CommandFlag.noHole],
  [Command.blockStatus, CommandFlag.fua | CommandFlag.reqOne],
]);

/** One piece of the answer to a request. */
interface Content {
  readonly type: number;
  readonly parts: readonly Uint8Array[];
}

const NOTHING: readonly Content[] = [];

export class Transmission implements Client {
  readonly #session: Session;
  readonly #services: Services;
  readonly #inFlight = new Set<Promise<void>>();
  #bytesInFlight = 0;
  #isCutOff = false;

  constructor(session: Session, services: Services) {
    this.#session = session;
    this.#services = services;
  }

  get #export(): NbdExport {
    return this.#session.export;
  }

  /** Serves until the client leaves; throws `StreamEnded` or `Error` if it does so in disorder. */
  async run(): Promise<void> {
    const { stream } = this.#session;
    this.#export.clients.add(this);
    try {
      for (;;) {
        const request = unpackRequest(await stream.read(HeaderSize.request));
        if (request.magic !== Magic.request)
          throw new Error('client sent a request without its magic number');
        if (request.type === Command.disc) return;
        await this.#take(request);
      }
    } finally {
      await Promise.all(this.#inFlight);
      this.#export.clients.delete(this);
    }
  }

  /** Cuts the client off; resolves when the node is no longer used for it. */
  async disconnect(): Promise<void> {
    this.#isCutOff = true;
    this.#session.stream.destroy();
    await Promise.all(this.#inFlight);
  }

  /** Begins to work on a request, as soon as there is room for it. */
  async #take(request: Request): Promise<void> {
    const { type, length } = request;
    if (type === Command.write && length > MAX_REQUEST)
      throw new Error(`client wrote ${length} bytes at once`);
    const bytes = type === Command.write || (type === Command.read && length <= MAX_REQUEST) ? length : 0;
    while (
      this.#inFlight.size >= MAX_IN_FLIGHT ||
      (this.#bytesInFlight > 0 && this.#bytesInFlight + bytes > MAX_REQUEST)
    )
      await Promise.race(this.#inFlight);
    const data = type === Command.write ? await this.#session.stream.read(length) : undefined;
    if (this.#isCutOff) throw new StreamEnded('the client has been cut off');
    this.#bytesInFlight += bytes;
    const work = this.#answer(request, data).finally(() => {
      this.#bytesInFlight -= bytes;
      this.#inFlight.delete(work);
    });
    this.#inFlight.add(work);
  }

  /** Never rejects. */
  async #answer(request: Request, data: Buffer | undefined): Promise<void> {
    const { stream, structured } = this.#session;
    try {
      const contents = await this.#execute(request, data);
      if (structured) this.#sendChunks(request, contents);
      else stream.write(packSimpleReply(0, request.cookie), ...contents.flatMap(({ parts }) => parts));
    } catch (error) {
      if (!(error instanceof IoError)) this.#services.log(`nbd: ${(error as Error).stack}`);
      this.#sendError(request, error instanceof IoError ? error : new IoError('EIO'));
    }
    await stream.drained();
  }

  #sendChunks({ cookie }: Request, contents: readonly Content[]): void {
    const { stream } = this.#session;
    if (contents.length === 0)
      stream.write(packChunk({ flags: ReplyFlag.done, type: ReplyType.none, cookie, length: 0 }));
    for (const [index, { type, parts }] of contents.entries()) {
      const flags = index === contents.length - 1 ? ReplyFlag.done : 0;
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      stream.write(packChunk({ flags, type, cookie, length }), ...parts);
    }
  }

  #sendError({ cookie }: Request, { code, message }: IoError): void {
    const { stream, structured } = this.#session;
    const error = errorNumber(code);
    if (!structured) {
      stream.write(packSimpleReply(error, cookie));
      return;
    }
    const payload = pack(u32(error), u16(Buffer.byteLength(message)), message);
    stream.write(
      packChunk({ flags: ReplyFlag.done, type: ReplyType.error, cookie, length: payload.length }),
      payload,
    );
  }

  /** Throws `IoError`. */
  async #execute(request: Request, data: Buffer | undefined): Promise<readonly Content[]> {
    const { type, flags, offset, length } = request;
    const { io } = this.#export.node;
    const allowed = FLAGS.get(type);
    if (allowed === undefined || flags & ~allowed) throw new IoError('EINVAL');
    const fua = (flags & CommandFlag.fua) !== 0;
    switch (type) {
      case Command.read:
        return this.#read(request);
      case Command.blockStatus:
        return this.#blockStatus(request);
      case Command.cache:
        await this.#cache(offset, length);
        return NOTHING;
      case Command.flush:
        await io.flush();
        return NOTHING;
    }
    this.#export.checkWritable();
    this.#export.checkRange(offset, length, type === Command.trim ? 'EINVAL' : 'ENOSPC');
    if (type === Command.write) await io.write(offset, data!, { fua });
    else if (type === Command.writeZeroes)
      await io.writeZeroes(offset, length, { fua, mayUnmap: (flags & CommandFlag.noHole) === 0 });
    else {
      await io.discard(offset, length);
      if (fua) await io.flush();
    }
    return NOTHING;
  }

  async #read({ flags, offset, length }: Request): Promise<readonly Content[]> {
    if (length > MAX_REQUEST) throw new IoError('EINVAL');
    this.#export.checkRange(offset, length, 'EINVAL');
    if (length === 0) return NOTHING;
    const { structured } = this.#session;
    const whole = !structured || (flags & CommandFlag.df) !== 0;
    const pieces = whole ? [] : await this.#export.extents(offset, length, MAX_PIECES);
    const contents: Content[] = [];
    let done = 0;
    for (const { length: size, flags: state } of withRest(pieces, length)) {
      contents.push(await this.#piece(offset + done, size, (state & StateFlag.zero) !== 0));
      done += size;
    }
    return contents;
  }

  async #piece(offset: number, length: number, zero: boolean): Promise<Content> {
    if (zero) return { type: ReplyType.offsetHole, parts: [pack(u64(offset), u32(length))] };
    const data = Buffer.allocUnsafe(length);
    await this.#export.node.io.read(offset, data);
    const parts = this.#session.structured ? [pack(u64(offset)), data] : [data];
    return { type: ReplyType.offsetData, parts };
  }

  async #cache(offset: number, length: number): Promise<void> {
    this.#export.checkRange(offset, length, 'EINVAL');
    const buffer = Buffer.allocUnsafe(Math.min(length, CACHE_CHUNK));
    for (let done = 0; done < length; done += buffer.length)
      await this.#export.node.io.read(
        offset + done,
        buffer.subarray(0, Math.min(buffer.length, length - done)),
      );
  }

  async #blockStatus({ flags, offset, length }: Request): Promise<readonly Content[]> {
    if (!this.#session.allocation || length === 0) throw new IoError('EINVAL');
    this.#export.checkRange(offset, length, 'EINVAL');
    const most = flags & CommandFlag.reqOne ? 1 : MAX_EXTENTS;
    const extents = await this.#export.extents(offset, length, most);
    const fields = extents.flatMap((extent) => [u32(extent.length), u32(extent.flags)]);
    return [{ type: ReplyType.blockStatus, parts: [pack(u32(ALLOCATION_ID), ...fields)] }];
  }
}

/** The extents and, as data, what they leave of `length`. */
function withRest(extents: readonly Extent[], length: number): readonly Extent[] {
  const known = extents.reduce((sum, extent) => sum + extent.length, 0);
  return known === length ? extents : [...extents, { length: length - known, flags: 0 }];
}
