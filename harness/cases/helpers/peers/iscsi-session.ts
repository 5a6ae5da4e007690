/** One connection to an iSCSI target of a case: what comes is held to the rules, and answered. */
import type { Socket } from 'node:net';
import { Arrivals } from './arrivals.ts';
import { crc32c } from './iscsi-digest.ts';
import { agreed, Chap, type Keys, keysOf, packKeys, SEGMENT } from './iscsi-login.ts';
import { FINAL, HEADER, IMMEDIATE, NO_TAG, Opcode, TARGET } from './iscsi-numbers.ts';
import { type Agreed, ASKING_UNIT, IscsiRules } from './iscsi-rules.ts';
import { type DiskManner, noUnit, type ScsiDisk, type ScsiOutcome, scsiAttention } from './scsi-disk.ts';

/** Status of a login, class and detail, where it is in its word. */
const Login = { failed: 0x02010000, noTarget: 0x02030000 } as const;
const LATE_MS = 10_000;
const BURST = 1024;
const WINDOW = 64;
const TRANSFER_TAG = 5;
const WRITE = 0x20;
const READ = 0x40;
const UNDERFLOW = 0x02;

/** A unit that a client has sent. */
export interface IscsiRequest {
  readonly opcode: number;
  readonly header: Buffer;
  readonly data: Buffer;
  /** Of a command. */
  readonly operation: number | undefined;
}

/** What is particular about a target. */
export interface IscsiManner {
  /** Of all its units. */
  readonly disk?: DiskManner;
  /** What is answered to keys of the login, by name. */
  readonly keys?: Readonly<Record<string, string>>;
  /** `user:password` that CHAP must prove. */
  readonly credentials?: string;
  readonly challengeInBase64?: boolean;
  /** How much is asked for at a time, in bytes; default 1024. */
  readonly burst?: number;
  /** How many commands are taken beyond the next one; default 64. */
  readonly window?: number;
  /** True: the case has done what is to be done with the unit. */
  readonly instead?: (request: IscsiRequest, session: IscsiSession) => boolean;
}

/** What the sessions of a target share. */
export interface Shared {
  readonly disks: ReadonlyMap<number, ScsiDisk>;
  readonly units: Set<number>;
  readonly complaints: string[];
  readonly manner: IscsiManner;
}

/** What stands in a unit besides its kind. */
export interface Answer {
  readonly flags?: number;
  /** The third byte. */
  readonly response?: number;
  readonly status?: number;
  readonly data?: Buffer;
  /** Values of 32 bits by where they are in the header. */
  readonly words?: Readonly<Record<number, number>>;
}

/** A write whose data have not all come. */
interface Transfer {
  readonly header: Buffer;
  readonly parts: Buffer[];
  readonly wanted: number;
  /** Of the sequence that is coming: where it ends, how many pieces it had, and the tag that they carry. */
  end: number;
  pieces: number;
  tag: number;
  questions: number;
}

/** What a connection is to the target, and what a case may have it do. */
export class IscsiSession {
  readonly socket: Socket;
  isSilent = false;
  hasNews = false;
  hasLeft = false;
  asked = 0;
  readonly #said: Map<string, string>;
  readonly #chap: Chap;
  readonly #shared: Shared;
  readonly #rules: IscsiRules;
  readonly #transfers = new Map<number, Transfer>();
  #agreed: Agreed = { immediateData: true, initialR2t: true, firstBurst: SEGMENT, segment: SEGMENT };
  #digests = false;
  #isIn = false;
  #answers = 1;
  #expected = 0;
  #last = 0;
  /** The tag of what was asked of the initiator. */
  #question: number | undefined;

  constructor(socket: Socket, said: Map<string, string>, shared: Shared) {
    const { credentials, challengeInBase64 = false } = shared.manner;
    this.socket = socket;
    this.#said = said;
    this.#chap = new Chap(credentials, challengeInBase64);
    this.#shared = shared;
    this.#rules = new IscsiRules(shared.complaints);
  }

  hangUp(): void {
    this.socket.destroy();
  }

  async serve(): Promise<void> {
    const inbox = new Arrivals(this.socket);
    for (;;) {
      const header = await inbox.take(HEADER);
      const more = await inbox.take(header[4]! * 4);
      if (this.#digests) {
        const digest = await inbox.take(4);
        if (!digest.equals(crc32c(Buffer.concat([header, more]))))
          this.#shared.complaints.push('a header is followed by its digest');
      }
      const length = header.readUIntBE(5, 3);
      const data = await inbox.take(Math.ceil(length / 4) * 4);
      this.#take(Buffer.from(header), data.subarray(0, length));
    }
  }

