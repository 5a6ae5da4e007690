/**
 * An iSCSI target of a test's own (RFC 7143): it does what is right, but for what a test has it do instead. It keeps what its
 * initiators send, and how many connections there are.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  type Fields,
  Flag,
  type Header,
  IMMEDIATE,
  NO_TAG,
  Opcode,
  packPdu,
  readData,
  readHeader,
} from '../drivers/iscsi/pdu.ts';
import { type Pairs, packKeys, unpackKeys } from '../drivers/iscsi/text-keys.ts';
import { ByteStream } from '../host/byte-stream.ts';
import { type ScsiUnit, Status } from './scripted-scsi-unit.ts';

export const TARGET = 'iqn.2026-01.example:disks';

/** More than any initiator sends. */
const ANY_LENGTH = 2 ** 24;
const CHALLENGE = Buffer.from('0123456789abcdef');
const CHAP_ID = 7;

export interface TargetOptions {
  readonly units?: ReadonlyMap<number, ScsiUnit>;
  /** What it answers to keys; null: nothing. */
  readonly keys?: Readonly<Record<string, string | null>>;
  /** `user:password` that CHAP must prove. */
  readonly credentials?: string;
  /** What goes out in place of an answer. */
  readonly spoil?: ((answer: Buffer) => Buffer) | undefined;
  /** True: the test has done what is to be done with the unit. */
  readonly instead?: ((pdu: Received, session: TargetSession) => boolean) | undefined;
}

/** A unit that came, whole. */
export interface Received {
  readonly header: Header;
  readonly data: Buffer;
}

export interface ScriptedTarget {
  readonly port: number;
  readonly portal: string;
  readonly sessions: readonly TargetSession[];
  /** Connections that are open. */
  readonly open: number;
  /** What initiators said when they logged in, one a connection. */
  readonly logins: readonly ReadonlyMap<string, string>[];
  /** Resolves when this many connections have been made. */
  connections(count: number): Promise<void>;
  /** Resolves when none is open. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a target on a free port of the loopback address, or on this one. */
export async function scriptedTarget(options: TargetOptions, port = 0): Promise<ScriptedTarget> {
  const sessions: TargetSession[] = [];
  const sockets = new Set<Socket>();
  const changed = new Set<() => void>();
  const tell = (): void => {
    for (const look of changed) look();
  };
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        changed.delete(look);
        resolve();
      };
      changed.add(look);
      look();
    });
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      tell();
    });
    sessions.push(new TargetSession(socket, options));
    tell();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    portal: `127.0.0.1:${bound}`,
    sessions,
    get open() {
      return sockets.size;
    },
    get logins() {
      return sessions.map((session) => session.said);
    },
    connections: (count) => until(() => sessions.length >= count),
    idle: () => until(() => sockets.size === 0),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface Transfer {
  readonly header: Header;
  readonly sent: Buffer[];
  readonly wanted: number;
}

/** One connection. */
export class TargetSession {
  readonly socket: Socket;
  readonly said = new Map<string, string>();
  /** The units that came, in order. */
  readonly received: Received[] = [];
  readonly #options: TargetOptions;
  readonly #transfers = new Map<number, Transfer>();
  #digest = false;
  #burst = 262_144;
  #isPassed: boolean;
  statSn = 1;
  expCmdSn = 0;
  /** How many commands it takes beyond the next one. */
  window = 32;

  constructor(socket: Socket, options: TargetOptions) {
    this.socket = socket;
    this.#options = options;
    this.#isPassed = options.credentials === undefined;
    this.#serve().catch(() => socket.destroy());
  }

