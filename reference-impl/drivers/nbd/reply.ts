/** What has come in reply to one request, held to the rules that the protocol makes for it. */
import type { ByteStream } from '../../host/byte-stream.ts';
import { IoError } from '../../host/errno.ts';
import { type Chunk, Fields } from '../../nbd/nbd-messages.ts';
import { Command, errorName, isErrorChunk, ReplyFlag, ReplyType } from '../../nbd/nbd-protocol.ts';
import { Coverage } from './reply-coverage.ts';

/** The longest description of an error or of extents that is listened to, in bytes. */
const MAX_PAYLOAD = 64 * 1024;

/** The part of a request that its reply depends on. */
export interface Asked {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  /** What a read fills. */
  readonly target?: Uint8Array;
}

/** The server has broken the protocol. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

export interface ReceivedExtents {
  readonly contextId: number;
  readonly extents: readonly { readonly length: number; readonly flags: number }[];
}

export class Reply {
  readonly #asked: Asked;
  readonly #covered: Coverage;
  error: IoError | undefined;
  status: ReceivedExtents | undefined;

  constructor(asked: Asked) {
    this.#asked = asked;
    this.#covered = new Coverage(asked.target?.length ?? 0);
  }

  /** A success without content would be none. */
  get wantsContent(): boolean {
    return this.#asked.type === Command.read || this.#asked.type === Command.blockStatus;
  }

  failed(code: string): void {
    this.error ??= new IoError(code);
  }

  /** A simple reply's data: all that was asked for, in one piece. */
  async receiveAll(stream: ByteStream): Promise<void> {
    if (this.#asked.target) await stream.readInto(this.#asked.target);
  }

  /** A chunk of a structured reply, its payload still in the stream; true if it is the last. */
  async receive({ type, flags, length }: Chunk, stream: ByteStream): Promise<boolean> {
    const done = (flags & ReplyFlag.done) !== 0;
    if (isErrorChunk(type)) this.#failure(await payload(stream, length));
    else if (type === ReplyType.none) {
      if (length > 0 || !done)
        throw new ProtocolViolation('chunk without content is not empty or not the last');
    } else if (type === ReplyType.offsetData) await this.#data(stream, length);
    else if (type === ReplyType.offsetHole) this.#hole(await payload(stream, length));
    else if (type === ReplyType.blockStatus) this.#extents(await payload(stream, length));
    else throw new ProtocolViolation(`chunk of unknown type ${type}`);
    if (done && !this.error) this.#checkComplete();
    return done;
  }

  #failure(bytes: Buffer): void {
    const fields = new Fields(bytes);
    const number = guarded(() => fields.u32());
    guarded(() => fields.bytes(fields.u16()));
    if (number === 0) throw new ProtocolViolation('error chunk without an error');
    this.failed(errorName(number));
  }

  async #data(stream: ByteStream, length: number): Promise<void> {
    const at = this.#place((await stream.read(8)).readBigUInt64BE(0), length - 8);
    await stream.readInto(this.#asked.target!.subarray(at, at + length - 8));
  }

  #hole(bytes: Buffer): void {
    const fields = new Fields(bytes);
    const [offset, length] = guarded(() => [fields.u64(), fields.u32()] as const);
    if (fields.left > 0) throw new ProtocolViolation('hole chunk is too long');
    const at = this.#place(offset, length);
    this.#asked.target!.fill(0, at, at + length);
  }

  /** Where content lies in the target; it must lie inside and come only once. */
  #place(offset: bigint, length: number): number {
    const { target, offset: start } = this.#asked;
    if (!target) throw new ProtocolViolation('data in reply to a request for none');
    const at = Number(offset - BigInt(start));
    if (at < 0 || length <= 0 || at + length > target.length)
      throw new ProtocolViolation(
        `data for bytes ${offset} to ${offset + BigInt(length)}, outside the request`,
      );
    if (!this.#covered.add(at, at + length)) throw new ProtocolViolation('data overlap');
    return at;
  }

  #extents(bytes: Buffer): void {
    if (this.#asked.type !== Command.blockStatus) throw new ProtocolViolation('extents were not asked for');
    if (bytes.length < 12 || bytes.length % 8 !== 4)
      throw new ProtocolViolation(`extents in ${bytes.length} bytes`);
    if (this.status) throw new ProtocolViolation('extents come twice');
    const fields = new Fields(bytes);
    const contextId = fields.u32();
    const extents: { length: number; flags: number }[] = [];
    while (fields.left > 0) extents.push({ length: fields.u32(), flags: fields.u32() });
    if (extents.some((extent) => extent.length === 0)) throw new ProtocolViolation('extent of no length');
    this.status = { contextId, extents };
  }

  #checkComplete(): void {
    if (!this.#covered.complete) throw new ProtocolViolation('reply lacks data');
    if (this.#asked.type === Command.blockStatus && !this.status)
      throw new ProtocolViolation('reply lacks extents');
  }
}

async function payload(stream: ByteStream, length: number): Promise<Buffer> {
  if (length > MAX_PAYLOAD) throw new ProtocolViolation(`chunk of ${length} bytes`);
  return stream.read(length);
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ProtocolViolation((error as Error).message);
  }
}