  #take(header: Buffer, data: Buffer): void {
    const opcode = header[0]! & 0x3f;
    if (opcode !== Opcode.dataOut) this.#count(opcode, header);
    const request: IscsiRequest = {
      opcode,
      header,
      data,
      operation: opcode === Opcode.command ? header[32]! : undefined,
    };
    if (this.isSilent) setTimeout(() => this.perform(request), LATE_MS).unref();
    else if (!this.#shared.manner.instead?.(request, this)) this.perform(request);
  }

  #count(opcode: number, header: Buffer): void {
    const isImmediate = (header[0]! & IMMEDIATE) !== 0;
    if (this.#isIn)
      this.#rules.unit(header, { expected: this.#expected, last: this.#last, answers: this.#answers });
    else if (opcode !== Opcode.login) this.#shared.complaints.push('a login comes first');
    this.#expected = (header.readUInt32BE(24) + (isImmediate ? 0 : 1)) >>> 0;
  }

  /** Does what is right. */
  perform({ opcode, header, data }: IscsiRequest): void {
    if (opcode === Opcode.login) this.#login(header, data);
    else if (opcode === Opcode.command) this.#command(header, data);
    else if (opcode === Opcode.dataOut) this.#dataOut(header, data);
    else if (opcode === Opcode.logout) {
      this.hasLeft = true;
      this.#rules.logout(header);
      this.send(Opcode.logoutResponse, header);
    } else if (opcode === Opcode.task) this.send(Opcode.taskResponse, header);
    else if (opcode === Opcode.nopOut) this.#nopOut(header, data);
    else this.#shared.complaints.push(`a target is sent no unit of kind ${opcode}`);
  }

