/** Proves to a target who comes, by CHAP with MD5 (RFC 7143, section 12.1.3; RFC 1994). */
import { createHash } from 'node:crypto';
import { ProtocolViolation } from './pdu.ts';
import type { Pairs } from './text-keys.ts';

/** What a target must hold of us. */
export interface Credentials {
  readonly user: string;
  readonly password: Uint8Array;
}

/** The only algorithm that is offered. */
export const CHAP_MD5 = '5';
/** More bytes than any challenge may have. */
const MAX_CHALLENGE = 1024;

/** Answers the challenge that a target has sent. Throws `ProtocolViolation` where there is none. */
export function chapProof(said: ReadonlyMap<string, string>, { user, password }: Credentials): Pairs {
  const id = said.get('CHAP_I') ?? '';
  const challenge = binary(said.get('CHAP_C') ?? '');
  if (said.get('CHAP_A') !== CHAP_MD5 || !/^\d{1,3}$/.test(id) || challenge === undefined)
    throw new ProtocolViolation('no challenge that could be answered');
  const hash = createHash('md5')
    .update(Buffer.from([Number(id)]))
    .update(password)
    .update(challenge);
  return [
    ['CHAP_N', user],
    ['CHAP_R', `0x${hash.digest('hex').toUpperCase()}`],
  ];
}

/** Bytes as a text gives them: hexadecimal behind 0x, in base 64 behind 0b. */
function binary(text: string): Buffer | undefined {
  const [, base, digits = ''] = /^0([xXbB])([0-9A-Za-z+/=]+)$/.exec(text) ?? [];
  if (base === undefined) return undefined;
  const isHex = base.toLowerCase() === 'x';
  if (isHex && !/^[0-9a-f]+$/i.test(digits)) return undefined;
  const whole = isHex && digits.length % 2 === 1 ? `0${digits}` : digits;
  const bytes = Buffer.from(whole, isHex ? 'hex' : 'base64');
  return bytes.length > 0 && bytes.length <= MAX_CHALLENGE ? bytes : undefined;
}
