/**
 * A connection after its login: commands in flight, their data in both directions, and the target's questions whether we are
 * still there. A target that breaks the protocol, leaves, or does not answer ours is given up: what is in flight fails
 * with `LinkLost`.
 */
import type { ByteStream } from '../../host/byte-stream.ts';
import { afterPatience, type Waiting } from '../../host/patience.ts';
import type { Agreement } from './login.ts';
import { MAX_SEGMENT } from './login.ts';
import {
  type Fields,
  Flag,
  type Header,
  IMMEDIATE,
  NO_TAG,
  Opcode,
  ProtocolViolation,
  packPdu,
  readData,
  readHeader,
} from './pdu.ts';

/** How often a target is asked whether it is there, in nanoseconds, and how often in vain. */
const NOP_INTERVAL = 5_000_000_000n;
const MAX_NOPS = 3;
/** What a unit has to tell, which a target passes on; what it says itself is that the connection is to end, or is about to. */
const NEWS_OF_UNIT = 0;

/** What a logical unit is to do. */
export interface Task {
  /** Sixteen bytes. */
  readonly command: Uint8Array;
  /** What it takes. */
  readonly data?: Uint8Array | undefined;
  /** What it fills, from the start on. */
  readonly target?: Uint8Array | undefined;
}

/** How that ended. */
export interface Ended {
  /** Of SCSI; undefined: the target could not even try. */
  readonly status: number | undefined;
  /** Why, behind a length of two bytes. */
  readonly sense: Buffer;
  /** Bytes that have come. */
  readonly received: number;
}

/** The connection is of no use any more. */
export class LinkLost extends Error {
  override readonly name = 'LinkLost';
}

/** The target has not answered in time. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';

  constructor() {
    super('command timed out');
  }
}

interface Pending {
  readonly task: Task;
  /** Bytes of its data that were sent, and that have come. */
  sent: number;
  received: number;
  resolve(ended: Ended): void;
  reject(error: Error): void;
}

/** What a connection is given beside what was agreed on. */
export interface LinkSurroundings extends Waiting {
  /** Eight bytes. */
  readonly unit: Uint8Array;
}

export class Link {
  readonly #stream: ByteStream;
  readonly #agreement: Agreement;
  readonly #surroundings: LinkSurroundings;
  readonly #pending = new Map<number, Pending>();
  /** Commands that the target does not take yet. */
  #waiting: Pending[] = [];
  #tag = 0;
  #cmdSn: number;
  #expStatSn: number;
  #maxCmdSn: number;
  #failure: Error | undefined;
  #unansweredNops = 0;
  /** Called when the target has answered that it is there, or is given up. */
  #questions: (() => void)[] = [];
  #cancelNop: () => void;

  constructor(stream: ByteStream, agreement: Agreement, surroundings: LinkSurroundings) {
    this.#stream = stream;
    this.#agreement = agreement;
    this.#surroundings = surroundings;
    this.#cmdSn = agreement.cmdSn;
    this.#expStatSn = agreement.expStatSn;
    this.#maxCmdSn = agreement.maxCmdSn;
    this.#cancelNop = this.#nopLater();
    void this.#receive();
  }

  get isUp(): boolean {
    return this.#failure === undefined;
  }