  #nopOut(header: Buffer, data: Buffer): void {
    this.#rules.nopOut(header, this.#question);
    if (header.readUInt32BE(16) === NO_TAG) this.#question = undefined;
    else this.send(Opcode.nopIn, header, { data, words: { 20: NO_TAG } });
  }

  /** Asks the initiator whether it is there. */
  ask({ header }: IscsiRequest, tag: number): void {
    this.#question = tag;
    const unit = { 8: ASKING_UNIT.readUInt32BE(0), 12: ASKING_UNIT.readUInt32BE(4) };
    this.send(Opcode.nopIn, header, { words: { ...unit, 16: NO_TAG, 20: tag } });
  }

  /** The initiator has answered all questions. */
  get isAnswered(): boolean {
    return this.#question === undefined;
  }

  #login(header: Buffer, data: Buffer): void {
    const asked = keysOf(data);
    this.#rules.login(header, asked, this.#said.size === 0);
    for (const [key, value] of asked) this.#said.set(key, value);
    const isOperational = ((header[1]! >> 2) & 3) === 1;
    const answer = isOperational
      ? this.#chap.isPassed
        ? { keys: agreed(asked, this.#shared.manner.keys ?? {}), isDone: true }
        : null
      : this.#chap.answer(asked);
    const isNamed = this.#said.get('TargetName') === TARGET;
    const keys = answer?.keys ?? [];
    this.send(Opcode.loginResponse, header, {
      // A stage ends when both sides want that.
      flags: answer?.isDone === true ? header[1]! : header[1]! & 0x0c,
      data: packKeys(keys),
      words: { 8: header.readUInt32BE(8), 12: (header.readUInt16BE(12) << 16) + 1, 36: 0 },
      ...(!isNamed && { words: { 36: Login.noTarget } }),
      ...(answer === null && { words: { 36: Login.failed } }),
    });
    if (!isNamed || answer === null) this.socket.end();
    else if (isOperational) this.#enter(keys);
  }

  #enter(keys: Keys): void {
    const by = new Map(keys);
    const number = (key: string): number => Number(by.get(key));
    this.#rules.loggedIn(this.#said);
    this.#isIn = true;
    this.#digests = (by.get('HeaderDigest') ?? 'None') === 'CRC32C';
    this.#agreed = {
      immediateData: by.get('ImmediateData') === 'Yes',
      initialR2t: by.get('InitialR2T') === 'Yes',
      firstBurst: number('FirstBurstLength'),
      segment: number('MaxRecvDataSegmentLength'),
    };
  }

  #command(header: Buffer, data: Buffer): void {
    this.#rules.command(header, data, this.#agreed, this.#shared.disks.get(header[9]!));
    const wanted = (header[1]! & WRITE) === 0 ? 0 : header.readUInt32BE(20);
    const end = Math.min(wanted, this.#agreed.firstBurst);
    const transfer = { header, parts: [data], wanted, end, pieces: 0, tag: NO_TAG, questions: 0 };
    this.#transfers.set(header.readUInt32BE(16), transfer);
    if (data.length >= wanted) this.#carryOut(transfer);
    // What comes unasked says itself when it ends.
    else if ((header[1]! & FINAL) !== 0) this.#ask(transfer);
  }

  #ask(transfer: Transfer): void {
    const { header, parts, wanted } = transfer;
    const offset = Buffer.concat(parts).length;
    transfer.end = Math.min(wanted, offset + (this.#shared.manner.burst ?? BURST));
    transfer.pieces = 0;
    transfer.tag = TRANSFER_TAG;
    this.send(Opcode.readyToTransfer, header, {
      words: { 20: TRANSFER_TAG, 36: transfer.questions, 40: offset, 44: transfer.end - offset },
    });
    transfer.questions += 1;
  }

  #dataOut(header: Buffer, data: Buffer): void {
    const transfer = this.#transfers.get(header.readUInt32BE(16));
    if (transfer === undefined || header.readUInt32BE(20) !== transfer.tag) {
      this.#shared.complaints.push('data are for a command that wants them');
      return;
    }
    const at = Buffer.concat(transfer.parts).length;
    const { end } = transfer;
    this.#rules.dataOut(header, data, { number: transfer.pieces, at, end, segment: this.#agreed.segment });
    transfer.pieces += 1;
    transfer.parts.push(data);
    if (transfer.tag !== NO_TAG) this.asked += data.length;
    if ((header[1]! & FINAL) === 0) return;
    if (at + data.length >= transfer.wanted) this.#carryOut(transfer);
    else this.#ask(transfer);
  }

  #carryOut({ header, parts }: Transfer): void {
    const unit = header[9]!;
    const { disks, units } = this.#shared;
    const sent = Buffer.concat(parts);
    const done = this.hasNews
      ? scsiAttention()
      : (disks.get(unit)?.perform(header.subarray(32, 48), sent) ?? noUnit());
    this.hasNews = false;
    if (done.isTransfer) units.add(unit);
    this.end(header, done);
  }

  /** Ends a command so. */
  end(header: Buffer, { status, bytes }: Pick<ScsiOutcome, 'status' | 'bytes'>): void {
    this.#transfers.delete(header.readUInt32BE(16));
    this.#rules.ended(header);
    const isRead = (header[1]! & READ) !== 0;
    if (status !== 0 || !isRead) {
      this.send(Opcode.response, header, { status, data: bytes });
      return;
    }
    const wanted = header.readUInt32BE(20);
    const sent = bytes.subarray(0, wanted);
    const most = Math.min(SEGMENT, Number(this.#said.get('MaxRecvDataSegmentLength') ?? 8192));
    for (let at = 0; at < sent.length; at += most)
      this.send(Opcode.dataIn, header, {
        flags: at + most >= sent.length ? FINAL : 0,
        data: sent.subarray(at, at + most),
        words: { 20: NO_TAG, 36: at / most, 40: at },
      });
    const residual = wanted - sent.length;
    this.send(Opcode.response, header, {
      flags: residual > 0 ? FINAL | UNDERFLOW : FINAL,
      words: { 44: residual },
    });
  }

  /** Answers a request. */
  send(opcode: number, request: Buffer, answer: Answer = {}): void {
    const { flags = FINAL, response = 0, status = 0, data = Buffer.alloc(0), words = {} } = answer;
    const header = Buffer.alloc(HEADER);
    header[0] = opcode;
    header[1] = flags;
    header[2] = response;
    header[3] = status;
    header.writeUIntBE(data.length, 5, 3);
    request.copy(header, 16, 16, 20);
    header.writeUInt32BE(this.#answers >>> 0, 24);
    // Data come before the answer that ends the command, and do not count; nor do questions.
    const isAsking = opcode === Opcode.nopIn && words[16] === NO_TAG;
    if (opcode !== Opcode.dataIn && opcode !== Opcode.readyToTransfer && !isAsking) this.#answers += 1;
    header.writeUInt32BE(this.#expected, 28);
    this.#last = (this.#expected + (this.#shared.manner.window ?? WINDOW)) >>> 0;
    header.writeUInt32BE(this.#last, 32);
    for (const [at, value] of Object.entries(words)) header.writeUInt32BE(value >>> 0, Number(at));
    // The digest of the last login's answer is none yet.
    const isDigested = this.#digests && opcode !== Opcode.loginResponse;
    const digest = isDigested ? crc32c(header) : Buffer.alloc(0);
    const padding = Buffer.alloc((4 - (data.length % 4)) % 4);
    this.socket.write(Buffer.concat([header, digest, data, padding]));
  }
}
