/**
 * An iSCSI target of the case's own with disks in memory, from RFC 7143: one connection a session, writes as immediate data, or
 * when they are asked for. It keeps how clients log in, and can stop answering, hang up, or have something to say first.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { CaseContext } from '../../case.ts';
import { Arrivals } from './arrivals.ts';
import { type Listening, listen } from './listening.ts';
import { performScsi, scsiAttention } from './scsi-disk.ts';

/** Name of the target. */
export const TARGET = 'iqn.2026-01.example:disks';

const Opcode = {
  nopOut: 0x00,
  command: 0x01,
  task: 0x02,
  login: 0x03,
  dataOut: 0x05,
  logout: 0x06,
  nopIn: 0x20,
  response: 0x21,
  taskResponse: 0x22,
  loginResponse: 0x23,
  dataIn: 0x25,
  logoutResponse: 0x26,
  readyToTransfer: 0x31,
} as const;
const FINAL = 0x80;
/** Status of a login, class and detail, where it is in its word. */
const Login = { failed: 0x02010000, noTarget: 0x02030000 } as const;
const HEADER = 48;
const LATE_MS = 10_000;
const SEGMENT = 256 * 1024;
/** How much is asked for at a time. */
const BURST = 1024;
const TRANSFER_TAG = 5;

type Keys = readonly (readonly [key: string, value: string])[];

/** A target that listens. */
export interface IscsiPeer extends Listening {
  /** `portal` of blockdev-add. */
  readonly portal: string;
  /** What clients said when they logged in, a login an entry: the keys of the protocol. */
  readonly logins: readonly ReadonlyMap<string, string>[];
  /** Units whose blocks were read or written. */
  readonly units: ReadonlySet<number>;
  /** Bytes that came because they were asked for. */
  asked(): number;
  /** The last client has logged out. */
  hasLeft(): boolean;
  /** Ends the connections that there are. */
  hangUp(): void;
  /** Every unit has something to say before the next command, on each connection that there is. */
  attend(): void;
  /** Connections that there are get answers from now on only after 10 seconds; new ones get them at once. */
  silence(): void;
}

/** What is particular about a target. */
export interface IscsiManner {
  /** Nothing may be written. */
  readonly isWriteProtected?: boolean;
  /** Data of writes are asked for, piece by piece. */
  readonly asks?: boolean;
}

/**
 * Starts a target with these units on a port of the loopback address. Ends with the case. `credentials`: `user:password` that
 * CHAP must prove.
 */
export async function startIscsiPeer(
  t: CaseContext,
  disks: ReadonlyMap<number, Buffer>,
  credentials?: string,
  manner: IscsiManner = {},
): Promise<IscsiPeer> {
  const logins: Map<string, string>[] = [];
  const units = new Set<number>();
  const sessions: Session[] = [];
  const listening = await listen(
    t,
    createServer((socket) => {
      const said = new Map<string, string>();
      logins.push(said);
      const session = new Session(socket, said, credentials, { disks, units, manner });
      sessions.push(session);
      session.serve().catch(() => socket.destroy());
    }),
  );
  const silence = (): void => {
    for (const session of sessions) session.isSilent = true;
  };
  const attend = (): void => {
    for (const session of sessions) session.hasNews = true;
  };
  const hangUp = (): void => {
    for (const session of sessions) session.end();
  };
  const hasLeft = (): boolean => sessions.at(-1)?.hasLeft === true;
  const asked = (): number => sessions.reduce((sum, session) => sum + session.asked, 0);
  return {
    ...listening,
    portal: `127.0.0.1:${listening.port}`,
    logins,
    units,
    asked,
    hasLeft,
    attend,
    hangUp,
    silence,
  };
}

/** What sessions share. */
interface Units {
  readonly disks: ReadonlyMap<number, Buffer>;
  readonly units: Set<number>;
  readonly manner: IscsiManner;
}

/** A write whose data have not all come. */
interface Transfer {
  readonly header: Buffer;
  readonly parts: Buffer[];
  readonly wanted: number;
}

/** One connection. */
class Session {
  isSilent = false;
  readonly #socket: Socket;
  readonly #said: Map<string, string>;
  readonly #chap: Chap;
  readonly #shared: Units;
  readonly #transfers = new Map<number, Transfer>();
  hasNews = false;
  hasLeft = false;
  asked = 0;
  #digests = false;
  #answers = 1;
  #expected = 0;

  constructor(socket: Socket, said: Map<string, string>, credentials: string | undefined, shared: Units) {
    this.#socket = socket;
    this.#said = said;
    this.#chap = new Chap(credentials);
    this.#shared = shared;
  }

  end(): void {
    this.#socket.destroy();
  }

