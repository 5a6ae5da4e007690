/**
 * The login of an initiator (RFC 7143, section 6.3):
 *
 * 1. security negotiation, if there are credentials: who comes, and the proof of it by CHAP
 * 2. operational negotiation: digests, and how data are sent
 */
import type { ByteStream } from '../../host/byte-stream.ts';
import { CHAP_MD5, type Credentials, chapProof } from './chap.ts';
import { Flag, IMMEDIATE, Opcode, ProtocolViolation, packPdu, readData, readHeader } from './pdu.ts';
import { type Pairs, packKeys, unpackKeys } from './text-keys.ts';

/** The longest data of one unit that are taken from a target, in bytes. */
export const MAX_SEGMENT = 262_144;
/** What is offered for a sequence of data, asked for or not. */
const BURST = MAX_SEGMENT;
/** What a side that does not say how long its data may be takes. */
const DEFAULT_SEGMENT = 8192;
const MAX_LENGTH = 2 ** 24 - 1;
const MIN_LENGTH = 512;
/** How much a target may say in a login. */
const MAX_EXCHANGES = 32;

const Stage = { security: 0, operational: 1, fullFeature: 3 } as const;
const MOVED = 0x0101;

/** What the initiator wants. */
export interface Wishes {
  readonly initiator: string;
  readonly target: string;
  /** Digests of headers, as the protocol lists them. */
  readonly headerDigest: string;
  readonly credentials: Credentials | undefined;
  /** Names the session among those of the initiator. Six bytes. */
  readonly isid: Uint8Array;
}

/** What both sides will do. Lengths are in bytes. */
export interface Agreement {
  /** Headers are followed by their digest. */
  readonly headerDigest: boolean;
  /** The longest data of one unit that the target takes. */
  readonly segment: number;
  /** A command may bring data with it. */
  readonly immediateData: boolean;
  /** Other data come only when they are asked for. */
  readonly initialR2t: boolean;
  readonly firstBurst: number;
  readonly maxBurst: number;
  /** Of the next command, the next answer, and the last command that is taken. */
  readonly cmdSn: number;
  readonly expStatSn: number;
  readonly maxCmdSn: number;
}

/** The target has refused the login. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';

  constructor(status: number) {
    super(`Failed to log in to target. Status: ${statuses[status] ?? 'Unknown login error'}(${status})`);
  }
}

/** The target is elsewhere. */
export class TargetMoved extends Error {
  override readonly name = 'TargetMoved';
  readonly portal: string;

  constructor(portal: string) {
    super('Target moved temporarily');
    this.portal = portal;
  }
}

/** By class and detail. */
const statuses: Readonly<Record<number, string>> = {
  257: 'Target moved temporarily',
  258: 'Target moved permanently',
  512: 'Initiator error',
  513: 'Authentication failure',
  514: 'Authorization failure',
  515: 'Target not found',
  516: 'Target removed',
  517: 'Unsupported version',
  518: 'Too many connections',
  519: 'Missing parameter',
  520: "Can't include in session",
  521: 'Session type not supported',
  522: 'Session does not exist',
  523: 'Invalid during login',
  768: 'Target error',
  769: 'Service unavailable',
  770: 'Out of resources',
};

/** Logs in on a connection. Throws `LoginRefused`, `TargetMoved`, `ProtocolViolation`, `StreamEnded`. */
export function login(stream: ByteStream, wishes: Wishes): Promise<Agreement> {
  return new Login(stream, wishes).run();
}

class Login {
  readonly #stream: ByteStream;
  readonly #wishes: Wishes;
  #exchanges = 0;
  #expStatSn = 0;
  #maxCmdSn = 0;
  /** Of the login itself, which does not count, and then of the first command. */
  readonly #cmdSn = 1;

  constructor(stream: ByteStream, wishes: Wishes) {
    this.#stream = stream;
    this.#wishes = wishes;
  }

  async run(): Promise<Agreement> {
    const { initiator, target, credentials } = this.#wishes;
    const names: Pairs = [
      ['InitiatorName', initiator],
      ['TargetName', target],
      ['SessionType', 'Normal'],
    ];
    if (credentials !== undefined) await this.#prove(names, credentials);
    const offer: Pairs = [
      ['HeaderDigest', this.#wishes.headerDigest],
      ['DataDigest', 'None'],
      ['InitialR2T', 'No'],
      ['ImmediateData', 'Yes'],
      ['MaxBurstLength', String(BURST)],
      ['FirstBurstLength', String(BURST)],
      ['DefaultTime2Wait', '2'],
      ['DefaultTime2Retain', '0'],
      ['MaxOutstandingR2T', '1'],
      ['ErrorRecoveryLevel', '0'],
      ['IFMarker', 'No'],
      ['OFMarker', 'No'],
      ['MaxConnections', '1'],
      ['MaxRecvDataSegmentLength', String(MAX_SEGMENT)],
      ['DataPDUInOrder', 'Yes'],
      ['DataSequenceInOrder', 'Yes'],
    ];
    const said = await this.#toTheEnd(Stage.operational, [...(credentials ? [] : names), ...offer]);
    return {
      ...agreed(said),
      cmdSn: this.#cmdSn,
      expStatSn: this.#expStatSn,
      maxCmdSn: this.#maxCmdSn,
    };
  }

  async #prove(names: Pairs, credentials: Credentials): Promise<void> {
    const first = await this.#exchange(Stage.security, [...names, ['AuthMethod', 'CHAP,None']], true);
    const method = first.said.get('AuthMethod');
    if (method === 'CHAP') {
      const { said } = await this.#exchange(Stage.security, [['CHAP_A', CHAP_MD5]], false);
      await this.#toTheEnd(Stage.security, chapProof(said, credentials));
    } else if (method !== undefined && method !== 'None')
      throw new ProtocolViolation(`target wants to authenticate by ${method}`);
    else if (!first.isDone) await this.#toTheEnd(Stage.security, []);
  }

