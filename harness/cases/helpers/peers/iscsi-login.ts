/** The texts of a login to an iSCSI target (RFC 7143, section 6), and the proof by CHAP of who comes. */
import { createHash, randomBytes } from 'node:crypto';

/** What one side of a login says. */
export type Keys = readonly (readonly [key: string, value: string])[];

/** The pairs of a text. */
export function keysOf(data: Buffer): Map<string, string> {
  const pairs = data.toString().split('\0');
  return new Map(
    pairs
      .filter((pair) => pair.includes('='))
      .map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
}

/** The text that says these pairs. */
export const packKeys = (keys: Keys): Buffer =>
  Buffer.from(keys.map(([key, value]) => `${key}=${value}\0`).join(''));

/** The longest data of one unit that a target takes, in bytes. */
export const SEGMENT = 256 * 1024;

/** What is answered about how to talk: the first digest of headers that is offered, and otherwise what is simplest, or `own`. */
export function agreed(asked: ReadonlyMap<string, string>, own: Readonly<Record<string, string>>): Keys {
  const ours: Readonly<Record<string, string>> = {
    DataDigest: 'None',
    InitialR2T: 'No',
    ImmediateData: 'Yes',
    MaxRecvDataSegmentLength: String(SEGMENT),
    MaxConnections: '1',
    MaxOutstandingR2T: '1',
    ErrorRecoveryLevel: '0',
    IFMarker: 'No',
    OFMarker: 'No',
    ...own,
  };
  const told = new Set(['InitiatorName', 'InitiatorAlias', 'TargetName', 'SessionType', 'AuthMethod']);
  return [...asked]
    .filter(([key]) => !told.has(key))
    .map(([key, value]) => [
      key,
      key === 'HeaderDigest' && !(key in own) ? value.split(',')[0]! : (ours[key] ?? value),
    ]);
}

/** The side of a login that is about who comes: with credentials, CHAP with MD5. */
export class Chap {
  readonly #credentials: string | undefined;
  readonly #challenge = randomBytes(16);
  readonly #inBase64: boolean;
  /** Who comes is let in. */
  isPassed: boolean;

  /** `inBase64`: so the challenge is written. */
  constructor(credentials: string | undefined, inBase64: boolean) {
    this.#inBase64 = inBase64;
    this.#credentials = credentials;
    this.isPassed = credentials === undefined;
  }

  /** Null: who comes is not let in. */
  answer(asked: ReadonlyMap<string, string>): { readonly keys: Keys; readonly isDone: boolean } | null {
    if (this.#credentials === undefined) return { keys: [['AuthMethod', 'None']], isDone: true };
    const challenge = this.#inBase64
      ? `0b${this.#challenge.toString('base64')}`
      : `0x${this.#challenge.toString('hex')}`;
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