  async serve(): Promise<void> {
    const inbox = new Arrivals(this.#socket);
    for (;;) {
      const header = await inbox.take(HEADER);
      // More segments of the header, and its digest: nobody needs them.
      await inbox.take(header[4]! * 4 + (this.#digests ? 4 : 0));
      const length = header.readUIntBE(5, 3);
      const data = await inbox.take(Math.ceil(length / 4) * 4);
      this.#take(header, data.subarray(0, length));
    }
  }

  #take(header: Buffer, data: Buffer): void {
    const opcode = header[0]! & 0x3f;
    const isImmediate = (header[0]! & 0x40) !== 0;
    if (opcode !== Opcode.dataOut) this.#expected = (header.readUInt32BE(24) + (isImmediate ? 0 : 1)) >>> 0;
    if (opcode === Opcode.login) this.#login(header, data);
    else if (this.isSilent) setTimeout(() => this.#perform(opcode, header, data), LATE_MS).unref();
    else this.#perform(opcode, header, data);
  }

  #perform(opcode: number, header: Buffer, data: Buffer): void {
    if (opcode === Opcode.command) this.#command(header, data);
    else if (opcode === Opcode.dataOut) this.#dataOut(header, data);
    else if (opcode === Opcode.logout) {
      this.hasLeft = true;
      this.#send(Opcode.logoutResponse, header);
    } else if (opcode === Opcode.task) this.#send(Opcode.taskResponse, header);
    else if (opcode === Opcode.nopOut && header.readUInt32BE(16) !== 0xffffffff)
      this.#send(Opcode.nopIn, header, { data, words: { 20: 0xffffffff } });
  }

  #login(header: Buffer, data: Buffer): void {
    const asked = keysOf(data);
    for (const [key, value] of asked) this.#said.set(key, value);
    const isOperational = ((header[1]! >> 2) & 3) === 1;
    const answer = isOperational
      ? this.#chap.isPassed
        ? { keys: agreed(asked, this.#shared.manner), isDone: true }
        : null
      : this.#chap.answer(asked);
    const isNamed = this.#said.get('TargetName') === TARGET;
    const keys = answer?.keys ?? [];
    this.#send(Opcode.loginResponse, header, {
      // A stage ends when both sides want that.
      flags: answer?.isDone === true ? header[1]! : header[1]! & 0x0c,
      status: 0,
      data: Buffer.from(keys.map(([key, value]) => `${key}=${value}\0`).join('')),
      words: { 8: header.readUInt32BE(8), 12: (header.readUInt16BE(12) << 16) + 1, 36: 0 },
      ...(!isNamed && { words: { 36: Login.noTarget } }),
      ...(answer === null && { words: { 36: Login.failed } }),
    });
    if (!isNamed || answer === null) this.#socket.end();
    if (isOperational)
      this.#digests = keys.some(([key, value]) => key === 'HeaderDigest' && value !== 'None');
  }

  /** A command, whose data may be still to come. */
  #command(header: Buffer, data: Buffer): void {
    const isWrite = (header[1]! & 0x20) !== 0;
    const transfer = { header, parts: [data], wanted: isWrite ? header.readUInt32BE(20) : 0 };
    if (data.length >= transfer.wanted) this.#carryOut(header, data);
    else this.#ask(transfer);
  }