  /** Says this, and then nothing, until the stage ends. */
  async #toTheEnd(stage: number, pairs: Pairs): Promise<ReadonlyMap<string, string>> {
    const all = new Map<string, string>();
    for (let next = pairs; ; next = []) {
      const { said, isDone } = await this.#exchange(stage, next, true);
      for (const [key, value] of said) all.set(key, value);
      if (isDone) return all;
    }
  }

  /** One request, and its answer, which may come in parts. */
  async #exchange(
    stage: number,
    pairs: Pairs,
    mayEnd: boolean,
  ): Promise<{ readonly said: ReadonlyMap<string, string>; readonly isDone: boolean }> {
    const texts: Buffer[] = [];
    let next = pairs;
    for (;;) {
      this.#send(stage, next, mayEnd);
      const { text, flags } = await this.#receive(stage);
      texts.push(text);
      if ((flags & Flag.continued) === 0)
        return { said: unpackKeys(Buffer.concat(texts)), isDone: mayEnd && (flags & Flag.transit) !== 0 };
      next = [];
    }
  }

  #send(stage: number, pairs: Pairs, mayEnd: boolean): void {
    this.#exchanges += 1;
    if (this.#exchanges > MAX_EXCHANGES) throw new ProtocolViolation('login does not end');
    const transit = mayEnd ? Flag.transit | after(stage) : 0;
    const parts = packPdu(
      {
        opcode: Opcode.login | IMMEDIATE,
        flags: transit | (stage << 2),
        place: this.#wishes.isid,
        words: { tag: 0, cmdSn: this.#cmdSn, expStatSn: this.#expStatSn },
        data: packKeys(pairs),
      },
      false,
    );
    this.#stream.write(...parts);
  }

  async #receive(stage: number): Promise<{ readonly text: Buffer; readonly flags: number }> {
    const header = await readHeader(this.#stream, false);
    if (header.opcode !== Opcode.loginResponse || header.word('tag') !== 0)
      throw new ProtocolViolation('answer to no login');
    const text = await readData(this.#stream, header, MAX_SEGMENT);
    const status = header.word('loginStatus') >>> 16;
    if (status === MOVED) throw new TargetMoved(unpackKeys(text).get('TargetAddress') ?? '');
    if (status !== 0) throw new LoginRefused(status);
    const { flags } = header;
    if (((flags >> 2) & 3) !== stage || (header.has(Flag.transit) && (flags & 3) !== after(stage)))
      throw new ProtocolViolation('login goes on at another stage');
    this.#expStatSn = (header.word('statSn') + 1) >>> 0;
    this.#maxCmdSn = header.word('maxCmdSn');
    return { text, flags };
  }
}

function after(stage: number): number {
  return stage === Stage.security ? Stage.operational : Stage.fullFeature;
}

type Agreed = Omit<Agreement, 'cmdSn' | 'expStatSn' | 'maxCmdSn'>;

/** What comes of the offer by what the target said to it. Throws `ProtocolViolation`. */
function agreed(said: ReadonlyMap<string, string>): Agreed {
  const length = (key: string, otherwise: number): number => {
    const text = said.get(key);
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (!/^(0x[0-9a-f]+|\d+)$/i.test(text) || value < MIN_LENGTH || value > MAX_LENGTH)
      throw new ProtocolViolation(`${key}=${text}`);
    return value;
  };
  const digest = (key: string, known: readonly string[]): string => {
    const text = said.get(key) ?? 'None';
    if (!known.includes(text)) throw new ProtocolViolation(`${key}=${text}`);
    return text;
  };
  digest('DataDigest', UNDIGESTED);
  const maxBurst = Math.min(length('MaxBurstLength', BURST), BURST);
  return {
    headerDigest: digest('HeaderDigest', [...UNDIGESTED, 'CRC32C']) === 'CRC32C',
    segment: length('MaxRecvDataSegmentLength', DEFAULT_SEGMENT),
    immediateData: said.get('ImmediateData') !== 'No',
    initialR2t: said.get('InitialR2T') !== 'No',
    firstBurst: Math.min(length('FirstBurstLength', BURST), maxBurst),
    maxBurst,
  };
}

/** Answers that mean no digest. */
const UNDIGESTED = ['None', 'Reject', 'Irrelevant', 'NotUnderstood'];