  /** Has the unit do something. Throws `LinkLost`. */
  request(task: Task): Promise<Ended> {
    if (this.#failure) return Promise.reject(lost(this.#failure));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, sent: 0, received: 0, resolve, reject });
      this.#sendWaiting();
    });
  }

  /** Takes leave of the target. */
  close(): void {
    if (this.#failure) return;
    this.#send({
      opcode: Opcode.logout | IMMEDIATE,
      flags: Flag.final,
      words: this.#numbers(this.#nextTag()),
    });
    // With nothing in flight the target has read all that was sent; else it may never do so.
    const isQuiet = this.#pending.size === 0;
    this.#fail(new Error('connection closed'));
    if (isQuiet) this.#stream.end();
    else this.#stream.destroy();
  }

  /** The target is of no use. */
  giveUp(reason: Error): void {
    this.#fail(reason);
    this.#stream.destroy();
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#cancelNop();
    for (const { reject } of [...this.#pending.values(), ...this.#waiting]) reject(lost(this.#failure));
    this.#pending.clear();
    this.#waiting = [];
    this.#answered();
  }

  #answered(): void {
    for (const resolve of this.#questions.splice(0)) resolve();
  }

  #nopLater(): () => void {
    const { received } = this.#stream;
    return afterPatience(this.#surroundings, NOP_INTERVAL, () => {
      if (this.#stream.received > received) this.#unansweredNops = 0;
      if (this.#unansweredNops >= (this.#surroundings.hostWork.isEnding ? 1 : MAX_NOPS)) {
        this.giveUp(new Error('target does not answer'));
        return;
      }
      this.#unansweredNops += 1;
      this.#send({
        opcode: Opcode.nopOut | IMMEDIATE,
        flags: Flag.final,
        place: this.#surroundings.unit,
        words: { ...this.#numbers(this.#nextTag()), targetTag: NO_TAG },
      });
      void this.#surroundings.hostWork.trackPeer(
        () => new Promise<void>((resolve) => this.#questions.push(resolve)),
      );
      this.#cancelNop = this.#nopLater();
    });
  }

  #nextTag(): number {
    this.#tag = (this.#tag + 1) % NO_TAG;
    return this.#tag;
  }

  #numbers(tag: number) {
    return { tag, cmdSn: this.#cmdSn, expStatSn: this.#expStatSn };
  }

  #send(fields: Fields): void {
    this.#stream.write(...packPdu(fields, this.#agreement.headerDigest));
  }

  /** Sends what the target takes. */
  #sendWaiting(): void {
    while (this.#waiting.length > 0 && !isBehind(this.#cmdSn, this.#maxCmdSn))
      this.#sendCommand(this.#waiting.shift()!);
  }

  #sendCommand(pending: Pending): void {
    const { command, data = new Uint8Array(), target } = pending.task;
    const { immediateData, initialR2t, firstBurst, segment } = this.#agreement;
    const tag = this.#nextTag();
    this.#pending.set(tag, pending);
    const immediate = immediateData ? Math.min(data.length, firstBurst, segment) : 0;
    const unasked = initialR2t ? immediate : Math.min(data.length, firstBurst);
    const direction = (data.length > 0 ? Flag.write : 0) | (target === undefined ? 0 : Flag.read);
    this.#send({
      opcode: Opcode.command,
      flags: Flag.simple | direction | (unasked > immediate ? 0 : Flag.final),
      place: this.#surroundings.unit,
      words: { ...this.#numbers(tag), expectedLength: target?.length ?? data.length },
      command,
      data: data.subarray(0, immediate),
    });
    this.#cmdSn = (this.#cmdSn + 1) >>> 0;
    pending.sent = immediate;
    this.#sendData(pending, tag, NO_TAG, unasked);
  }

  /** Sends the command's data up to `end`. */
  #sendData(pending: Pending, tag: number, targetTag: number, end: number): void {
    const { segment } = this.#agreement;
    const data = pending.task.data!;
    for (let dataSn = 0; pending.sent < end; dataSn += 1) {
      const offset = pending.sent;
      pending.sent = Math.min(offset + segment, end);
      this.#send({
        opcode: Opcode.dataOut,
        flags: pending.sent === end ? Flag.final : 0,
        place: this.#surroundings.unit,
        words: { tag, targetTag, expStatSn: this.#expStatSn, dataSn, offset },
        data: data.subarray(offset, pending.sent),
      });
    }
  }

  async #receive(): Promise<void> {
    try {
      for (;;) {
        const header = await readHeader(this.#stream, this.#agreement.headerDigest);
        await this.#take(header, await readData(this.#stream, header, MAX_SEGMENT));
        // A target that asks and does not listen shall not make us keep what we say to it.
        await this.#stream.drained();
      }
    } catch (error) {
      this.giveUp(error as Error);
    }
  }

  #take(header: Header, data: Buffer): void {
    if (this.#failure) throw this.#failure;
    this.#count(header);
    switch (header.opcode) {
      case Opcode.response:
        this.#end(header, { status: header.answer === 0 ? header.status : undefined, sense: data });
        break;
      case Opcode.dataIn:
        this.#dataIn(header, data);
        break;
      case Opcode.readyToTransfer:
        this.#readyToTransfer(header);
        break;
      case Opcode.nopIn:
        this.#nopIn(header);
        break;
      case Opcode.reject:
        this.#rejected(data);
        break;
      case Opcode.asyncMessage:
        if (header.bytes[36] !== NEWS_OF_UNIT) this.close();
        break;
      default:
        throw new ProtocolViolation(`unit of kind 0x${header.opcode.toString(16)}`);
    }
  }

  /** Takes the numbers of the target's answers and of its window. */
  #count(header: Header): void {
    const hasStatus =
      header.opcode === Opcode.dataIn
        ? header.has(Flag.status)
        : header.opcode !== Opcode.readyToTransfer &&
          (header.opcode !== Opcode.nopIn || header.word('tag') !== NO_TAG);
    if (hasStatus) this.#expStatSn = (header.word('statSn') + 1) >>> 0;
    const last = header.word('maxCmdSn');
    if (isBehind(last, this.#maxCmdSn)) {
      this.#maxCmdSn = last;
      this.#sendWaiting();
    }
  }

  #find(header: Header): Pending {
    const pending = this.#pending.get(header.word('tag'));
    if (!pending) throw new ProtocolViolation(`answer to no command (tag ${header.word('tag')})`);
    return pending;
  }

  #end(header: Header, { status, sense }: Omit<Ended, 'received'>): void {
    const { resolve, received } = this.#find(header);
    this.#pending.delete(header.word('tag'));
    resolve({ status, sense, received });
  }

  #dataIn(header: Header, data: Buffer): void {
    const pending = this.#find(header);
    const { target = new Uint8Array() } = pending.task;
    if (header.word('offset') !== pending.received)
      throw new ProtocolViolation(`data at ${header.word('offset')} that were not asked for`);
    // Throws where there are more than were asked for.
    target.set(data, pending.received);
    pending.received += data.length;
    if (header.has(Flag.status)) this.#end(header, { status: header.status, sense: Buffer.alloc(0) });
  }

  #readyToTransfer(header: Header): void {
    const pending = this.#find(header);
    const end = pending.sent + header.word('desiredLength');
    const isRight =
      header.word('offset') === pending.sent &&
      end > pending.sent &&
      end <= (pending.task.data?.length ?? 0) &&
      header.word('desiredLength') <= this.#agreement.maxBurst;
    if (!isRight) throw new ProtocolViolation('target wants data that there are not');
    this.#sendData(pending, header.word('tag'), header.word('targetTag'), end);
  }

  #nopIn(header: Header): void {
    const targetTag = header.word('targetTag');
    if (header.word('tag') !== NO_TAG) this.#answered();
    if (targetTag === NO_TAG) return;
    this.#send({
      opcode: Opcode.nopOut | IMMEDIATE,
      flags: Flag.final,
      place: header.bytes.subarray(8, 16),
      words: { ...this.#numbers(NO_TAG), targetTag },
    });
  }

  /** The data are the header of what the target refuses to look at; throws where they are too short. */
  #rejected(data: Buffer): void {
    const tag = data.readUInt32BE(16);
    const pending = this.#pending.get(tag);
    this.#pending.delete(tag);
    pending?.resolve({ status: undefined, sense: Buffer.alloc(0), received: pending.received });
  }
}

/** Whether a number is farther than `other` on the circle of numbers of 32 bits. */
function isBehind(number: number, other: number): boolean {
  return ((number - other) | 0) > 0;
}

function lost(cause: Error): LinkLost {
  return new LinkLost(cause.message, { cause });
}