  #ask(transfer: Transfer): void {
    const { header, parts, wanted } = transfer;
    const offset = Buffer.concat(parts).length;
    this.#transfers.set(header.readUInt32BE(16), transfer);
    this.#send(Opcode.readyToTransfer, header, {
      words: { 20: TRANSFER_TAG, 36: parts.length - 1, 40: offset, 44: Math.min(BURST, wanted - offset) },
    });
  }

  #dataOut(header: Buffer, data: Buffer): void {
    const transfer = this.#transfers.get(header.readUInt32BE(16));
    const isFinal = (header[1]! & FINAL) !== 0;
    if (transfer === undefined || header.readUInt32BE(20) !== TRANSFER_TAG)
      throw new Error('data that nobody wants');
    if (header.readUInt32BE(40) !== Buffer.concat(transfer.parts).length)
      throw new Error('data from elsewhere');
    transfer.parts.push(data);
    this.asked += data.length;
    const all = Buffer.concat(transfer.parts);
    if (all.length >= transfer.wanted) this.#carryOut(transfer.header, all);
    else if (isFinal) this.#ask(transfer);
  }

  #carryOut(header: Buffer, data: Buffer): void {
    const unit = header[9]!;
    const { disks, units, manner } = this.#shared;
    const done = this.hasNews
      ? scsiAttention()
      : performScsi(header.subarray(32, 48), disks.get(unit), data, manner.isWriteProtected);
    this.hasNews = false;
    if (done.isTransfer) units.add(unit);
    const isRead = (header[1]! & 0x40) !== 0;
    if (done.status !== 0 || !isRead) {
      this.#send(Opcode.response, header, { status: done.status, data: done.bytes });
      return;
    }
    const wanted = header.readUInt32BE(20);
    const sent = done.bytes.subarray(0, wanted);
    for (let at = 0; at < sent.length; at += SEGMENT)
      this.#send(Opcode.dataIn, header, {
        flags: at + SEGMENT >= sent.length ? FINAL : 0,
        data: sent.subarray(at, at + SEGMENT),
        words: { 20: 0xffffffff, 36: at / SEGMENT, 40: at },
      });
    const residual = wanted - sent.length;
    this.#send(Opcode.response, header, {
      flags: residual > 0 ? FINAL | 2 : FINAL,
      words: { 44: residual },
    });
  }

  /** Answers a request. `words` are 32-bit values by where they are in the header. */
  #send(
    opcode: number,
    request: Buffer,
    {
      flags = FINAL,
      status = 0,
      data = Buffer.alloc(0),
      words = {},
    }: {
      readonly flags?: number;
      readonly status?: number;
      readonly data?: Buffer;
      readonly words?: Readonly<Record<number, number>>;
    } = {},
  ): void {
    const header = Buffer.alloc(HEADER);
    header[0] = opcode;
    header[1] = flags;
    header[3] = status;
    header.writeUIntBE(data.length, 5, 3);
    request.copy(header, 16, 16, 20);
    header.writeUInt32BE(this.#answers, 24);
    // Data come before the answer that ends the command, and do not count.
    if (opcode !== Opcode.dataIn && opcode !== Opcode.readyToTransfer) this.#answers += 1;
    header.writeUInt32BE(this.#expected, 28);
    header.writeUInt32BE(this.#expected + 64, 32);
    for (const [at, value] of Object.entries(words)) header.writeUInt32BE(value >>> 0, Number(at));
    const digest = this.#digests ? crc32c(header) : Buffer.alloc(0);
    const padding = Buffer.alloc((4 - (data.length % 4)) % 4);
    this.#socket.write(Buffer.concat([header, digest, data, padding]));
  }
}

/** The pairs of a text. */
function keysOf(data: Buffer): Map<string, string> {
  const pairs = data.toString().split('\0');
  return new Map(
    pairs
      .filter((pair) => pair.includes('='))
      .map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
}

/** What is answered about how to talk: the first digest of headers that is offered, and otherwise what is simplest. */
function agreed(asked: ReadonlyMap<string, string>, { asks = false }: IscsiManner): Keys {
  const ours: Readonly<Record<string, string>> = {
    DataDigest: 'None',
    InitialR2T: asks ? 'Yes' : 'No',
    ImmediateData: asks ? 'No' : 'Yes',
    MaxRecvDataSegmentLength: String(SEGMENT),
    MaxConnections: '1',
    MaxOutstandingR2T: '1',
    ErrorRecoveryLevel: '0',
    IFMarker: 'No',
    OFMarker: 'No',
  };
  const told = new Set(['InitiatorName', 'InitiatorAlias', 'TargetName', 'SessionType', 'AuthMethod']);
  return [...asked]
    .filter(([key]) => !told.has(key))
    .map(([key, value]) => [key, key === 'HeaderDigest' ? value.split(',')[0]! : (ours[key] ?? value)]);
}

/** CRC-32C of a header, as it follows it. */
function crc32c(bytes: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  const digest = Buffer.alloc(4);
  digest.writeUInt32LE((crc ^ 0xffffffff) >>> 0);
  return digest;
}

/** The side of a login that is about who comes: with credentials, CHAP with MD5. */
class Chap {
  readonly #credentials: string | undefined;
  readonly #challenge = randomBytes(16);
  /** Who comes is let in. */
  isPassed: boolean;

  constructor(credentials: string | undefined) {
    this.#credentials = credentials;
    this.isPassed = credentials === undefined;
  }

  /** Null: who comes is not let in. */
  answer(asked: ReadonlyMap<string, string>): { readonly keys: Keys; readonly isDone: boolean } | null {
    if (this.#credentials === undefined) return { keys: [['AuthMethod', 'None']], isDone: true };
    const challenge = `0x${this.#challenge.toString('hex')}`;
    if (asked.has('CHAP_R')) {
      this.isPassed = this.#isProven(asked);
      return this.isPassed ? { keys: [], isDone: true } : null;
    }
    if (asked.has('CHAP_A'))
      return {
        keys: [
          ['CHAP_A', '5'],
          ['CHAP_I', '7'],
          ['CHAP_C', challenge],
        ],
        isDone: false,
      };
    const offers = asked.get('AuthMethod')?.split(',') ?? [];
    return offers.includes('CHAP') ? { keys: [['AuthMethod', 'CHAP']], isDone: false } : null;
  }

  #isProven(asked: ReadonlyMap<string, string>): boolean {
    const [user, password = ''] = this.#credentials!.split(':');
    const hash = createHash('md5')
      .update(Buffer.from([7]))
      .update(password)
      .update(this.#challenge);
    return asked.get('CHAP_N') === user && asked.get('CHAP_R')?.toLowerCase() === `0x${hash.digest('hex')}`;
  }
}