  async #serve(): Promise<void> {
    const stream = new ByteStream(this.socket);
    for (;;) {
      const header = await readHeader(stream, this.#digest);
      const pdu = { header, data: await readData(stream, header, ANY_LENGTH) };
      this.received.push(pdu);
      if (header.opcode !== Opcode.dataOut) {
        const isNumbered = (header.bytes[0]! & IMMEDIATE) === 0;
        this.expCmdSn = (header.word('cmdSn') + (isNumbered ? 1 : 0)) >>> 0;
      }
      if (!this.#options.instead?.(pdu, this)) this.take(pdu);
    }
  }

  /** Does what is right. */
  take(pdu: Received): void {
    const { header, data } = pdu;
    if (header.opcode === Opcode.login) this.#login(pdu);
    else if (header.opcode === Opcode.command) this.#command(pdu);
    else if (header.opcode === Opcode.dataOut) this.#dataOut(pdu);
    else if (header.opcode === Opcode.logout) {
      this.send(Opcode.logoutResponse, header);
      this.socket.end();
    } else if (header.opcode === Opcode.nopOut && header.word('tag') !== NO_TAG)
      this.send(Opcode.nopIn, header, { words: { targetTag: NO_TAG }, data });
  }

  /** Answers a unit. */
  send(opcode: number, to: Header, fields: Partial<Omit<Fields, 'opcode'>> = {}): void {
    const { flags = Flag.final, words = {}, ...rest } = fields;
    const numbers = { statSn: this.statSn, expCmdSn: this.expCmdSn, maxCmdSn: this.expCmdSn + this.window };
    const hasStatus = opcode !== Opcode.dataIn || (flags & Flag.status) !== 0;
    if (hasStatus && opcode !== Opcode.readyToTransfer) this.statSn = (this.statSn + 1) >>> 0;
    const all = { tag: to.word('tag'), ...numbers, ...words };
    const answer = Buffer.concat(packPdu({ opcode, flags, ...rest, words: all }, this.#digest));
    if (this.socket.writable) this.socket.write(this.#options.spoil?.(answer) ?? answer);
  }

  #login({ header, data }: Received): void {
    const asked = unpackKeys(data);
    for (const [key, value] of asked) this.said.set(key, value);
    const isOperational = ((header.flags >> 2) & 3) === 1;
    const answer =
      isOperational && this.#isPassed ? this.#agree(asked) : this.#identify(asked, isOperational);
    const isNamed = this.said.get('TargetName') === TARGET;
    const place = Buffer.from(header.bytes.subarray(8, 16));
    place[7] = 1;
    if (!isNamed || answer === undefined) {
      this.send(Opcode.loginResponse, header, {
        flags: 0,
        words: { loginStatus: isNamed ? 0x02010000 : 0x02030000 },
      });
      this.socket.end();
      return;
    }
    const flags = answer.done ? header.flags : header.flags & 0x0c;
    this.send(Opcode.loginResponse, header, { flags, place, data: packKeys(answer.pairs) });
    if (isOperational) this.#digest = new Map(answer.pairs).get('HeaderDigest') === 'CRC32C';
  }

  #agree(asked: ReadonlyMap<string, string>): { pairs: Pairs; done: boolean } {
    const keys: Readonly<Record<string, string | null>> = {
      InitiatorName: null,
      TargetName: null,
      SessionType: null,
      HeaderDigest: asked.get('HeaderDigest')?.split(',')[0] ?? null,
      ...this.#options.keys,
    };
    const pairs = [...asked]
      .map(([key, value]) => [key, key in keys ? keys[key]! : value] as const)
      .filter(([, value]) => value !== null);
    this.#burst = Number(new Map(pairs).get('MaxBurstLength') ?? this.#burst);
    return { pairs, done: true };
  }

  #identify(
    asked: ReadonlyMap<string, string>,
    isOperational: boolean,
  ): { pairs: Pairs; done: boolean } | undefined {
    const { credentials } = this.#options;
    if (isOperational) return undefined;
    if (credentials === undefined) return { pairs: [['AuthMethod', 'None']], done: true };
    if (asked.has('CHAP_R')) {
      const [user, password = ''] = credentials.split(':');
      const proof = createHash('md5')
        .update(Buffer.from([CHAP_ID]))
        .update(password)
        .update(CHALLENGE);
      const isProven = asked.get('CHAP_R')?.toLowerCase() === `0x${proof.digest('hex')}`;
      this.#isPassed = isProven && asked.get('CHAP_N') === user;
      return this.#isPassed ? { pairs: [], done: true } : undefined;
    }
    if (asked.has('CHAP_A'))
      return {
        pairs: [
          ['CHAP_A', '5'],
          ['CHAP_I', String(CHAP_ID)],
          ['CHAP_C', `0x${CHALLENGE.toString('hex')}`],
        ],
        done: false,
      };
    return asked.get('AuthMethod')?.includes('CHAP')
      ? { pairs: [['AuthMethod', 'CHAP']], done: false }
      : undefined;
  }

  #command({ header, data }: Received): void {
    const wanted = header.has(Flag.write) ? header.word('expectedLength') : 0;
    const transfer = { header, sent: [data], wanted };
    if (data.length >= wanted) {
      this.#perform(transfer);
      return;
    }
    this.#transfers.set(header.word('tag'), transfer);
    // What comes unasked says itself when it ends.
    if (header.has(Flag.final)) this.#ask(transfer);
  }

  #ask({ header, sent, wanted }: Transfer): void {
    const offset = sent.reduce((sum, part) => sum + part.length, 0);
    this.send(Opcode.readyToTransfer, header, {
      place: header.bytes.subarray(8, 16),
      words: { targetTag: 99, dataSn: 0, offset, desiredLength: Math.min(wanted - offset, this.#burst) },
    });
  }

  #dataOut({ header, data }: Received): void {
    const transfer = this.#transfers.get(header.word('tag'));
    if (transfer === undefined) throw new Error('data for no command');
    const offset = transfer.sent.reduce((sum, part) => sum + part.length, 0);
    if (header.word('offset') !== offset) throw new Error('data are not in order');
    transfer.sent.push(data);
    if (offset + data.length >= transfer.wanted) {
      this.#transfers.delete(header.word('tag'));
      this.#perform(transfer);
    } else if (header.has(Flag.final)) this.#ask(transfer);
  }

  #perform({ header, sent }: Transfer): void {
    const place = header.bytes.subarray(8, 16);
    const lun = place.readUInt16BE(0) & 0x3fff;
    const unit = this.#options.units?.get(lun);
    const none = {
      status: Status.checkCondition,
      bytes: Buffer.from('0012700005000000000a00000000250000000000', 'hex'),
    };
    const { status, bytes } = unit?.perform(header.bytes.subarray(32, 48), Buffer.concat(sent)) ?? none;
    if (status !== Status.good) this.send(Opcode.response, header, { more: status, data: bytes });
    else this.sendData(header, bytes);
  }

  /** Ends a command well, with these data. */
  sendData(header: Header, bytes: Uint8Array): void {
    const expected = header.word('expectedLength');
    const sent = bytes.subarray(0, expected);
    const segment = Math.min(Number(this.said.get('MaxRecvDataSegmentLength') ?? 8192), 65_536);
    if (header.has(Flag.read))
      for (let at = 0; at < sent.length; at += segment)
        this.send(Opcode.dataIn, header, {
          flags: at + segment >= sent.length ? Flag.final : 0,
          data: sent.subarray(at, at + segment),
          words: { targetTag: NO_TAG, statSn: 0, dataSn: at / segment, offset: at },
        });
    const residual = header.has(Flag.read) ? expected - sent.length : 0;
    this.send(Opcode.response, header, {
      flags: Flag.final | (residual > 0 ? Flag.underflow : 0),
      words: { residual },
    });
  }
}
