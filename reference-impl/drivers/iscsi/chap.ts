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
  const hex = /^0x((?:[0-9a-f]{2})+)$/i.exec(text)?.[1];
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  const base64 = /^0b([0-9a-z+/]{2,}=*)$/i.exec(text)?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}
