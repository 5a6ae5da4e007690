/** What an initiator must keep to (RFC 7143), as far as a target sees it: what is against it is kept as a complaint. */
import { FINAL, IMMEDIATE, NO_TAG, Opcode, Operation } from './iscsi-numbers.ts';
import { blocksOf, type ScsiDisk } from './scsi-disk.ts';

/** Where the numbers of a target stand. */
export interface Numbers {
  /** Of the next command. */
  readonly expected: number;
  /** Of the last command that it takes. */
  readonly last: number;
  /** Of the next answer. */
  readonly answers: number;
}

/** What both sides have agreed on, in bytes. */
export interface Agreed {
  readonly immediateData: boolean;
  readonly initialR2t: boolean;
  readonly firstBurst: number;
  readonly segment: number;
}

const READ = 0x40;
const WRITE = 0x20;
const SIMPLE = 0x01;
/** A number, `Yes` or `No`, or any text. */
const NUMBER = /^\d+$/;
const YES_OR_NO = /^(Yes|No)$/;
const ANY = /./;
/** Keys that an initiator may say in a login, and what to them. */
const KEYS: Readonly<Record<string, RegExp>> = {
  InitiatorName: /^(iqn|eui|naa)\../,
  InitiatorAlias: ANY,
  TargetName: ANY,
  SessionType: /^Normal$/,
  AuthMethod: /^((CHAP|None)(,|$))+$/,
  CHAP_A: /^\d+(,\d+)*$/,
  CHAP_N: ANY,
  CHAP_R: /^0x[0-9a-f]{32}$/i,
  CHAP_I: NUMBER,
  CHAP_C: ANY,
  HeaderDigest: /^((CRC32C|None)(,|$))+$/,
  DataDigest: /^((CRC32C|None)(,|$))+$/,
  InitialR2T: YES_OR_NO,
  ImmediateData: YES_OR_NO,
  MaxBurstLength: NUMBER,
  FirstBurstLength: NUMBER,
  MaxRecvDataSegmentLength: NUMBER,
  DefaultTime2Wait: /^\d{1,4}$/,
  DefaultTime2Retain: /^\d{1,4}$/,
  MaxOutstandingR2T: /^[1-9]\d*$/,
  ErrorRecoveryLevel: /^[012]$/,
  MaxConnections: /^[1-9]\d*$/,
  IFMarker: YES_OR_NO,
  OFMarker: YES_OR_NO,
  DataPDUInOrder: YES_OR_NO,
  DataSequenceInOrder: YES_OR_NO,
};
/** Keys without which a login does not say how data are sent. */
const SAID: readonly string[] = [
  'InitiatorName',
  'TargetName',
  'SessionType',
  'HeaderDigest',
  'DataDigest',
  'InitialR2T',
  'ImmediateData',
  'MaxBurstLength',
  'FirstBurstLength',
  'MaxRecvDataSegmentLength',
  'ErrorRecoveryLevel',
  'MaxConnections',
];

/** Which way the data of operations go, as far as they have any. */
const DIRECTION: Readonly<Record<number, number>> = {
  [Operation.inquiry]: READ,
  [Operation.modeSense6]: READ,
  [Operation.readCapacity10]: READ,
  [Operation.read10]: READ,
  [Operation.read16]: READ,
  [Operation.serviceActionIn16]: READ,
  [Operation.write10]: WRITE,
  [Operation.write16]: WRITE,
  [Operation.writeSame10]: WRITE,
  [Operation.writeSame16]: WRITE,
  [Operation.unmap]: WRITE,
};

/** The unit, number 17, for which a target asks whether the initiator is there. */
export const ASKING_UNIT = Buffer.from('0011000000000000', 'hex');

/** One initiator on one connection. */
export class IscsiRules {
  readonly #complaints: string[];
  readonly #open = new Set<number>();
  #isid = '';
  #lastStatus = 0;
  /** It has read or written blocks: from then on its requests may overtake answers. */
  #isBusy = false;

  constructor(complaints: string[]) {
    this.#complaints = complaints;
  }

  #must(holds: boolean, what: string): void {
    if (!holds) this.#complaints.push(what);
  }

  /** `isFirst`: of the connection. */
  login(header: Buffer, asked: ReadonlyMap<string, string>, isFirst: boolean): void {
    this.#must((header[0]! & IMMEDIATE) !== 0, 'a login is immediate');
    const isid = header.toString('hex', 8, 14);
    if (isFirst) this.#isid = isid;
    this.#must(isid === this.#isid, 'the session keeps its name in a login');
    this.#must(header[8]! >> 6 === 2, 'the name of a session is random by its type');
    const stage = (header[1]! >> 2) & 3;
    const next = header[1]! & 3;
    const moves = (header[1]! & FINAL) !== 0;
    this.#must(!moves || (next > stage && next !== 2), 'a login goes on to a later stage');
    for (const [key, value] of asked)
      this.#must(KEYS[key]?.test(value) === true, `${key}=${value} is nothing to be said in a login`);
  }

  /** All that was said when the last stage ended. */
  loggedIn(said: ReadonlyMap<string, string>): void {
    for (const key of SAID) this.#must(said.has(key), `a login says ${key}`);
    const burst = Number(said.get('MaxBurstLength'));
    this.#must(Number(said.get('FirstBurstLength')) <= burst, 'the first burst is no longer than another');
    for (const key of ['MaxBurstLength', 'FirstBurstLength', 'MaxRecvDataSegmentLength']) {
      const length = Number(said.get(key));
      this.#must(length >= 512 && length < 2 ** 24, `${key} is a length from 512 to 16777215`);
    }
  }

  /** Any unit behind the login but the data of a command. */
  unit(header: Buffer, { expected, last, answers }: Numbers): void {
    const isImmediate = (header[0]! & IMMEDIATE) !== 0;
    const tag = header.readUInt32BE(16);
    this.#must(header.readUInt32BE(24) === expected >>> 0, 'a unit has the number of the next command');
    this.#must(isImmediate || ((last - expected) | 0) >= 0, 'a command is one that the target takes');
    const status = header.readUInt32BE(28);
    const isExact = !this.#isBusy && !isImmediate;
    this.#must(isExact ? status === answers : status <= answers, 'a unit tells which answer is the next');
    this.#must(status >= this.#lastStatus, 'answers are not taken back');
    this.#lastStatus = status;
    this.#must((header[1]! & FINAL) !== 0 || (header[0]! & 0x3f) === Opcode.command, 'a unit is final');
    this.#must(!this.#open.has(tag), 'a tag is of one request');
  }

  /** `asked`: the tag of the target's own question, which `ASKING_UNIT` puts. */
  nopOut(header: Buffer, asked: number | undefined): void {
    const [tag, targetTag] = [header.readUInt32BE(16), header.readUInt32BE(20)];
    this.#must((header[0]! & IMMEDIATE) !== 0, 'a NOP is immediate');
    if (tag === NO_TAG) {
      this.#must(targetTag === asked, 'a NOP answers what was asked');
      this.#must(header.subarray(8, 16).equals(ASKING_UNIT), 'a NOP names the unit that asks');
    } else this.#must(targetTag === NO_TAG, 'a NOP that asks has no tag of the target');
  }

  logout(header: Buffer): void {
    this.#must(
      header[1] === FINAL || header[1] === (FINAL | 1),
      'a logout ends the session or the connection',
    );
  }

  command(header: Buffer, data: Buffer, agreed: Agreed, disk: ScsiDisk | undefined): void {
    const command = header.subarray(32, 48);
    const wanted = header.readUInt32BE(20);
    const direction = header[1]! & (READ | WRITE);
    this.#open.add(header.readUInt32BE(16));
    this.#must((header[0]! & IMMEDIATE) === 0, 'a command waits for its turn');
    this.#must(direction === (DIRECTION[command[0]!] ?? 0), 'a command says which way its data go');
    this.#must((header[1]! & 7) === SIMPLE, 'a command is a simple task');
    const size = disk === undefined ? undefined : lengthOf(command, disk.blockSize);
    this.#isBusy ||= disk !== undefined && blockCommands.includes(command[0]!);
    if (size !== undefined) this.#must(wanted === size, 'a command says how long its data are');
    if (direction !== WRITE) return;
    const most = agreed.immediateData ? Math.min(agreed.firstBurst, agreed.segment) : 0;
    this.#must(data.length <= Math.min(most, wanted), 'a command brings no more data than it may');
    const isFinal = (header[1]! & FINAL) !== 0;
    this.#must(isFinal || !agreed.initialR2t, 'data come unasked only where that is agreed on');
    const isOffered = isFinal && !agreed.initialR2t;
    if (isOffered)
      this.#must(data.length === Math.min(wanted, agreed.firstBurst), 'what may come unasked does');
  }

  /** A piece of data, of so many that may come in the sequence. */
  dataOut(
    header: Buffer,
    data: Buffer,
    is: { number: number; at: number; end: number; segment: number },
  ): void {
    this.#must(header.readUInt32BE(36) === is.number, 'pieces of a sequence are counted');
    this.#must(header.readUInt32BE(40) === is.at, 'a piece says where it belongs');
    this.#must(data.length > 0 && data.length <= is.segment, 'a piece is no longer than the target takes');
    this.#must(is.at + data.length <= is.end, 'no data come that nobody wants');
    const isLast = is.at + data.length === is.end;
    this.#must(
      ((header[1]! & FINAL) !== 0) === isLast,
      'the last piece of a sequence, and no other, is final',
    );
  }

  ended(header: Buffer): void {
    this.#open.delete(header.readUInt32BE(16));
  }
}

const blockCommands: readonly number[] = [
  Operation.read10,
  Operation.read16,
  Operation.write10,
  Operation.write16,
  Operation.writeSame10,
  Operation.writeSame16,
  Operation.unmap,
  Operation.synchronizeCache10,
];

/** Bytes of the data of a command; undefined where it does not say. */
function lengthOf(command: Buffer, blockSize: number): number | undefined {
  switch (command[0]) {
    case Operation.read10:
    case Operation.read16:
    case Operation.write10:
    case Operation.write16:
      return blocksOf(command)[1] * blockSize;
    case Operation.writeSame10:
    case Operation.writeSame16:
      return blockSize;
    case Operation.inquiry:
      return command.readUInt16BE(3);
    case Operation.modeSense6:
      return command[4]!;
    case Operation.unmap:
      return command.readUInt16BE(7);
    case Operation.serviceActionIn16:
      return command.readUInt32BE(10);
    case Operation.readCapacity10:
      return 8;
    default:
      return undefined;
  }
}
